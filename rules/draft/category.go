package draft

import (
	"slices"
	"strings"

	"github.com/modicum-dev/modicum/rules/openapi"
)

// Undecided is the data category of a member that no rule knows. It has the
// strictest attributes that there are.
const Undecided = "user.undecided"

// proposal proposes a category for members whose name has one of the phrases. A
// phrase is words of a name joined by _. One that begins with = is the whole name.
// The first proposal that fits is taken, so that the narrow ones come first.
type proposal struct {
	phrases  string
	category string
}

var proposals = []proposal{
	{"last_login last_seen login_count", "user.behavior.product_usage"},
	{"password passwd passphrase pwd secret api_key apikey access_token refresh_token auth_token session_token bearer private_key pin_code otp mfa", "user.authorization.credentials"},
	{"card_number credit_card creditcard card_brand cvv cvc last4 pan", "user.financial.credit_card"},
	{"iban bic swift account_number bank_account sort_code routing_number salary income wage", "user.financial"},
	{"passport ssn social_security national_id tax_id taxid vat_number driver_license drivers_license driving_licence government_id", "user.government_id"},
	{"health diagnosis diagnoses allergy allergies medication disability blood_type medical patient_note", "user.health"},
	{"religion ethnicity ethnic race political sexual_orientation union_member biometric fingerprint_data genetic", "user.special"},
	{"date_of_birth birth_date birthdate birthday birth dob born year_of_birth", "user.demographic.date_of_birth"},
	{"gender sex pronouns nationality marital_status =age age_range", "user.demographic"},
	{"email e_mail mail_address", "user.contact.email"},
	{"phone telephone mobile fax cell_phone phone_number msisdn", "user.contact.phone_number"},
	{"street line1 line2 line_1 line_2 address1 address2 address_line house_number", "user.contact.address.street"},
	{"zip zip_code zipcode postal postal_code postcode", "user.contact.address.postal_code"},
	{"country country_code", "user.contact.address.country"},
	{"city town region province state_code address county =state", "user.contact.address"},
	{"latitude longitude lat lng lon geo coordinates gps", "user.location.precise"},
	{"location time_zone timezone", "user.location"},
	{"ip ip_address ipaddress remote_addr", "user.device.ip_address"},
	{"user_agent device_id device browser mac_address", "user.device"},
	{"username user_name login screen_name nickname handle", "user.account.username"},
	{"first_name last_name firstname lastname full_name fullname given_name family_name surname forename middle_name display_name displayname maiden_name salutation", "user.name"},
	{"avatar photo picture signature gravatar", "user.image"},
	{"job_title occupation profession department position employer company workplace", "user.professional_information"},
	{"newsletter subscription opt_in opt_out consent marketing_preferences preferences", "user.privacy_preferences"},
	{"order orders purchase purchases invoice invoices cart basket", "user.behavior.purchase_history"},
	{"ticket tickets case_id complaint", "user.behavior.contact_history"},
}

// ofPeople are the proposals for names that say something personal only within
// an object about a person.
var ofPeople = []proposal{
	{"=name =first =last =legal =preferred", "user.name"},
	{"=title", "user.professional_information"},
	{"=id =uuid =guid", "user.unique_id"},
}

// category proposes one for a member by its format, its name, and the name of what
// it stands in.
func category(path []string, s *openapi.Schema, person bool) string {
	if len(path) == 0 {
		return Undecided
	}
	switch strings.ToLower(s.Format) {
	case "email", "idn-email":
		return "user.contact.email"
	case "password":
		return "user.authorization.credentials"
	case "ipv4", "ipv6":
		return "user.device.ip_address"
	}
	name := snake(path[len(path)-1])
	for _, p := range proposals {
		if p.fits(name) {
			return p.category
		}
	}
	if person {
		for _, p := range ofPeople {
			if p.fits(name) {
				return p.category
			}
		}
	}
	if len(path) > 1 { // address.code, phones[].value
		parent := snake(path[len(path)-2])
		for _, p := range proposals {
			if p.fits(parent) {
				return p.category
			}
		}
	}
	return Undecided
}

func (p proposal) fits(name string) bool {
	for phrase := range strings.FieldsSeq(p.phrases) {
		if whole, ok := strings.CutPrefix(phrase, "="); ok {
			if name == whole {
				return true
			}
			continue
		}
		if strings.Contains("_"+name+"_", "_"+phrase+"_") || strings.Contains("_"+name+"_", "_"+phrase+"s_") {
			return true
		}
	}
	return false
}

// attributes are what a draft declares of the categories that it proposes, and no
// more than what the word itself says. What a notice lists is not for a draft to
// say.
//
//nolint:gosec // names of categories, no credentials
var attributes = map[string]string{
	Undecided:                          "identifier: direct, entropy: low",
	"user.unique_id":                   "identifier: direct",
	"user.name":                        "identifier: direct",
	"user.image":                       "identifier: direct",
	"user.contact.email":               "identifier: direct",
	"user.contact.phone_number":        "identifier: direct",
	"user.contact.address":             "identifier: quasi, entropy: low",
	"user.contact.address.street":      "identifier: direct",
	"user.contact.address.postal_code": "identifier: quasi, entropy: low",
	"user.contact.address.country":     "identifier: quasi, entropy: low, generalise: region",
	"user.account.username":            "identifier: direct",
	"user.authorization.credentials":   "identifier: direct, credential: true, spi: true",
	"user.financial":                   "identifier: direct, spi: true",
	"user.financial.credit_card":       "identifier: direct, spi: true, in_copies: not_in_california",
	"user.government_id":               "identifier: direct, spi: true, in_copies: not_in_california",
	"user.health":                      "special: true, spi: true, purposes: [" + specialPurpose + "]",
	"user.special":                     "special: true, spi: true, purposes: [" + specialPurpose + "]",
	"user.demographic":                 "identifier: quasi, entropy: low",
	"user.demographic.date_of_birth":   "identifier: quasi, entropy: low, generalise: age_band",
	"user.location":                    "identifier: quasi, entropy: low",
	"user.location.precise":            "identifier: quasi, entropy: low, spi: true",
	"user.device":                      "identifier: quasi",
	"user.device.ip_address":           "identifier: quasi, entropy: low, generalise: truncate_ip",
	"user.professional_information":    "identifier: quasi",
	"user.privacy_preferences":         "",
	"user.behavior.product_usage":      "",
	"user.behavior.purchase_history":   "",
	"user.behavior.contact_history":    "",
}

// specialPurpose is what special categories are for in a draft: nothing. They have
// to name a purpose, and no contract has this one.
const specialPurpose = "special.undecided"

// evidence counts what in an object tells a person: two different kinds of it are
// enough.
func evidence(s *openapi.Schema) int {
	tells := []string{
		"user.name", "user.contact.email", "user.contact.phone_number", "user.demographic.date_of_birth", "user.demographic",
		"user.account.username", "user.government_id", "user.authorization.credentials",
	}
	var seen []string
	for _, m := range s.Members {
		if !m.Schema.Scalar() && m.Schema.Types&^openapi.Null != 0 {
			continue
		}
		if c := category([]string{m.Name}, m.Schema, false); slices.Contains(tells, c) && !slices.Contains(seen, c) {
			seen = append(seen, c)
		}
	}
	return len(seen)
}
