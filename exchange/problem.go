package exchange

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

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
	retryAfter    string // seconds; empty: nobody knows
}

// retryOverloaded is when memory may be free again: answers come and go within
// parts of a second.
const retryOverloaded = "1"

var phrases = map[rules.Reason]phrase{
	rules.RecipientUnauthenticated: {status: 401, title: "Not authenticated", detail: "Send the credentials that you were given for this API."},
	rules.RecipientUnknown:         {status: 403, title: "Unknown recipient", detail: "Your credentials are valid, but no recipient of data is registered for them. Ask the operator of this API to register you."},
	rules.RecipientSuspended:       {status: 403, title: "Recipient suspended", detail: "Disclosure to you is suspended. Ask the operator of this API; trying again does not help."},
	rules.RecipientNotEvaluated:    {status: 403, title: "Recipient not evaluated", detail: "No passed evaluation of your organisation is on file. Ask the operator of this API for one."},
	rules.EvaluationOverdue:        {status: 403, title: "Evaluation overdue", detail: "The evaluation of your organisation has expired. Ask the operator of this API to renew it."},
	rules.RecipientNoContract:      {status: 403, title: "No contract in force", detail: "No contract or grant with you is in force today. Ask the operator of this API."},
	rules.PurposeMissing:           {status: 400, title: "No purpose declared", detail: "Say what the request is for in one header, for example Data-Purpose: support.provide"},
	rules.PurposeAmbiguous:         {status: 400, title: "More than one purpose declared", detail: "Declare exactly one purpose, in one Data-Purpose header. Make one request for each purpose."},
	rules.PurposeMalformed:         {status: 400, title: "Purpose not understood", detail: "Write the purpose as one token without quotes, with no parameter but ref, for example Data-Purpose: support.provide;ref=\"case-812\""},
	rules.PurposeUnknown:           {status: 400, title: "Unknown purpose", detail: "The policy in effect has no such purpose. Check the spelling against your contract."},
	rules.PurposeNotPermitted:      {status: 403, title: "Purpose not permitted", detail: "Your contract, these credentials or this route do not cover the declared purpose. Declare one that all of them cover."},
	rules.VolumeExceeded:           {status: 429, title: "Volume exceeded", detail: "A limit of your contract for this purpose is used up. Ask again after the time in Retry-After; where there is none, ask for fewer people at once."},
	rules.RefMissing:               {status: 400, title: "No case reference", detail: "This purpose needs a case reference, for example Data-Purpose: support.provide;ref=\"case-812\""},
	rules.RefMalformed:             {status: 400, title: "Case reference not understood", detail: "Write the reference in the form that your contract gives it: at most 64 letters, digits, dots, colons, hyphens and underscores."},
	rules.PolicyUnavailable:        {status: 503, title: "No policy in effect", detail: "Without a policy in effect nothing is disclosed. Try again later."},
	rules.StateUnavailable:         {status: 503, title: "Subject state unavailable", detail: "What the persons concerned have decided cannot be read now, so nothing is disclosed. Try again later."},
	rules.LedgerUnavailable:        {status: 503, title: "Ledger unavailable", detail: "Disclosures cannot be recorded now, so none is made. Try again later."},
	rules.ResponseUninspectable:    {status: 502, title: "Response not inspectable", detail: "The answer of the API behind this gateway could not be inspected completely, so nothing of it is passed on. If a shorter page does not help, tell the operator the instance of this problem."},
	rules.RouteUnmapped:            {status: 403, title: "Route not mapped", detail: "The policy does not describe this method and path. Check them against the documentation of the API."},
	rules.PathNotCanonical:         {status: 400, title: "Path not canonical", detail: "Send the path in its plain form: no empty or dot segments, no separators or control characters, and only necessary characters escaped."},
	rules.ProbeRefused:             {status: 403, title: "Parameter refused", detail: "Send only query parameters that this route allows, each once, in the form that it expects."},
	rules.BodyRefused:              {status: 400, title: "Request body refused", detail: "Send this request without a body."},
	rules.StreamingUnsupported:     {status: 501, title: "Streaming not supported", detail: "The API behind this gateway streams its answer, which cannot be inspected before it ends. Use a route that answers with one JSON document."},
	rules.NotFound:                 {status: 404, title: "Not found", detail: "There is nothing here for you to see. Trying again does not help."},
	rules.UpstreamUnavailable:      {status: 502, title: "Upstream unavailable", detail: "The API behind this gateway gave no complete answer. Try again later."},
	rules.UpstreamStatus:           {status: 502, title: "Upstream status not passed on", detail: "The API behind this gateway answered with a status that is not passed on. If it persists, tell the operator the instance of this problem."},
	rules.UpstreamRefused:          {status: 400, title: "Request refused upstream", detail: "The API behind this gateway did not accept the request. Check the values of its parameters."},
	rules.ClientGone:               {status: 499, title: "Client closed request", detail: "The connection was closed before the answer was ready, and nothing was disclosed. Ask again."},
	rules.APIObserved:              {status: 403, title: "Not open yet", detail: "This API is being prepared and answers nobody outside yet. Ask the operator when it opens; trying again does not help."},
	rules.Overloaded:               {status: 503, title: "Overloaded", detail: "Too many answers are being prepared at once. Try again after the time in Retry-After; shorter pages help.", retryAfter: retryOverloaded},
}

// internal is told instead of a reason that refuses no request.
var internal = phrase{status: 500, title: "Internal error", detail: "The gateway failed, and nothing was disclosed. Try again later."}

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
	writeReason(w, reason, disclosure, 0)
}

// writeReason is WriteProblem; retry, unless it is zero, is when to try again.
func writeReason(w http.ResponseWriter, reason rules.Reason, disclosure string, retry time.Duration) {
	p, ok := phrases[reason]
	code := reason.String()
	if !ok { // a reason about a subject is for the ledger alone
		p, code = internal, "internal_error"
	}
	after := p.retryAfter
	if retry > 0 {
		after = strconv.FormatInt(int64((retry+time.Second-1)/time.Second), 10) // never too early
	}
	writeProblem(w, problem{Title: p.title, Status: p.status, Detail: p.detail, Reason: code}, disclosure, after)
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
	writeProblem(w, problem{Title: title, Status: status, Reason: "http_" + strconv.Itoa(status)}, "", "")
}

func writeProblem(w http.ResponseWriter, p problem, disclosure, retryAfter string) {
	p.Type = ProblemBase + p.Reason
	challenge := w.Header()["Www-Authenticate"]
	h := fresh(w.Header(), "application/problem+json")
	if p.Status == http.StatusUnauthorized && len(challenge) > 0 {
		h["Www-Authenticate"] = challenge
	}
	if retryAfter != "" {
		h.Set("Retry-After", retryAfter)
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
