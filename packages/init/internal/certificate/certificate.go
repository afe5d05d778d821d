// Package certificate makes the certificates by which docker knows its clients over the network, and they it: an authority of
// the machine's own, and what it signs.
package certificate

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"
)

// Kinds of keys.
const (
	RSA   = "rsa"
	ECDSA = "ecdsa"
)

const (
	rsaBits      = 2048
	validity     = 3 * 365 * 24 * time.Hour
	clockSkew    = 24 * time.Hour
	organization = "rancher"
)

// Pair is a certificate and its key, in PEM form.
type Pair struct{ Certificate, Key []byte }

// NewAuthority makes an authority that signs itself.
func NewAuthority(kind string, now time.Time) (Pair, error) {
	template, err := template(now)
	if err != nil {
		return Pair{}, err
	}
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
	key, err := newKey(kind)
	if err != nil {
		return Pair{}, err
	}
	return sign(template, template, key, key)
}

// NewServer signs a certificate for a server with these names and addresses.
func NewServer(authority Pair, kind string, hosts []string, now time.Time) (Pair, error) {
	return newLeaf(authority, kind, now, func(certificate *x509.Certificate) {
		certificate.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		for _, host := range hosts {
			if address := net.ParseIP(host); address != nil {
				certificate.IPAddresses = append(certificate.IPAddresses, address)
			} else {
				certificate.DNSNames = append(certificate.DNSNames, host)
			}
		}
	})
}

// NewClient signs a certificate for somebody who may ask the server.
func NewClient(authority Pair, kind string, now time.Time) (Pair, error) {
	return newLeaf(authority, kind, now, func(certificate *x509.Certificate) {
		certificate.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	})
}

func newLeaf(authority Pair, kind string, now time.Time, change func(*x509.Certificate)) (Pair, error) {
	parent, parentKey, err := parse(authority)
	if err != nil {
		return Pair{}, fmt.Errorf("the authority can not sign: %w", err)
	}
	template, err := template(now)
	if err != nil {
		return Pair{}, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	change(template)
	key, err := newKey(kind)
	if err != nil {
		return Pair{}, err
	}
	return sign(template, parent, key, parentKey)
}

func template(now time.Time) (*x509.Certificate, error) {
	// RFC 5280, 4.1.2.2: at most 20 bytes, positive.
	serial, err := rand.Int(rand.Reader, new(big.Int).Exp(big.NewInt(2), big.NewInt(127), nil))
	if err != nil {
		return nil, err
	}
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{Organization: []string{organization}},
		// A machine without a clock of its own may be a day behind.
		NotBefore: now.Add(-clockSkew), NotAfter: now.Add(validity),
	}, nil
}

func newKey(kind string) (crypto.Signer, error) {
	switch kind {
	case RSA:
		return rsa.GenerateKey(rand.Reader, rsaBits)
	case ECDSA:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	return nil, fmt.Errorf("no kind of key: %q, want %s or %s", kind, RSA, ECDSA)
}

func sign(certificate, parent *x509.Certificate, key, parentKey crypto.Signer) (Pair, error) {
	signed, err := x509.CreateCertificate(rand.Reader, certificate, parent, key.Public(), parentKey)
	if err != nil {
		return Pair{}, fmt.Errorf("signing a certificate: %w", err)
	}
	packed, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, err
	}
	return Pair{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: packed}),
	}, nil
}

// parse reads a pair; keys of RancherOS 0.4 are in PKCS #1 form.
func parse(pair Pair) (*x509.Certificate, crypto.Signer, error) {
	certificate, _ := pem.Decode(pair.Certificate)
	key, _ := pem.Decode(pair.Key)
	if certificate == nil || key == nil {
		return nil, nil, errors.New("its certificate or its key is not in PEM form")
	}
	read, err := x509.ParseCertificate(certificate.Bytes)
	if err != nil {
		return nil, nil, err
	}
	signer, err := parseKey(key.Bytes)
	return read, signer, err
}

func parseKey(der []byte) (crypto.Signer, error) {
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	signer, isSigner := key.(crypto.Signer)
	if !isSigner {
		return nil, errors.New("its key can not sign")
	}
	return signer, nil
}
