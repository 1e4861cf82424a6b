package page

import (
	_ "embed" // the template and the style
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed page.gohtml
var markup string

//go:embed page.css
var style string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"sign": Sign, "join": strings.Join, "upper": upper, "style": func() template.CSS { return template.CSS(style) }, //nolint:gosec // our own style
	"class":  func(mark string) string { return strings.ReplaceAll(mark, " ", "-") },
	"number": count,
	"all":    func(words []string) string { return and(words...) },
	"either": func(words []string) string { return or(words...) },
}).Parse(markup))

// HTML writes the page as one document: it needs no other file, no script and no
// network. What the policy says is escaped.
func (p *Page) HTML(w io.Writer) error {
	if err := page.Execute(w, p); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}
