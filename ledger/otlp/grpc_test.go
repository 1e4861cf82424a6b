package otlp

import (
	"context"
	"net"
	"testing"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"
)

// grpcReceiver is an OTLP/gRPC server. It fails the first requests.
type grpcReceiver struct {
	coltracepb.UnimplementedTraceServiceServer
	*receiver
	failures []error
}

func (g *grpcReceiver) Export(_ context.Context, req *coltracepb.ExportTraceServiceRequest) (*coltracepb.ExportTraceServiceResponse, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.failures) > 0 {
		err := g.failures[0]
		g.failures = g.failures[1:]
		return nil, err
	}
	for _, rs := range req.GetResourceSpans() {
		for _, ss := range rs.GetScopeSpans() {
			g.accepted = append(g.accepted, ss.GetSpans()...)
		}
	}
	close(g.grew)
	g.grew = make(chan struct{})
	return &coltracepb.ExportTraceServiceResponse{}, nil
}

func TestGRPC(t *testing.T) {
	f := newFixture(t)
	g := &grpcReceiver{receiver: f.receiver, failures: []error{
		grpcstatus.Error(codes.Unavailable, "starting"), grpcstatus.Error(codes.ResourceExhausted, "slow down"), grpcstatus.Error(codes.Internal, "broken"),
	}}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	coltracepb.RegisterTraceServiceServer(server, g)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+listener.Addr().String())
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	f.append(t, 20)
	_, stop := f.start(t)
	f.receiver.waitLast(t, f.wrote)
	stop()
	f.receiver.checkArrived(t, f.wrote)
}
