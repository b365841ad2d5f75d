// Package httpx runs the shop's HTTP services: health, request ids, an orderly end.
package httpx

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"example.com/shop/httpx/internal/reqid"
)

// Addr is where services listen: PORT, or 8080.
func Addr() string {
	if port := os.Getenv("PORT"); port != "" {
		return net.JoinHostPort("", port)
	}
	return ":8080"
}

// Handler wraps a service: GET /healthz answers "ok", and every answer carries an id.
func Handler(service http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.Handle("/", service)
	return reqid.Handler(mux)
}

// Run serves until the process is asked to stop.
func Run(name string, service http.Handler) error {
	ctx, stop := signal.NotifyContext(context.Background(), stopSignals...)
	defer stop()
	listener, err := net.Listen("tcp", Addr())
	if err != nil {
		return err
	}
	log.Printf("%s: listening on %s", name, listener.Addr())
	server := &http.Server{Handler: Handler(service), ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(grace)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
