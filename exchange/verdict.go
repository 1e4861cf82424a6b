package exchange

import (
	"mime"
	"net/http"
	"strings"

	"github.com/dunglas/httpsfv"

	"github.com/modicum-dev/modicum/rules"
)

// The causes for which an answer is refused, as the operator's log names them.
// A caller is told the reason alone.
const (
	causeStatus         = "status"
	causePartial        = "partial_content"
	causeStream         = "stream"
	causeEncoding       = "content_encoding"
	causeMediaType      = "media_type"
	causeCharset        = "charset"
	causeTooLong        = "too_long"
	causeBrokenOff      = "broken_off"
	causeNoAnswer       = "no_answer"
	causeNothingWritten = "nothing_written"
	causeNoMemory       = "no_memory"
)

// verdict says whether an answer may hold a complete JSON document that can be
// opened.
type verdict struct {
	mediaType string       // what to send it as
	reason    rules.Reason // ReasonNone: it may be opened
	cause     string
}

// judge reads the status and the headers of an answer. The statuses are an
// allow-list: another one might speak of one person.
func judge(status int, h http.Header) verdict {
	switch {
	case status == http.StatusNotFound:
		return verdict{reason: rules.NotFound, cause: causeStatus}
	case status == http.StatusBadRequest:
		return verdict{reason: rules.UpstreamRefused, cause: causeStatus}
	case status == http.StatusPartialContent || len(h["Content-Range"]) > 0:
		return verdict{reason: rules.ResponseUninspectable, cause: causePartial}
	case status != http.StatusOK && status != http.StatusCreated:
		return verdict{reason: rules.UpstreamStatus, cause: causeStatus}
	case incremental(h["Incremental"]):
		return verdict{reason: rules.StreamingUnsupported, cause: causeStream}
	}
	for _, encoding := range h["Content-Encoding"] {
		if !strings.EqualFold(encoding, "identity") {
			return verdict{reason: rules.ResponseUninspectable, cause: causeEncoding}
		}
	}
	return judgeType(h["Content-Type"])
}

func judgeType(types []string) verdict {
	refused := verdict{reason: rules.ResponseUninspectable, cause: causeMediaType}
	if len(types) != 1 {
		return refused
	}
	if types[0] == "application/json" { // mostly, and then there is nothing to take apart
		return verdict{mediaType: types[0]}
	}
	mediaType, params, err := mime.ParseMediaType(types[0])
	switch {
	case err != nil:
		return refused
	case streamed(mediaType):
		return verdict{reason: rules.StreamingUnsupported, cause: causeStream}
	case mediaType != "application/json" && !strings.HasSuffix(mediaType, "+json"):
		return refused
	}
	if charset, ok := params["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
		return verdict{reason: rules.ResponseUninspectable, cause: causeCharset}
	}
	return verdict{mediaType: mediaType}
}

// streamed reports whether a media type is that of a sequence without an end.
func streamed(mediaType string) bool {
	switch mediaType {
	case "text/event-stream", "application/json-seq", "application/stream+json",
		"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/json-lines":
		return true
	}
	return strings.HasSuffix(mediaType, "+json-seq")
}

// incremental reads the header of RFC 10036: an RFC 9651 Item that is true.
func incremental(values []string) bool {
	if len(values) == 0 {
		return false
	}
	item, err := httpsfv.UnmarshalItem(values)
	if err != nil {
		return false
	}
	b, ok := item.Value.(bool)
	return ok && b
}
