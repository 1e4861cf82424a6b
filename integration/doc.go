// Package integration runs the built binary as its users do: the demo of the
// root Caddyfile on ports of its own, a real OTLP/HTTP receiver, an upstream that
// misbehaves. Each script in testdata reads like the scenario that it proves.
package integration
