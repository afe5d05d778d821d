package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rancheros-kit/init/internal/config"
)

// handshake connects a client and a server that know each other by the files of two directories.
func handshake(t *testing.T, server, client, name string) error {
	t.Helper()
	pool := func(directory string) *x509.CertPool {
		pool := x509.NewCertPool()
		text, err := os.ReadFile(filepath.Join(directory, "ca.pem"))
		if err != nil || !pool.AppendCertsFromPEM(text) {
			t.Fatalf("the authority of %s: %v", directory, err)
		}
		return pool
	}
	load := func(directory, certificate, key string) tls.Certificate {
		pair, err := tls.LoadX509KeyPair(filepath.Join(directory, certificate), filepath.Join(directory, key))
		if err != nil {
			t.Fatal(err)
		}
		return pair
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	served := make(chan error, 1)
	go func() {
		one, err := listener.Accept()
		if err != nil {
			served <- err
			return
		}
		defer one.Close()
		served <- tls.Server(one, &tls.Config{
			Certificates: []tls.Certificate{load(server, "server-cert.pem", "server-key.pem")}, ClientCAs: pool(server), ClientAuth: tls.RequireAndVerifyClientCert, SessionTicketsDisabled: true,
		}).Handshake()
	}()
	other, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	connection := tls.Client(other, &tls.Config{Certificates: []tls.Certificate{load(client, "cert.pem", "key.pem")}, RootCAs: pool(client), ServerName: name})
	if err := connection.Handshake(); err != nil {
		return err
	}
	return <-served
}

func TestMachine(t *testing.T) {
	for _, kind := range []string{ECDSA, RSA} {
		root := t.TempDir()
		for path, content := range map[string]string{"etc/passwd": fmt.Sprintf("rancher:x:%d:%d::/home/rancher:/bin/sh\n", os.Getuid(), os.Getgid()), config.OSConfigFile: "{}"} {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(root, path)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, path), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		docker := func() config.Docker {
			cfg, warnings, err := config.Load(root, "")
			if err != nil || len(warnings) > 0 {
				t.Fatalf("%v, %v", warnings, err)
			}
			return cfg.Rancher.Docker
		}
		machine := Machine{Root: root, Kind: kind, Now: time.Now()}
		if err := machine.Client(docker(), "rancher", "client"); err != nil {
			t.Fatal(err)
		}
		if err := machine.ServerAsConfigured(docker(), []string{"box", "192.0.2.1"}, "server"); err != nil {
			t.Fatal(err)
		}
		server, client := filepath.Join(root, "server"), filepath.Join(root, "client")
		for _, name := range []string{"box", "192.0.2.1"} {
			if err := handshake(t, server, client, name); err != nil {
				t.Errorf("%s, %s: %v", kind, name, err)
			}
		}
		if err := handshake(t, server, client, "elsewhere"); err == nil {
			t.Errorf("%s: a server of another name was accepted", kind)
		}
		first, _ := os.ReadFile(filepath.Join(server, "server-cert.pem"))
		if err := machine.ServerAsConfigured(docker(), []string{"other"}, "server"); err != nil {
			t.Fatal(err)
		}
		if again, _ := os.ReadFile(filepath.Join(server, "server-cert.pem")); string(again) != string(first) {
			t.Error("the certificate that the configuration has was made anew")
		}
		for path, mode := range map[string]os.FileMode{"server/server-key.pem": 0o600, "client/key.pem": 0o600, "client/cert.pem": 0o644, config.PrivateFile: 0o600} {
			if info, err := os.Stat(filepath.Join(root, path)); err != nil || info.Mode().Perm() != mode {
				t.Errorf("%s: %v, %v; want %v", path, info, err, mode)
			}
		}
		if text, err := os.ReadFile(filepath.Join(root, config.CloudConfigFile)); err == nil && strings.Contains(string(text), "PRIVATE KEY") {
			t.Error("a key is in the file for everybody")
		}
	}
}

func TestUnknownKind(t *testing.T) {
	if _, err := NewAuthority("dsa", time.Now()); err == nil || !strings.Contains(err.Error(), "want rsa or ecdsa") {
		t.Errorf("%v", err)
	}
	if _, err := NewClient(Pair{[]byte("x"), []byte("y")}, ECDSA, time.Now()); err == nil || !strings.Contains(err.Error(), "not in PEM form") {
		t.Errorf("%v", err)
	}
}
