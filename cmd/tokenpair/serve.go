package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/server"
)

// serveVerb is the one verb that does not end by itself.
type serveVerb struct {
	serving
	Demo bool `group:"Server" help:"Add the user sampleUser with a published password to an empty database. Only on a loopback address."`
}

const (
	maxHeader = 16 << 10
	// queuePerWorker bounds how many logins wait: more than can be hashed in the default wait would only be refused
	// later, each holding a connection.
	queuePerWorker = 256
)

func (v *serveVerb) run(ctx context.Context, cli *commandLine, _ environment, std streams) (err error) {
	policy := v.policy(cli)
	for _, text := range policy.findings.texts(isWarning) {
		std.warn(text)
	}
	if err := policy.findings.err(); err != nil {
		return err
	}
	addr, err := v.address()
	if err != nil {
		return err
	}
	listener, err := net.ListenTCP("tcp", addr) // first: where it cannot serve, it changes nothing
	if err != nil {
		return fmt.Errorf("%w; choose another address with --listen or %sLISTEN", err, prefix)
	}
	defer listener.Close()
	log := slog.New(slog.NewJSONHandler(std.err, nil))
	store, err := openStore(ctx, cli.Database)
	if err != nil {
		return err
	}
	defer closeStore(store, &err)
	service, err := v.service(ctx, policy, store, log)
	if err != nil {
		return err
	}
	handler, err := server.New(service, v.options(log))
	if err != nil {
		return err
	}
	var shown demo
	if v.Demo {
		if shown, err = prepareDemo(ctx, &auth.Users{Store: store, Hasher: service.Hasher, Now: time.Now}); err != nil {
			return fmt.Errorf("demo user: %w", err)
		}
	}
	if err := service.Warm(ctx); err != nil {
		return err
	}
	defer sweepMeanwhile(ctx, service.Sweep, log)()
	base := "http://" + reachable(listener.Addr().(*net.TCPAddr))
	fmt.Fprintf(std.out, "listening on %s\n", base)
	if v.Docs {
		fmt.Fprintf(std.out, "Swagger UI at %s/api/docs/\n", base)
	}
	if v.Demo {
		shown.announce(std.out, base)
	}
	return v.serve(ctx, listener, handler, log)
}

// httpServer bounds how long a client may take and how much it may send ahead of the body.
func (v *serveVerb) httpServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:                      handler,
		DisableGeneralOptionsHandler: true, // OPTIONS * would be answered past the handler
		ReadHeaderTimeout:            5 * time.Second,
		ReadTimeout:                  10 * time.Second,
		WriteTimeout:                 time.Duration(v.LoginWait) + 30*time.Second,
		IdleTimeout:                  60 * time.Second,
		MaxHeaderBytes:               maxHeader - 4096, // net/http adds 4096 to what it is told
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// address is where to listen. With the demo it is one that others cannot reach; a name other than localhost is not even
// looked up.
func (v *serveVerb) address() (*net.TCPAddr, error) {
	host, _, err := net.SplitHostPort(v.Listen)
	if err != nil {
		return nil, usageError{fmt.Errorf("--listen %s: want HOST:PORT, such as 127.0.0.1:8000", printable(v.Listen))}
	}
	refused := usageError{fmt.Errorf("--demo has a published password and serves a loopback address only, such as 127.0.0.1:8000, not %s", printable(v.Listen))}
	if v.Demo && host != "localhost" && net.ParseIP(host) == nil {
		return nil, refused
	}
	addr, err := net.ResolveTCPAddr("tcp", v.Listen)
	if err != nil {
		return nil, usageError{fmt.Errorf("--listen (%sLISTEN): %w", prefix, err)}
	}
	if v.Demo && !addr.IP.IsLoopback() {
		return nil, refused
	}
	return addr, nil
}

// reachable is an address as a client can write it: one that stands for all interfaces is none.
func reachable(addr *net.TCPAddr) string {
	if addr.IP.IsUnspecified() {
		return net.JoinHostPort("localhost", strconv.Itoa(addr.Port))
	}
	return addr.String()
}

// serve answers until ctx ends, then fails readiness, takes no more connections and waits for what is under way.
func (v *serveVerb) serve(ctx context.Context, listener net.Listener, handler *server.Server, log *slog.Logger) error {
	srv := v.httpServer(handler, log)
	var silent silentConns
	srv.ConnState = silent.track
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	handler.Drain()
	log.Info("shutting down", "timeout", time.Duration(v.ShutdownTimeout).String())
	grace, cancel := context.WithTimeout(context.Background(), time.Duration(v.ShutdownTimeout))
	defer cancel()
	silent.close()
	err := srv.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		srv.Close() // it closes what is left, and the error below tells
		return fmt.Errorf("requests were under way %s after the signal and were cut off", time.Duration(v.ShutdownTimeout))
	}
	return err
}
