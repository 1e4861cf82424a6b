package pseudonym

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/modicum-dev/modicum/rules"
)

var customer = &rules.Population{Name: "customer", Type: rules.IDInteger}

// The vectors of RFC 5869 A.1 and A.3: we rely on the standard library and on
// the meaning of its arguments.
func TestHKDFVectors(t *testing.T) {
	t.Parallel()
	for _, v := range []struct{ ikm, salt, info, okm string }{
		{
			strings.Repeat("0b", 22), "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
			"3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
		},
		{
			strings.Repeat("0b", 22), "", "",
			"8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
		},
	} {
		got, err := hkdf.Key(sha256.New, unhex(t, v.ikm), unhex(t, v.salt), string(unhex(t, v.info)), len(v.okm)/2)
		if err != nil {
			t.Fatal(err)
		}
		if hex.EncodeToString(got) != v.okm {
			t.Errorf("HKDF gives %x, want %s", got, v.okm)
		}
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The fixed vectors of docs/keys.md. Tokens live in vendors' databases and keys
// in state stores and ledgers: none of these may ever change.
func TestVectors(t *testing.T) {
	t.Parallel()
	k := fixed(t)
	key := k.Digester().Key(customer, "1007")
	refs, err := k.Refs("2027-01")
	if err != nil {
		t.Fatal(err)
	}
	ref := refs.Ref(key)
	d := k.Domain("support-desk", "support.provide")
	for _, v := range []struct{ name, got, want string }{
		{"fingerprint", k.Fingerprint(), "f6b8fbae8b1ffa8687bf0c34bcc4e5a1"},
		{"subject key", hex.EncodeToString(key[:]), "0bd1e5748c1080f69147a70ec428ed25"},
		{"ledger reference", hex.EncodeToString(ref[:]), "13938fdb9669d53eea88116ecde2531e"},
		{"opaque", string(d.AppendToken(nil, rules.TokenOpaque, "customer_id", key)), `"p1a1.dzzosouwl6t7uo7sw4gq7kfm6i"`},
		{"e-mail", string(d.AppendToken(nil, rules.TokenEmail, "email", key)), `"p1a1.u4zlbzbypqnc4qjox7ivgajnzm@pseudonym.invalid"`},
		{"uuid", string(d.AppendToken(nil, rules.TokenUUID, "customer_id", key)), `"1e72e93a-965f-87fa-bbf2-b70d0fa8acf2"`},
		{"value", string(d.AppendValueToken(nil, rules.TokenOpaque, "licence", []byte("AX-99"))), `"v1a1.vyp26ojxzmkm73npijsfewvxou"`},
		{"verifier", k.VerifierKey(), "modicum/fixed+d767e88d+ARdFU7RW3d/GkI7KscEB/mqyHiuqBhd5W31DpjSCmT/V"},
	} {
		if v.got != v.want {
			t.Errorf("%s: %s, want %s", v.name, v.got, v.want)
		}
	}
}

// The construction, written a second time from its description.
func TestTokenConstruction(t *testing.T) {
	t.Parallel()
	lp := func(parts ...string) []byte {
		var out []byte
		for _, p := range parts {
			out = append(out, 0, 0, byte(len(p)>>8&0xff), byte(len(p)&0xff))
			out = append(out, p...)
		}
		return out
	}
	k := fixed(t)
	key := rules.Key{1, 2, 3}
	class, err := hkdf.Key(sha256.New, k.roots[0].key.b[:], nil, string(lp("modicum/v1", "vendor", "support.provide", "email", "e7")), 32)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, class)
	mac.Write(lp(string(key[:]), "email"))
	want := fmt.Sprintf("%q", "p1a1."+base32lower.EncodeToString(mac.Sum(nil)[:16]))
	got := string(k.DomainIn("vendor", "support.provide", "e7").AppendToken(nil, rules.TokenOpaque, "email", key))
	if got != want {
		t.Errorf("token %s, want %s", got, want)
	}
}

func TestShapes(t *testing.T) {
	t.Parallel()
	d := fixed(t).Domain("vendor", "support.provide")
	uuid8 := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	for i := range 1000 {
		key := rules.Key{byte(i), byte(i >> 8)}
		var opaqueToken, email, id string
		for shape, into := range map[rules.TokenShape]*string{
			rules.TokenOpaque: &opaqueToken, rules.TokenEmail: &email, rules.TokenUUID: &id,
		} {
			if err := json.Unmarshal(d.AppendToken(nil, shape, "email", key), into); err != nil {
				t.Fatalf("shape %d is no JSON string: %v", shape, err)
			}
		}
		if addr, err := mail.ParseAddress(email); err != nil || addr.Address != email {
			t.Fatalf("%s is no address: %v", email, err)
		}
		if email != opaqueToken+"@pseudonym.invalid" || len(opaqueToken) > 64 {
			t.Fatalf("%s and %s do not belong together", email, opaqueToken)
		}
		if !uuid8.MatchString(id) {
			t.Fatalf("%s is no UUIDv8", id)
		}
	}
	if got := d.AppendToken([]byte("x:"), rules.TokenShape(99), "email", rules.Key{}); got[2] != '"' || got[len(got)-1] != '"' {
		t.Errorf("an unknown shape gives %s", got)
	}
}

// Equal inputs never give the same token in two domains, two classes, two
// epochs or for two persons.
func TestNoSharedTokens(t *testing.T) {
	t.Parallel()
	k := fixed(t)
	type origin struct{ domain, class, epoch, subject int }
	seen := make(map[string]origin)
	names := []string{"vendor", "vendo", "vendorsupport", "a", ""}
	purposes := []string{"support.provide", "r", "rsupport", "group:support.provide", ""}
	classes := []string{"customer_id", "email", "e", ""}
	for ni, n := range names {
		for pi, p := range purposes {
			for ei, e := range []string{"", "e", "1"} {
				d := k.DomainIn(n, p, e)
				for ci, c := range classes {
					for s := range 50 {
						o := origin{ni*100 + pi, ci, ei, s}
						for _, token := range []string{
							string(d.AppendToken(nil, rules.TokenOpaque, c, rules.Key{byte(s)}))[6:],
							string(d.AppendValueToken(nil, rules.TokenOpaque, c, []byte{byte(s)}))[6:],
							string(d.AppendToken(nil, rules.TokenUUID, c, rules.Key{byte(s)})),
						} {
							if other, ok := seen[token]; ok {
								t.Fatalf("%+v and %+v share a token", o, other)
							}
							seen[token] = o
						}
					}
				}
			}
		}
	}
}

// The value plays no part: two people with one telephone number have unrelated
// tokens, and one person has the same in every body.
func TestTokensArePersons(t *testing.T) {
	t.Parallel()
	k := fixed(t)
	d := k.Domain("vendor", "support.provide")
	digest := k.Digester()
	a := string(d.AppendToken(nil, rules.TokenOpaque, "phone", digest.Key(customer, "1")))
	b := string(d.AppendToken(nil, rules.TokenOpaque, "phone", digest.Key(customer, "2")))
	again := string(fixed(t).Domain("vendor", "support.provide").AppendToken(nil, rules.TokenOpaque, "phone", digest.Key(customer, "1")))
	if a == b || a != again {
		t.Errorf("tokens %s, %s, %s", a, b, again)
	}
	if x, y := d.AppendValueToken(nil, 0, "phone", []byte("1")), d.AppendValueToken(nil, 0, "phone", []byte("1")); string(x) != string(y) {
		t.Error("value tokens do not join")
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	k := fixed(t)
	d := k.Digester()
	seen := map[rules.Key]string{}
	for _, population := range []string{"customer", "staff", "custome", ""} {
		p := &rules.Population{Name: population}
		for _, id := range []string{"17", "017", "r17", "", strings.Repeat("7", 256)} {
			key := d.Key(p, id)
			if other, ok := seen[key]; ok {
				t.Errorf("%s and %s share a key", population+"/"+id, other)
			}
			seen[key] = population + "/" + id
		}
	}
	nov, errNov := k.Refs("2026-11")
	dec, errDec := k.Refs("2026-12")
	if errNov != nil || errDec != nil {
		t.Fatal(errNov, errDec)
	}
	if nov.Ref(rules.Key{1}) == dec.Ref(rules.Key{1}) {
		t.Error("two periods share a reference")
	}
	if nov.Period() != "2026-11" {
		t.Errorf("period %s", nov.Period())
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	k := fixed(t)
	d, digest := k.Domain("vendor", "support.provide"), k.Digester()
	want := map[string]string{}
	for i := range 64 {
		class := fmt.Sprint("class", i%8)
		id := fmt.Sprint(i)
		fresh := k.Domain("vendor", "support.provide")
		want[id] = string(fresh.AppendToken(nil, rules.TokenEmail, class, digest.Key(customer, id)))
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 64 {
				id := fmt.Sprint(i)
				got := string(d.AppendToken(nil, rules.TokenEmail, fmt.Sprint("class", i%8), digest.Key(customer, id)))
				if got != want[id] {
					t.Errorf("concurrent token of %s differs", id)
				}
				if _, err := k.Refs("2030-01"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pools drop their content")
	}
	k := fixed(t)
	d, digest := k.Domain("vendor", "support.provide"), k.Digester()
	refs, err := k.Refs("2026-11")
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]byte, 0, 128)
	class, id := "email", "1007"
	for name, f := range map[string]func(){
		"token":  func() { dst = d.AppendToken(dst[:0], rules.TokenEmail, class, rules.Key{1}) },
		"uuid":   func() { dst = d.AppendToken(dst[:0], rules.TokenUUID, class, rules.Key{1}) },
		"digest": func() { _ = digest.Key(customer, id) },
		"ref":    func() { _ = refs.Ref(rules.Key{1}) },
	} {
		f()
		if n := testing.AllocsPerRun(1000, f); n >= 1 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkToken(b *testing.B) {
	d := fixed(b).Domain("vendor", "support.provide")
	dst := make([]byte, 0, 128)
	b.ReportAllocs()
	for b.Loop() {
		dst = d.AppendToken(dst[:0], rules.TokenEmail, "email", rules.Key{1})
	}
}

func BenchmarkDigest(b *testing.B) {
	digest := fixed(b).Digester()
	b.ReportAllocs()
	for b.Loop() {
		digest.Key(customer, "1007")
	}
}

func BenchmarkRef(b *testing.B) {
	refs, err := fixed(b).Refs("2026-11")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		refs.Ref(rules.Key{1})
	}
}
