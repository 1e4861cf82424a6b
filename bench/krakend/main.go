// Command krakend is KrakenD's engine, lura, put together as KrakenD puts it
// together: gin in front, the default proxy stack behind, a configuration file
// in its format. It is a module of its own, so that what it depends on stays
// out of the gateway.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/gin-gonic/gin"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	lura "github.com/luraproject/lura/v2/router/gin"
	"github.com/luraproject/lura/v2/transport/http/server"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: krakend CONFIG")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(path string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	service, err := config.NewParser().Parse(path)
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	logger, err := logging.NewLogger("ERROR", os.Stderr, "")
	if err != nil {
		return err
	}
	// No access log: the others write none either.
	gin.SetMode(gin.ReleaseMode)
	gin.DefaultWriter = io.Discard
	engine := gin.New()
	engine.Use(gin.Recovery())
	lura.NewFactory(lura.Config{
		Engine:         engine,
		HandlerFactory: lura.EndpointHandler,
		ProxyFactory:   proxy.DefaultFactory(logger),
		Logger:         logger,
		RunServer:      server.RunServer,
	}).NewWithContext(ctx).Run(service)
	return nil
}
