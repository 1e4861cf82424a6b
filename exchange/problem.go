package exchange

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/modicum-dev/modicum/rules"
)

// ProblemBase precedes the reason in the type of a problem document.
const ProblemBase = "https://modicum-dev.github.io/problems/"

// problem is a problem document as RFC 9457 has it.
type problem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail,omitempty"`
	Instance string `json:"instance,omitempty"`
	Reason   string `json:"reason"`
}

// phrase is how a refusal is told to the caller. Nothing in it depends on a
// subject.
type phrase struct {
	status        int
	title, detail string
}

var phrases = map[rules.Reason]phrase{
	rules.RecipientUnauthenticated: {401, "Not authenticated", "Send the credentials that this gateway gave you."},
	rules.RecipientUnknown:         {403, "Unknown recipient", "The credentials are valid, but no registered recipient uses them."},
	rules.RecipientSuspended:       {403, "Recipient suspended", "The recipient is suspended. Ask the controller's vendor management."},
	rules.RecipientNotEvaluated:    {403, "Recipient not evaluated", "The recipient has no passed evaluation on file."},
	rules.EvaluationOverdue:        {403, "Evaluation overdue", "The recipient's evaluation has expired."},
	rules.RecipientNoContract:      {403, "No contract in force", "The recipient has no contract or grant in force today."},
	rules.PurposeMissing:           {400, "No purpose declared", "Declare the purpose: Data-Purpose: support.provide"},
	rules.PurposeAmbiguous:         {400, "More than one purpose declared", "Declare exactly one purpose in one Data-Purpose header."},
	rules.PurposeMalformed:         {400, "Purpose not understood", "Data-Purpose is one RFC 9651 token, for example support.provide;ref=\"case-812\""},
	rules.PurposeUnknown:           {400, "Unknown purpose", "The policy in effect knows no such purpose."},
	rules.PurposeNotPermitted:      {403, "Purpose not permitted", "Your contract, or this route, does not cover the declared purpose."},
	rules.VolumeExceeded:           {429, "Volume exceeded", "A limit of your contract for this purpose is used up."},
	rules.RefMissing:               {400, "No case reference", "This purpose needs a reference: Data-Purpose: support.provide;ref=\"case-812\""},
	rules.RefMalformed:             {400, "Case reference not understood", "The reference has not the form that your contract gives it."},
	rules.PolicyUnavailable:        {503, "No policy in effect", "The gateway has no policy in effect and discloses nothing."},
	rules.StateUnavailable:         {503, "Subject state unavailable", "The gateway cannot read the subjects' state and discloses nothing."},
	rules.LedgerUnavailable:        {503, "Ledger unavailable", "The gateway cannot record disclosures and makes none."},
	rules.ResponseUninspectable:    {502, "Response not inspectable", "The upstream's answer could not be inspected completely, so nothing of it is passed on."},
	rules.RouteUnmapped:            {403, "Route not mapped", "The policy does not describe this route."},
	rules.PathNotCanonical:         {400, "Path not canonical", "Send the path in its plain form, without empty, dot or needlessly escaped segments."},
	rules.ProbeRefused:             {403, "Parameter refused", "The route does not allow a query parameter of this name or form."},
	rules.BodyRefused:              {400, "Request body refused", "This method takes no body."},
	rules.StreamingUnsupported:     {501, "Streaming not supported", "The upstream streams its answer, which cannot be inspected before it ends."},
	rules.NotFound:                 {404, "Not found", "There is nothing here for you to see."},
	rules.UpstreamUnavailable:      {502, "Upstream unavailable", "The upstream gave no complete answer."},
	rules.UpstreamStatus:           {502, "Upstream status not passed on", "The upstream answered with a status that this route does not pass on."},
	rules.UpstreamRefused:          {400, "Request refused upstream", "The upstream did not accept the request."},
	rules.ClientGone:               {499, "Client closed request", ""},
}

// statusOf returns the HTTP status of a refusal; 500 for a reason that refuses
// no request.
func statusOf(r rules.Reason) int {
	if p, ok := phrases[r]; ok {
		return p.status
	}
	return http.StatusInternalServerError
}

// WriteProblem answers with the problem document of a reason and clears every
// header that was set before, except those of a challenge.
func WriteProblem(w http.ResponseWriter, reason rules.Reason, disclosure string) {
	p, ok := phrases[reason]
	if !ok {
		p = phrase{http.StatusInternalServerError, "Internal error", ""}
	}
	writeProblem(w, problem{Title: p.title, Status: p.status, Detail: p.detail, Reason: reason.String()}, disclosure)
}

// WriteStatusProblem answers an error of another handler in the same form. Its
// text says no more than the status does.
func WriteStatusProblem(w http.ResponseWriter, status int) {
	if status == http.StatusUnauthorized {
		WriteProblem(w, rules.RecipientUnauthenticated, "")
		return
	}
	title := http.StatusText(status)
	if title == "" {
		title = "Error"
	}
	writeProblem(w, problem{Title: title, Status: status, Reason: "http_" + strconv.Itoa(status)}, "")
}

func writeProblem(w http.ResponseWriter, p problem, disclosure string) {
	p.Type = ProblemBase + p.Reason
	h := w.Header()
	challenge := h.Values("WWW-Authenticate")
	clear(h)
	if p.Status == http.StatusUnauthorized && len(challenge) > 0 {
		h["Www-Authenticate"] = challenge
	}
	if disclosure != "" {
		p.Instance = "urn:uuid:" + disclosure
		h.Set("Disclosure-Id", disclosure)
	}
	body, err := json.Marshal(p)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	// The status is out: a failed write can only mean that nobody listens.
	_, _ = w.Write(body)
}
