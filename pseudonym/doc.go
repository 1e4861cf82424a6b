// Package pseudonym holds the keys of a gateway and what is made with them:
// subject keys, ledger references and the tokens that stand for identifiers in
// answers.
//
// A [Keyset] is read from a file once and never changes. It has four kinds of
// key, each drawn separately, so that losing one kind says nothing of another:
//
//   - the roots, from which every recipient's tokens are derived ([Domain]),
//   - the digest key, which turns an id into a subject key ([Digester]),
//   - the reference ratchet, whose monthly keys name subjects in the ledger ([Refs]),
//   - the signing key of the ledger's checkpoints ([Keyset.Signer]).
//
// Tokens separate contexts: one person's token for one recipient and purpose
// says nothing about the token for another. They do not hide the person behind
// clear members, exact times or positions that travel beside them; docs/keys.md
// lists what they do not hide.
//
// Nothing in this package prints key material: every type that holds any has
// String, GoString, Format, MarshalJSON and LogValue that withhold it.
package pseudonym
