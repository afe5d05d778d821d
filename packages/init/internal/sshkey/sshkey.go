// Package sshkey makes and keeps the host keys of sshd.
package sshkey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"rancheros-kit/init/internal/atomicfile"
	"rancheros-kit/init/internal/config"

	"golang.org/x/crypto/ssh"
)

// Directory is where sshd looks for its host keys.
const Directory = "/etc/ssh"

// Kinds are the keys that every machine has; a configuration may bring an RSA key too.
var Kinds = []string{"ed25519", "ecdsa"}

// Pair is a host key: the private one as OpenSSH writes it, the public one as a line.
type Pair struct{ Private, Public string }

// Install writes the host keys of the configuration (rancher.ssh.keys) below root for sshd, and makes those that are
// missing or can not be read; new ones are kept in private.yml, so that the next boot has the same. An error while keeping
// them does not stop sshd: the files are there. It returns the kinds that were made.
func Install(root string, keys map[string]string) (made []string, err error) {
	pairs := map[string]Pair{}
	values := map[string]any{}
	for _, kind := range Kinds {
		pair, err := read(keys[kind])
		if err != nil {
			if pair, err = generate(kind); err != nil {
				return made, err
			}
			made = append(made, kind)
			values["rancher.ssh.keys."+kind] = pair.Private
			values["rancher.ssh.keys."+kind+"-pub"] = pair.Public
		}
		pairs[kind] = pair
	}
	if pair, err := read(keys["rsa"]); err == nil {
		pairs["rsa"] = pair
	}
	var problems []error
	for kind, pair := range pairs {
		problems = append(problems, write(root, kind, pair))
	}
	if len(values) > 0 {
		problems = append(problems, config.SetValues(root, values))
	}
	return made, errors.Join(problems...)
}

// read checks a private key and finds its public half.
func read(private string) (Pair, error) {
	signer, err := ssh.ParsePrivateKey([]byte(private))
	if err != nil {
		return Pair{}, err
	}
	if !strings.HasSuffix(private, "\n") {
		private += "\n"
	}
	return Pair{private, line(signer.PublicKey())}, nil
}

func generate(kind string) (Pair, error) {
	var key crypto.PrivateKey
	var err error
	if kind == "ed25519" {
		_, key, err = ed25519.GenerateKey(rand.Reader)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return Pair{}, fmt.Errorf("making the %s host key: %w", kind, err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		return Pair{}, fmt.Errorf("writing the %s host key: %w", kind, err)
	}
	return read(string(pem.EncodeToMemory(block)))
}

func line(key ssh.PublicKey) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

func write(root, kind string, pair Pair) error {
	directory := filepath.Join(root, Directory)
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	path := filepath.Join(directory, "ssh_host_"+kind+"_key")
	return errors.Join(
		atomicfile.Write(path, []byte(pair.Private), 0o600, nil),
		atomicfile.Write(path+".pub", []byte(pair.Public+"\n"), 0o644, nil),
	)
}
