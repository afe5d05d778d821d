package certificate

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"rancheros-kit/init/internal/account"
	"rancheros-kit/init/internal/atomicfile"
	"rancheros-kit/init/internal/config"
)

// Names of files, as docker's clients expect them.
const (
	authorityFile    = "ca.pem"
	serverFile       = "server-cert.pem"
	serverKeyFile    = "server-key.pem"
	clientFile       = "cert.pem"
	clientKeyFile    = "key.pem"
	secretMode       = 0o600
	publicMode       = 0o644
	directoryMode    = 0o700
	serverCertKey    = "rancher.docker.server_cert"
	serverPrivateKey = "rancher.docker.server_key"
	caCertKey        = "rancher.docker.ca_cert"
	caPrivateKey     = "rancher.docker.ca_key"
)

// Machine makes certificates for the docker of a machine, whose authority is in its private configuration.
type Machine struct {
	Root string
	// Kind of new keys.
	Kind string
	Now  time.Time
}

// Server makes the certificate of the user's docker with these hosts, keeps it in the configuration, and writes it to a directory.
func (m Machine) Server(docker config.Docker, hosts []string, directory string) error {
	authority, err := m.authority(docker)
	if err != nil {
		return err
	}
	server, err := NewServer(authority, m.Kind, hosts, m.Now)
	if err != nil {
		return err
	}
	if err := config.SetValues(m.Root, map[string]any{serverCertKey: string(server.Certificate), serverPrivateKey: string(server.Key)}); err != nil {
		return err
	}
	return m.writeServer(authority, server, directory)
}

// ServerAsConfigured writes the certificate that the configuration has to a directory; without one it makes it.
func (m Machine) ServerAsConfigured(docker config.Docker, hosts []string, directory string) error {
	if docker.ServerCert == "" || docker.ServerKey == "" || docker.CACert == "" {
		return m.Server(docker, hosts, directory)
	}
	return m.writeServer(Pair{Certificate: []byte(docker.CACert)}, Pair{[]byte(docker.ServerCert), []byte(docker.ServerKey)}, directory)
}

func (m Machine) writeServer(authority, server Pair, directory string) error {
	return write(filepath.Join(m.Root, directory), nil, []file{
		{authorityFile, authority.Certificate, publicMode}, {serverFile, server.Certificate, publicMode}, {serverKeyFile, server.Key, secretMode},
	})
}

// Client makes a certificate for a user, whose it is then, and writes it to a directory.
func (m Machine) Client(docker config.Docker, user, directory string) error {
	authority, err := m.authority(docker)
	if err != nil {
		return err
	}
	client, err := NewClient(authority, m.Kind, m.Now)
	if err != nil {
		return err
	}
	found, err := account.Find(m.Root, user)
	if err != nil {
		return err
	}
	return write(filepath.Join(m.Root, directory), &atomicfile.Owner{UID: found.UID, GID: found.GID}, []file{
		{authorityFile, authority.Certificate, publicMode}, {clientFile, client.Certificate, publicMode}, {clientKeyFile, client.Key, secretMode},
	})
}

// authority is the machine's own; the first time it is made.
func (m Machine) authority(docker config.Docker) (Pair, error) {
	if docker.CACert != "" && docker.CAKey != "" {
		return Pair{[]byte(docker.CACert), []byte(docker.CAKey)}, nil
	}
	authority, err := NewAuthority(m.Kind, m.Now)
	if err != nil {
		return Pair{}, err
	}
	return authority, config.SetValues(m.Root, map[string]any{caCertKey: string(authority.Certificate), caPrivateKey: string(authority.Key)})
}

type file struct {
	name    string
	content []byte
	mode    os.FileMode
}

func write(directory string, owner *atomicfile.Owner, files []file) error {
	if err := os.MkdirAll(directory, directoryMode); err != nil {
		return fmt.Errorf("writing certificates: %w", err)
	}
	if owner != nil {
		if err := os.Chown(directory, owner.UID, owner.GID); err != nil {
			return fmt.Errorf("writing certificates: %w", err)
		}
	}
	for _, file := range files {
		if err := atomicfile.Write(filepath.Join(directory, file.name), file.content, file.mode, owner); err != nil {
			return err
		}
	}
	return nil
}
