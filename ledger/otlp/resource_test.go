package otlp

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The resource is the operator's: the standard variables, and a name if they give
// none.
func TestResourceFromTheStandardVariables(t *testing.T) {
	for _, tt := range []struct {
		name string
		env  map[string]string
		want map[string]string
	}{
		{"nothing set", nil, map[string]string{"service.name": "modicum"}},
		{"service name", map[string]string{"OTEL_SERVICE_NAME": "edge"}, map[string]string{"service.name": "edge"}},
		{
			"attributes",
			map[string]string{"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test,service.name=from-list"},
			map[string]string{"deployment.environment.name": "test", "service.name": "from-list"},
		},
		{
			"both",
			map[string]string{"OTEL_SERVICE_NAME": "edge", "OTEL_RESOURCE_ATTRIBUTES": "service.name=from-list"},
			map[string]string{"service.name": "edge"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
			for k, v := range tt.env {
				t.Setenv(k, v)
			}
			config, _, err := FromEnv(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, kv := range config.Resource.GetAttributes() {
				got[kv.GetKey()] = kv.GetValue().GetStringValue()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
