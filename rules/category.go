package rules

import "strings"

// CategoryAttrs is what the policy declares of one data category. Categories
// are dotted keys in the style of Fideslang; a category without attributes of
// its own takes those of its nearest declared ancestor.
type CategoryAttrs struct {
	Name       string
	Identifier IdentifierClass
	Special    bool // GDPR Art. 9, APPI special care
	SPI        bool // sensitive personal information under CCPA
	Credential bool // never disclosed, to nobody
	// NotInCopies: a Californian's own copy says only that there is such a
	// thing, as of a government id or an account number (C6.1e).
	NotInCopies bool
	Entropy     Entropy
	Generaliser *Generaliser // under statistical purposes, where a cell names none; may be nil
	Purposes    []string     // the only ones that a contract may need it for; empty: any
	CCPA        map[SubjectCategory]CCPAClass
	DeclaredG   map[SubjectCategory]bool // listed in the EEA/UK notice (E1)
	DeclaredC   map[SubjectCategory]bool // listed in the California notice (C1)
}

// parent returns the category that one is directly within, empty for the outermost.
func parent(category string) string { return category[:max(0, strings.LastIndexByte(category, '.'))] }
