package otlp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
)

// DefaultServiceName is the service.name of the spans when neither
// OTEL_SERVICE_NAME nor OTEL_RESOURCE_ATTRIBUTES gives one.
const DefaultServiceName = "modicum"

// The protocols, by the names of the OpenTelemetry specification.
const (
	ProtocolHTTP = "http/protobuf"
	ProtocolJSON = "http/json"
	ProtocolGRPC = "grpc"
)

// ErrProtocol is returned for a protocol that is none of the above.
var ErrProtocol = errors.New("unknown OTLP protocol")

// Config says how spans are sent. Endpoint, headers, certificates, compression
// and timeout are not in it: the exporter reads them from the standard variables.
type Config struct {
	Protocol string
	Resource *resourcepb.Resource
}

// FromEnv reads the standard variables. It returns false when spans are not
// wanted: no endpoint is named, OTEL_TRACES_EXPORTER names exporters and otlp is
// not among them, or OTEL_SDK_DISABLED is true.
func FromEnv(ctx context.Context) (Config, bool, error) {
	if firstEnv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT") == "" ||
		strings.EqualFold(firstEnv("OTEL_SDK_DISABLED"), "true") {
		return Config{}, false, nil
	}
	if exporters := firstEnv("OTEL_TRACES_EXPORTER"); exporters != "" && !slices.Contains(splitList(exporters), "otlp") {
		return Config{}, false, nil
	}
	c := Config{Protocol: firstEnv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")}
	if c.Protocol == "" {
		c.Protocol = ProtocolHTTP
	}
	if !slices.Contains([]string{ProtocolHTTP, ProtocolJSON, ProtocolGRPC}, c.Protocol) {
		return Config{}, false, ErrProtocol
	}
	res, err := resource.New(ctx, resource.WithFromEnv())
	if err != nil {
		return Config{}, false, fmt.Errorf("reading OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	c.Resource = resourceOf(res)
	return c, true, nil
}

func firstEnv(names ...string) string {
	for _, name := range names {
		if v := strings.TrimSpace(os.Getenv(name)); v != "" {
			return v
		}
	}
	return ""
}

func splitList(s string) []string {
	parts := strings.Split(s, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// resourceOf turns the SDK's resource into the protocol's.
func resourceOf(res *resource.Resource) *resourcepb.Resource {
	out := new(resourcepb.Resource)
	named := false
	for _, kv := range res.Attributes() {
		named = named || kv.Key == "service.name"
		out.Attributes = append(out.Attributes, keyValue(string(kv.Key), valueText(kv.Value)))
	}
	if !named {
		out.Attributes = append([]*commonpb.KeyValue{keyValue("service.name", DefaultServiceName)}, out.Attributes...)
	}
	return out
}

// valueText: the variables hold strings only.
func valueText(v attribute.Value) string { return v.String() }

// client returns the exporter's client for the protocol. It retries what the
// protocol calls retryable, with the server's Retry-After, for at most a minute;
// the follower retries everything.
func (c Config) client(backoff Backoff) (otlptrace.Client, error) {
	switch c.Protocol {
	case "", ProtocolHTTP, ProtocolJSON:
		return otlptracehttp.NewClient(otlptracehttp.WithRetry(otlptracehttp.RetryConfig{
			Enabled: true, InitialInterval: backoff.Min, MaxInterval: backoff.Max, MaxElapsedTime: DefaultThrottle,
		})), nil
	case ProtocolGRPC:
		return otlptracegrpc.NewClient(otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig{
			Enabled: true, InitialInterval: backoff.Min, MaxInterval: backoff.Max, MaxElapsedTime: DefaultThrottle,
		})), nil
	default:
		return nil, ErrProtocol
	}
}
