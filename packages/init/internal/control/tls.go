package control

import (
	"flag"
	"time"

	"rancheros-kit/init/internal/certificate"
)

// Where certificates go.
const (
	serverDirectory = "/etc/docker/tls"
	clientDirectory = "/home/rancher/.docker"
	clientUser      = "rancher"
)

var tlsCommands = command{
	names: []string{"tls"}, usage: "ros tls COMMAND", summary: "make certificates for docker over the network",
	subcommands: []command{
		{names: []string{"generate", "gen"}, usage: "ros tls generate [-H HOST...] [-s] [-d DIR]", summary: "make a client's certificate, or with -s the server's", privileged: true, setup: tlsGenerate},
	},
}

func tlsGenerate(s *session, flags *flag.FlagSet) func([]string) error {
	hosts := several(flags, "`name` or address of the server; can be given several times (default localhost)", "H", "hostname")
	server := yes(flags, "make the server's certificate", "s", "server")
	directory := text(flags, "", "`directory` to write to (default "+clientDirectory+", the server's "+serverDirectory+")", "d", "dir")
	kind := text(flags, certificate.ECDSA, "`kind` of keys: ecdsa or rsa", "t", "key-type")
	return func([]string) error {
		cfg, err := s.load()
		if err != nil {
			return err
		}
		machine := certificate.Machine{Root: s.root, Kind: *kind, Now: time.Now()}
		if !*server {
			if *directory == "" {
				*directory = clientDirectory
			}
			return machine.Client(cfg.Rancher.Docker, clientUser, *directory)
		}
		if *directory == "" {
			*directory = serverDirectory
		}
		if len(*hosts) == 0 {
			*hosts = list{"localhost", "127.0.0.1"}
		}
		return machine.Server(cfg.Rancher.Docker, *hosts, *directory)
	}
}
