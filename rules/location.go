package rules

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
	Known    map[string]bool // every country code there is; nil accepts any two capital letters
	Adequate struct {
		EEA, UK, APPI map[string]bool // adequate, adequate, designated
	}
}

// Regimes returns the regimes that protect a person at l. An unknown country
// is protected by all of them (E0.1), and a person in the United States whose
// state is unknown as a Californian too. ok is false when l is present but not
// understood, which withholds the subject (S1).
func (r *Regions) Regimes(l Location) (set Regimes, ok bool) {
	switch {
	case l.Country == "":
		return AllRegimes, true
	case !r.understands(l.Country):
		return AllRegimes, false
	case r.EEA[l.Country]:
		set |= EEA
	case r.UK[l.Country]:
		set |= UK
	case l.Country == "US":
		if !usRegion(l.Region) {
			return AllRegimes, false
		}
		if l.Region == "" || l.Region == "CA" {
			set |= CCPA
		}
	}
	return set, true
}

func (r *Regions) understands(country string) bool {
	if len(country) != 2 || country[0] < 'A' || country[0] > 'Z' || country[1] < 'A' || country[1] > 'Z' {
		return false
	}
	return r.Known == nil || r.Known[country]
}

// usStates lists the postal codes of states, the federal district, territories
// and armed forces. Another value is not understood rather than "not California".
var usStates = func() map[string]bool {
	const codes = "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR VI AA AE AP"
	m := make(map[string]bool)
	for i := 0; i+2 <= len(codes); i += 3 {
		m[codes[i:i+2]] = true
	}
	return m
}()

func usRegion(region string) bool { return region == "" || usStates[region] }
