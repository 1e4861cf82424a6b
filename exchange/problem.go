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
	rules.RecipientUnauthenticated: {401, "Not authenticated", "Send the credentials that you were given for this API."},
	rules.RecipientUnknown:         {403, "Unknown recipient", "Your credentials are valid, but no recipient of data is registered for them. Ask the operator of this API to register you."},
	rules.RecipientSuspended:       {403, "Recipient suspended", "Disclosure to you is suspended. Ask the operator of this API; trying again does not help."},
	rules.RecipientNotEvaluated:    {403, "Recipient not evaluated", "No passed evaluation of your organisation is on file. Ask the operator of this API for one."},
	rules.EvaluationOverdue:        {403, "Evaluation overdue", "The evaluation of your organisation has expired. Ask the operator of this API to renew it."},
	rules.RecipientNoContract:      {403, "No contract in force", "No contract or grant with you is in force today. Ask the operator of this API."},
	rules.PurposeMissing:           {400, "No purpose declared", "Say what the request is for in one header, for example Data-Purpose: support.provide"},
	rules.PurposeAmbiguous:         {400, "More than one purpose declared", "Declare exactly one purpose, in one Data-Purpose header. Make one request for each purpose."},
	rules.PurposeMalformed:         {400, "Purpose not understood", "Write the purpose as one token without quotes, with no parameter but ref, for example Data-Purpose: support.provide;ref=\"case-812\""},
	rules.PurposeUnknown:           {400, "Unknown purpose", "The policy in effect has no such purpose. Check the spelling against your contract."},
	rules.PurposeNotPermitted:      {403, "Purpose not permitted", "Your contract or this route does not cover the declared purpose. Declare one that both cover."},
	rules.VolumeExceeded:           {429, "Volume exceeded", "A limit of your contract for this purpose is used up. Ask again when its period has passed."},
	rules.RefMissing:               {400, "No case reference", "This purpose needs a case reference, for example Data-Purpose: support.provide;ref=\"case-812\""},
	rules.RefMalformed:             {400, "Case reference not understood", "Write the reference in the form that your contract gives it: at most 64 letters, digits, dots, colons, hyphens and underscores."},
	rules.PolicyUnavailable:        {503, "No policy in effect", "Without a policy in effect nothing is disclosed. Try again later."},
	rules.StateUnavailable:         {503, "Subject state unavailable", "What the persons concerned have decided cannot be read now, so nothing is disclosed. Try again later."},
	rules.LedgerUnavailable:        {503, "Ledger unavailable", "Disclosures cannot be recorded now, so none is made. Try again later."},
	rules.ResponseUninspectable:    {502, "Response not inspectable", "The answer of the API behind this gateway could not be inspected completely, so nothing of it is passed on. If a shorter page does not help, tell the operator the instance of this problem."},
	rules.RouteUnmapped:            {403, "Route not mapped", "The policy does not describe this method and path. Check them against the documentation of the API."},
	rules.PathNotCanonical:         {400, "Path not canonical", "Send the path in its plain form: no empty or dot segments, no separators or control characters, and only necessary characters escaped."},
	rules.ProbeRefused:             {403, "Parameter refused", "Send only query parameters that this route allows, each once, in the form that it expects."},
	rules.BodyRefused:              {400, "Request body refused", "Send this request without a body."},
	rules.StreamingUnsupported:     {501, "Streaming not supported", "The API behind this gateway streams its answer, which cannot be inspected before it ends. Use a route that answers with one JSON document."},
	rules.NotFound:                 {404, "Not found", "There is nothing here for you to see. Trying again does not help."},
	rules.UpstreamUnavailable:      {502, "Upstream unavailable", "The API behind this gateway gave no complete answer. Try again later."},
	rules.UpstreamStatus:           {502, "Upstream status not passed on", "The API behind this gateway answered with a status that is not passed on. If it persists, tell the operator the instance of this problem."},
	rules.UpstreamRefused:          {400, "Request refused upstream", "The API behind this gateway did not accept the request. Check the values of its parameters."},
	rules.ClientGone:               {499, "Client closed request", "The connection was closed before the answer was ready, and nothing was disclosed. Ask again."},
}

// internal is told instead of a reason that refuses no request.
var internal = phrase{500, "Internal error", "The gateway failed, and nothing was disclosed. Try again later."}

// statusOf returns the HTTP status of a refusal.
func statusOf(r rules.Reason) int {
	if p, ok := phrases[r]; ok {
		return p.status
	}
	return internal.status
}

// WriteProblem answers with the problem document of a reason. Headers that were
// set before are cleared, except those of [fresh] and a challenge. An empty
// disclosure leaves out what names the request.
func WriteProblem(w http.ResponseWriter, reason rules.Reason, disclosure string) {
	p, ok := phrases[reason]
	code := reason.String()
	if !ok { // a reason about a subject is for the ledger alone
		p, code = internal, "internal_error"
	}
	writeProblem(w, problem{Title: p.title, Status: p.status, Detail: p.detail, Reason: code}, disclosure)
}

// WriteStatusProblem answers an error of another handler in the same form. Its
// text says no more than the status does. What is no status of an error is told
// as 500.
func WriteStatusProblem(w http.ResponseWriter, status int) {
	if status == http.StatusUnauthorized {
		WriteProblem(w, rules.RecipientUnauthenticated, "")
		return
	}
	if status < 400 || status > 599 {
		status = http.StatusInternalServerError
	}
	title := http.StatusText(status)
	if title == "" {
		title = "Error"
	}
	writeProblem(w, problem{Title: title, Status: status, Reason: "http_" + strconv.Itoa(status)}, "")
}

func writeProblem(w http.ResponseWriter, p problem, disclosure string) {
	p.Type = ProblemBase + p.Reason
	challenge := w.Header()["Www-Authenticate"]
	h := fresh(w.Header(), "application/problem+json")
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
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	// The status is out: a failed write can only mean that nobody listens.
	_, _ = w.Write(body)
}

// connectionHeaders are headers about the connection and the site that the web
// server has set before. They say nothing about an answer.
var connectionHeaders = [...]string{"Alt-Svc", "Strict-Transport-Security"}

// fresh leaves of the headers that were set before only connectionHeaders, and
// sets those that every answer has.
func fresh(h http.Header, mediaType string) http.Header {
	var kept [len(connectionHeaders)][]string
	for i, name := range connectionHeaders {
		kept[i] = h[name]
	}
	clear(h)
	for i, name := range connectionHeaders {
		if kept[i] != nil {
			h[name] = kept[i]
		}
	}
	h.Set("Content-Type", mediaType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	return h
}
