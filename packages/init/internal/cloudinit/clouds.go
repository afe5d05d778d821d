package cloudinit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/fetch"
)

const linkLocal = "http://169.254.169.254"

const (
	ec2Version     = "2009-04-04/"
	ec2TokenHeader = "X-aws-ec2-metadata-token"
)

// askEC2 reads Amazon's instance metadata (EC2 User Guide, "Instance metadata and user data"), by version 2's tokens where
// the service hands them out.
func askEC2(ctx context.Context, a *asker, argument string) (answer, error) {
	service := a.service(argument, linkLocal, map[string]string{})
	token, _, err := service.Do(ctx, fetch.Question{Method: "PUT", URL: service.base + "latest/api/token", Limit: maxValue,
		Header: map[string]string{ec2TokenHeader + "-ttl-seconds": "300"}})
	if err == nil {
		service.header[ec2TokenHeader] = strings.TrimSpace(string(token))
	} else if !errors.Is(err, errAbsent) && !errors.Is(err, fetch.ErrRefused) {
		return answer{}, err
	}
	if _, _, err := service.must(ctx, ec2Version+"meta-data/"); err != nil {
		return answer{}, err
	}
	var found answer
	if found.userData, err = service.userData(ctx, ec2Version+"user-data"); err != nil {
		return answer{}, err
	}
	if err := service.texts(ctx, map[string]*string{
		ec2Version + "meta-data/hostname":    &found.metadata.Hostname,
		ec2Version + "meta-data/local-ipv4":  &found.metadata.PrivateIPv4,
		ec2Version + "meta-data/public-ipv4": &found.metadata.PublicIPv4,
	}); err != nil {
		return found, err
	}
	list, err := service.may(ctx, ec2Version+"meta-data/public-keys/")
	if err != nil {
		return found, err
	}
	// Each line is `number=name`.
	for _, line := range strings.Fields(string(list)) {
		number, _, _ := strings.Cut(line, "=")
		if strings.Trim(number, "0123456789") != "" {
			return found, fmt.Errorf("public-keys has the line %.40q, want number=name", line)
		}
		key, err := service.may(ctx, ec2Version+"meta-data/public-keys/"+number+"/openssh-key")
		if err != nil {
			return found, err
		}
		if found.metadata.SSHPublicKeys == nil {
			found.metadata.SSHPublicKeys = map[string]string{}
		}
		found.metadata.SSHPublicKeys[number] = strings.TrimSpace(string(key))
	}
	return found, nil
}

const gceFlavor = "Metadata-Flavor"

// askGCE reads Google's metadata server (Compute Engine, "About VM metadata").
func askGCE(ctx context.Context, a *asker, argument string) (answer, error) {
	service := a.service(argument, linkLocal, map[string]string{gceFlavor: "Google"})
	service.base += "computeMetadata/v1/"
	name, header, err := service.must(ctx, "instance/hostname")
	if err != nil {
		return answer{}, err
	}
	if header.Get(gceFlavor) != "Google" {
		return answer{}, fmt.Errorf("%s does not say that it is Google's: %w", service.base, errAbsent)
	}
	found := answer{metadata: config.Metadata{Hostname: strings.TrimSpace(string(name))}}
	if found.userData, err = service.userData(ctx, "instance/attributes/user-data"); err != nil {
		return answer{}, err
	}
	var own, old, block, project, oldProject string
	if err := service.texts(ctx, map[string]*string{
		"instance/network-interfaces/0/ip":                           &found.metadata.PrivateIPv4,
		"instance/network-interfaces/0/access-configs/0/external-ip": &found.metadata.PublicIPv4,
		"instance/attributes/ssh-keys":                               &own,
		"instance/attributes/sshKeys":                                &old,
		"instance/attributes/block-project-ssh-keys":                 &block,
		"project/attributes/ssh-keys":                                &project,
		"project/attributes/sshKeys":                                 &oldProject,
	}); err != nil {
		return found, err
	}
	lists := []string{own, old}
	if !strings.EqualFold(block, "true") {
		lists = append(lists, project, oldProject)
	}
	found.metadata.SSHPublicKeys = numbered(gceKeys(lists))
	return found, nil
}

// gceKeys reads lines of the form `user:key`.
func gceKeys(lists []string) []string {
	var keys []string
	for _, line := range strings.Split(strings.Join(lists, "\n"), "\n") {
		if _, key, found := strings.Cut(strings.TrimSpace(line), ":"); found {
			keys = append(keys, strings.TrimSpace(key))
		}
	}
	return keys
}

type digitalOceanAddress struct {
	IPv4 struct {
		Address string `json:"ip_address"`
	} `json:"ipv4"`
	IPv6 struct {
		Address string `json:"ip_address"`
	} `json:"ipv6"`
}

// askDigitalOcean reads a droplet's metadata (DigitalOcean, "Metadata API Reference").
func askDigitalOcean(ctx context.Context, a *asker, argument string) (answer, error) {
	var droplet struct {
		Hostname   string   `json:"hostname"`
		UserData   string   `json:"user_data"`
		PublicKeys []string `json:"public_keys"`
		Interfaces struct {
			Public  []digitalOceanAddress `json:"public"`
			Private []digitalOceanAddress `json:"private"`
		} `json:"interfaces"`
	}
	if err := a.service(argument, linkLocal, nil).document(ctx, "metadata/v1.json", &droplet); err != nil {
		return answer{}, err
	}
	found := answer{metadata: config.Metadata{Hostname: droplet.Hostname, SSHPublicKeys: numbered(droplet.PublicKeys)}}
	if droplet.UserData != "" {
		found.userData = []byte(droplet.UserData)
	}
	for _, address := range droplet.Interfaces.Public[:min(1, len(droplet.Interfaces.Public))] {
		found.metadata.PublicIPv4, found.metadata.PublicIPv6 = address.IPv4.Address, address.IPv6.Address
	}
	for _, address := range droplet.Interfaces.Private[:min(1, len(droplet.Interfaces.Private))] {
		found.metadata.PrivateIPv4, found.metadata.PrivateIPv6 = address.IPv4.Address, address.IPv6.Address
	}
	return found, nil
}

// askPacket reads the metadata of Packet, later Equinix Metal ("Metadata", "User Data").
func askPacket(ctx context.Context, a *asker, argument string) (answer, error) {
	var server struct {
		Hostname string   `json:"hostname"`
		SSHKeys  []string `json:"ssh_keys"`
		Network  struct {
			Addresses []struct {
				Family  int    `json:"address_family"`
				Public  bool   `json:"public"`
				Address string `json:"address"`
			} `json:"addresses"`
		} `json:"network"`
	}
	service := a.service(argument, "https://metadata.packet.net", nil)
	if err := service.document(ctx, "metadata", &server); err != nil {
		return answer{}, err
	}
	found := answer{metadata: config.Metadata{Hostname: server.Hostname, SSHPublicKeys: numbered(server.SSHKeys)}}
	type place struct {
		family int
		public bool
	}
	places := map[place]*string{
		{4, true}: &found.metadata.PublicIPv4, {4, false}: &found.metadata.PrivateIPv4,
		{6, true}: &found.metadata.PublicIPv6, {6, false}: &found.metadata.PrivateIPv6,
	}
	for _, address := range server.Network.Addresses {
		if target := places[place{address.Family, address.Public}]; target != nil && *target == "" {
			*target = address.Address
		}
	}
	var err error
	found.userData, err = service.userData(ctx, "userdata")
	return found, err
}

// askOpenStack reads OpenStack's metadata service (Nova, "Metadata").
func askOpenStack(ctx context.Context, a *asker, argument string) (answer, error) {
	service := a.service(argument, linkLocal, nil)
	service.base += "openstack/latest/"
	var metadata openStackMetadata
	if err := service.document(ctx, "meta_data.json", &metadata); err != nil {
		return answer{}, err
	}
	userData, err := service.userData(ctx, "user_data")
	return answer{userData, metadata.metadata()}, err
}
