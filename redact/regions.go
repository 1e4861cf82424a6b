package redact

import "strings"

// regions is the region of each country and territory of ISO 3166-1, by the geographic
// regions of UN M49. M49 does not list Taiwan; it lies in Asia.
var regions = byRegion(map[string]string{
	"Africa": "DZ EG LY MA SD TN EH IO BI KM DJ ER ET TF KE MG MW MU YT MZ RE RW SC SO SS UG TZ ZM ZW AO CM CF TD CG CD GQ GA ST " +
		"BW SZ LS NA ZA BJ BF CV CI GM GH GN GW LR ML MR NE NG SH SN SL TG",
	"Americas": "AI AG AW BS BB BQ VG KY CU CW DM DO GD GP HT JM MQ MS PR BL KN LC MF VC SX TT TC VI BZ CR SV GT HN MX NI PA " +
		"AR BO BV BR CL CO EC FK GF GY PY PE GS SR UY VE BM CA GL PM US",
	"Antarctica": "AQ",
	"Asia": "KZ KG TJ TM UZ CN HK MO KP JP MN KR BN KH ID LA MY MM PH SG TH TL VN AF BD BT IN IR MV NP PK LK " +
		"AM AZ BH CY GE IQ IL JO KW LB OM QA SA PS SY TR AE YE TW",
	"Europe": "BY BG CZ HU PL MD RO RU SK UA AX GG JE DK EE FO FI IS IE IM LV LT NO SJ SE GB AL AD BA HR GI GR VA IT MT ME MK PT SM RS SI ES " +
		"AT BE FR DE LI LU MC NL CH",
	"Oceania": "AU CX CC HM NZ NF FJ NC PG SB VU GU KI MH FM NR MP PW UM AS CK PF NU PN WS TK TO TV WF",
})

func byRegion(lists map[string]string) map[string]string {
	m := make(map[string]string, 249)
	for region, list := range lists {
		for code := range strings.FieldsSeq(list) {
			m[code] = region
		}
	}
	return m
}

// regionOf returns the region of a country, or of the country that a subdivision such
// as JP-13 belongs to; empty for any other text.
func regionOf(text []byte) string {
	if len(text) < 2 || len(text) > 2 && !subdivision(text[2:]) {
		return ""
	}
	return regions[string(text[:2])]
}

// subdivision reports whether b is the second part of an ISO 3166-2 code with its
// hyphen.
func subdivision(b []byte) bool {
	if len(b) < 2 || len(b) > 4 || b[0] != '-' {
		return false
	}
	for _, c := range b[1:] {
		if !digit(c) && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
