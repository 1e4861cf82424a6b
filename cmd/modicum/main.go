// Command modicum is Caddy with the minimising gateway and its tools built in.
package main

import (
	_ "time/tzdata"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/modicum-dev/modicum/caddymodule"
	_ "github.com/modicum-dev/modicum/command"
)

func main() {
	caddy.CustomBinaryName = "modicum"
	caddy.CustomLongDescription = "Modicum shows each caller of your JSON APIs only what its purpose needs and each person's choices allow, and records every disclosure. It is Caddy with a gateway built in: every command of Caddy is here too."
	caddycmd.Main()
}
