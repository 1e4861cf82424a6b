package rules

import "strings"

// Location is where a person is: an ISO 3166-1 alpha-2 country and, within the
// United States, a state. An empty country is unknown.
type Location struct {
	Country string `json:"country,omitempty"`
	Region  string `json:"region,omitempty"`
}

// Regions is the dated data that turns a location into regimes.
type Regions struct {
	EEA      map[string]bool // members with their outermost regions and EFTA members
	UK       map[string]bool
	Adequate struct {
		EEA, UK, APPI map[string]bool // adequate, adequate, designated
	}

	protection map[string]Regimes // of everybody in a country, by every country there is
}

// protect fills what Regimes looks up. Within the United States the state decides.
func (r *Regions) protect() {
	r.protection = make(map[string]Regimes, len(countries))
	for c := range countries {
		var set Regimes
		if r.EEA[c] {
			set |= EEA
		}
		if r.UK[c] {
			set |= UK
		}
		r.protection[c] = set
	}
}

// Regimes returns the regimes that protect a person at l. An unknown country
// is protected by all of them (E0.1), and a person in the United States whose
// state is unknown as a Californian too. ok is false when l is present but not
// understood, which withholds the subject (S1).
func (r *Regions) Regimes(l Location) (set Regimes, ok bool) {
	if l.Country == "" {
		return AllRegimes, true
	}
	set, known := r.protection[l.Country]
	switch {
	case !known, l.Country == "US" && !usRegion(l.Region):
		return AllRegimes, false
	case l.Country == "US" && (l.Region == "" || l.Region == "CA"):
		set |= CCPA
	}
	return set, true
}

// KnownCountry reports whether a code is one of ISO 3166-1 alpha-2. Another one
// is not understood rather than "elsewhere": "UK" is not GB, and "de" not DE.
func KnownCountry(code string) bool { return countries[code] }

// KnownState reports whether a code is one by which the regimes of somebody in the
// United States are told.
func KnownState(code string) bool { return usStates[code] }

var countries = codes("AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ " +
	"CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR " +
	"GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP " +
	"KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ " +
	"NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW " +
	"SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
	"UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW")

// usStates are the postal codes of states, the federal district, territories
// and armed forces. Another value is not understood rather than "not California".
var usStates = codes("AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX " +
	"UT VT VA WA WV WI WY DC AS GU MP PR VI AA AE AP")

func codes(list string) map[string]bool {
	m := make(map[string]bool)
	for code := range strings.FieldsSeq(list) {
		m[code] = true
	}
	return m
}

func usRegion(region string) bool { return region == "" || usStates[region] }
