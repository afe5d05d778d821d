package service

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/engine"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"
	"github.com/docker/docker/client"
)

// pullLimit is how long one image may take to come over the network.
const pullLimit = 20 * time.Minute

// dockerHub is the registry of references that name none, as configurations call it.
const dockerHub = "docker.io"

// Pull fetches an image; told gets the daemon's words about it, nil for nobody.
func Pull(ctx context.Context, docker *client.Client, reference string, auths map[string]config.RegistryAuth, told func(string)) error {
	ctx, cancel := context.WithTimeout(ctx, pullLimit)
	defer cancel()
	auth, err := authFor(reference, auths)
	if err != nil {
		return err
	}
	body, err := docker.ImagePull(ctx, tagged(reference), image.PullOptions{RegistryAuth: auth})
	if err != nil {
		return err
	}
	defer body.Close()
	return engine.Messages(body, told)
}

// authFor is the account for an image's registry, as docker's API wants it; empty when there is none.
func authFor(reference string, auths map[string]config.RegistryAuth) (string, error) {
	host := registryOf(reference)
	names := []string{host, "https://" + host}
	if host == dockerHub {
		names = append(names, "index.docker.io", "https://index.docker.io/v1/")
	}
	for _, name := range names {
		auth, found := auths[name]
		if !found {
			continue
		}
		if auth.Auth != "" && auth.Username == "" {
			text, err := base64.StdEncoding.DecodeString(auth.Auth)
			user, password, hasPassword := strings.Cut(string(text), ":")
			if err != nil || !hasPassword {
				return "", fmt.Errorf("rancher.registry_auths.%s.auth is no name:password in base64", name)
			}
			auth.Username, auth.Password = user, password
		}
		return registry.EncodeAuthConfig(registry.AuthConfig{
			Username: auth.Username, Password: auth.Password, IdentityToken: auth.IdentityToken, RegistryToken: auth.RegistryToken,
			ServerAddress: name,
		})
	}
	return "", nil
}

// registryOf is the registry in a reference: what is before the first slash, where that is a host's name.
func registryOf(reference string) string {
	host, _, hasPath := strings.Cut(reference, "/")
	if hasPath && (strings.ContainsAny(host, ".:") || host == "localhost") {
		return host
	}
	return dockerHub
}

// tagged adds the tag that a reference without one means.
func tagged(reference string) string {
	last := reference[strings.LastIndex(reference, "/")+1:]
	if strings.ContainsAny(last, ":@") {
		return reference
	}
	return reference + ":latest"
}
