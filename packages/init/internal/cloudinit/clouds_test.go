package cloudinit

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rancheros-kit/init/internal/config"
)

const userData = "#cloud-config\nhostname: box\n"

// cloud serves paths with their texts; ask refuses a request with the status that it gives; 0 says that it
// has answered itself.
func cloud(t *testing.T, paths map[string]string, ask func(w http.ResponseWriter, r *http.Request) int) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ask != nil {
			switch code := ask(w, r); code {
			case http.StatusOK:
			case 0:
				return
			default:
				w.WriteHeader(code)
				return
			}
		}
		text, found := paths[r.URL.Path]
		if !found {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// query asks one source with quick limits.
func query(t *testing.T, name string) (answer, error) {
	t.Helper()
	sources, err := configured([]string{name}, "")
	if err != nil || len(sources) != 1 {
		t.Fatalf("%s: %v, %v", name, sources, err)
	}
	result := <-(&asker{root: "/", limits: quick, guest: noGuest{}}).ask(context.Background(), sources[0])
	return result.answer, result.err
}

type noGuest struct{}

func (noGuest) get(context.Context, string) (string, error) { return "", errAbsent }

func TestClouds(t *testing.T) {
	ec2 := map[string]string{
		"/2009-04-04/meta-data/":                          "hostname\nlocal-ipv4\npublic-keys/",
		"/2009-04-04/meta-data/hostname":                  "ip-10-0-0-1.internal\n",
		"/2009-04-04/meta-data/local-ipv4":                "10.0.0.1",
		"/2009-04-04/meta-data/public-ipv4":               "192.0.2.1",
		"/2009-04-04/meta-data/public-keys/":              "0=mine\n1=yours",
		"/2009-04-04/meta-data/public-keys/0/openssh-key": "ssh-ed25519 A mine\n",
		"/2009-04-04/meta-data/public-keys/1/openssh-key": "ssh-ed25519 B yours\n",
		"/2009-04-04/user-data":                           userData,
	}
	ec2Metadata := config.Metadata{Hostname: "ip-10-0-0-1.internal", PrivateIPv4: "10.0.0.1", PublicIPv4: "192.0.2.1",
		SSHPublicKeys: map[string]string{"0": "ssh-ed25519 A mine", "1": "ssh-ed25519 B yours"}}
	const gce = "/computeMetadata/v1/"
	tests := []struct {
		name, kind string
		paths      map[string]string
		ask        func(w http.ResponseWriter, r *http.Request) int
		want       config.Metadata
	}{
		{"EC2 without tokens", "ec2", ec2, nil, ec2Metadata},
		{"EC2 that forbids tokens", "ec2", ec2, func(_ http.ResponseWriter, r *http.Request) int {
			if r.Method == http.MethodPut {
				return http.StatusForbidden
			}
			return http.StatusOK
		}, ec2Metadata},
		{"EC2 with tokens only", "ec2", ec2, func(w http.ResponseWriter, r *http.Request) int {
			if r.Method == http.MethodPut && r.URL.Path == "/latest/api/token" && r.Header.Get("X-aws-ec2-metadata-token-ttl-seconds") != "" {
				_, _ = w.Write([]byte("secret"))
				return 0
			}
			if r.Header.Get("X-aws-ec2-metadata-token") != "secret" {
				return http.StatusUnauthorized
			}
			return http.StatusOK
		}, ec2Metadata},
		{"GCE", "gce", map[string]string{
			gce + "instance/hostname":                                          "vm.internal",
			gce + "instance/attributes/user-data":                              userData,
			gce + "instance/attributes/ssh-keys":                               "me:ssh-rsa A me\nyou:ssh-rsa B you\n\nbroken\n",
			gce + "project/attributes/sshKeys":                                 "all:ssh-rsa C all",
			gce + "instance/network-interfaces/0/ip":                           "10.128.0.2",
			gce + "instance/network-interfaces/0/access-configs/0/external-ip": "192.0.2.2",
		}, google, config.Metadata{Hostname: "vm.internal", PrivateIPv4: "10.128.0.2", PublicIPv4: "192.0.2.2",
			SSHPublicKeys: map[string]string{"000": "ssh-rsa A me", "001": "ssh-rsa B you", "002": "ssh-rsa C all"}}},
		{"GCE that blocks the project's keys", "gce", map[string]string{
			gce + "instance/hostname":                          "vm",
			gce + "instance/attributes/user-data":              userData,
			gce + "instance/attributes/block-project-ssh-keys": "TRUE\n",
			gce + "project/attributes/ssh-keys":                "all:ssh-rsa C all",
		}, google, config.Metadata{Hostname: "vm"}},
		{"DigitalOcean", "digitalocean", map[string]string{"/metadata/v1.json": `{"droplet_id":1,"hostname":"drop","user_data":"#cloud-config\nhostname: box\n",
			"public_keys":["ssh-rsa A"],"interfaces":{"private":[{"ipv4":{"ip_address":"10.132.0.1"}}],"public":[{"ipv4":{"ip_address":"192.0.2.3"},"ipv6":{"ip_address":"2001:db8::3"}}]}}`},
			nil, config.Metadata{Hostname: "drop", PublicIPv4: "192.0.2.3", PublicIPv6: "2001:db8::3", PrivateIPv4: "10.132.0.1", SSHPublicKeys: map[string]string{"000": "ssh-rsa A"}}},
		{"Packet", "packet", map[string]string{"/metadata": `{"hostname":"metal","ssh_keys":["ssh-rsa A","ssh-rsa B"],"network":{"addresses":[
			{"address_family":4,"public":true,"address":"192.0.2.4"},{"address_family":6,"public":true,"address":"2001:db8::4"},{"address_family":4,"public":false,"address":"10.0.0.4"},{"address_family":4,"public":false,"address":"10.0.0.5"}]}}`,
			"/userdata": userData},
			nil, config.Metadata{Hostname: "metal", PublicIPv4: "192.0.2.4", PublicIPv6: "2001:db8::4", PrivateIPv4: "10.0.0.4", SSHPublicKeys: map[string]string{"000": "ssh-rsa A", "001": "ssh-rsa B"}}},
		{"OpenStack", "openstack", map[string]string{"/openstack/latest/meta_data.json": `{"hostname":"nova","public_keys":{"k":"ssh-rsa A"}}`, "/openstack/latest/user_data": userData},
			nil, config.Metadata{Hostname: "nova", SSHPublicKeys: map[string]string{"k": "ssh-rsa A"}}},
		{"address", "url", map[string]string{"": userData, "/": userData}, nil, config.Metadata{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			found, err := query(t, test.kind+":"+cloud(t, test.paths, test.ask))
			if err != nil || string(found.userData) != userData || !reflect.DeepEqual(found.metadata, test.want) {
				t.Errorf("%q, %+v, %v; want %+v", found.userData, found.metadata, err, test.want)
			}
		})
	}
}

func google(w http.ResponseWriter, r *http.Request) int {
	if r.Header.Get("Metadata-Flavor") != "Google" {
		return http.StatusForbidden
	}
	w.Header().Set("Metadata-Flavor", "Google")
	return http.StatusOK
}

// What a cloud does not have is no error; what is broken is.
func TestCloudsWithLittle(t *testing.T) {
	tests := []struct {
		name, kind string
		paths      map[string]string
		message    string
		absent     bool
	}{
		{"EC2 with nothing set", "ec2", map[string]string{"/2009-04-04/meta-data/": ""}, "", false},
		{"no EC2", "ec2", nil, "", true},
		{"EC2 with a bad key list", "ec2", map[string]string{"/2009-04-04/meta-data/": "", "/2009-04-04/meta-data/public-keys/": "../../x=y"}, "want number=name", false},
		{"another cloud than GCE", "gce", map[string]string{"/computeMetadata/v1/instance/hostname": "x"}, "", true},
		{"DigitalOcean without anything", "digitalocean", map[string]string{"/metadata/v1.json": "{}"}, "", false},
		{"DigitalOcean that is not JSON", "digitalocean", map[string]string{"/metadata/v1.json": "<html>"}, "v1.json left out: invalid character", false},
		{"Packet with a wrong type", "packet", map[string]string{"/metadata": `{"hostname":1}`}, "cannot unmarshal number", false},
		{"Packet without user-data", "packet", map[string]string{"/metadata": "{}"}, "", false},
		{"no OpenStack", "openstack", nil, "", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			found, err := query(t, test.kind+":"+cloud(t, test.paths, nil))
			switch {
			case errors.Is(err, errAbsent) != test.absent:
				t.Errorf("error %v", err)
			case !test.absent && test.message == "" && err != nil, test.message != "" && (err == nil || !strings.Contains(err.Error(), test.message)):
				t.Errorf("error %v, want %q", err, test.message)
			case found.userData != nil:
				t.Errorf("user-data %q", found.userData)
			}
		})
	}
}

func TestCommandLineSource(t *testing.T) {
	address := cloud(t, map[string]string{"/c": userData}, nil) + "/c"
	for _, line := range []string{"quiet cloud-config-url=" + address, "cloud_config_url=" + address + " quiet"} {
		root := t.TempDir()
		cfg := sources("cmdline")
		if !NeedsNetwork(root, line, cfg) || NeedsNetwork(root, "quiet cloud-config-url=", cfg) {
			t.Error("cmdline needs the network only with an address")
		}
		pass := Pass{Root: root, CommandLine: line, Network: true, Limits: quick}
		put(t, filepath.Join(root, networkFile), "")
		if err := pass.Save(context.Background(), cfg); err != nil {
			t.Error(err)
		}
		if boot, _, _ := kept(root); boot != userData {
			t.Errorf("kept %q", boot)
		}
	}
}

func TestTwoPasses(t *testing.T) {
	address := cloud(t, map[string]string{"/c": "#cloud-config\nhostname: net\n"}, nil) + "/c"
	tests := []struct {
		name      string
		sources   []string
		needs     bool
		wantFirst string
		wantLast  string
	}{
		{"disk before network", []string{"file:/disk", "url:" + address}, false, "disk", "disk"},
		{"network before disk", []string{"url:" + address, "file:/disk"}, true, "disk", "net"},
		{"no disk", []string{"file:/none", "url:" + address}, true, "", "net"},
		{"the network has nothing", []string{"url:" + address + "x", "file:/disk"}, true, "disk", "disk"},
		{"no network configured", []string{"file:/disk"}, false, "disk", "disk"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			put(t, filepath.Join(root, "disk"), "#cloud-config\nhostname: disk\n")
			put(t, filepath.Join(root, networkFile), "")
			// What an earlier boot noted must not count.
			if err := writeAnswered(root, test.sources[0]); err != nil {
				t.Fatal(err)
			}
			cfg := sources(test.sources...)
			if err := save(root, cfg); err != nil {
				t.Fatal(err)
			}
			if boot, _, _ := kept(root); strings.TrimPrefix(boot, "#cloud-config\nhostname: ") != strings.TrimSuffix(test.wantFirst+"\n", "\n")+map[bool]string{true: "\n"}[test.wantFirst != ""] {
				t.Errorf("after the first pass: %q", boot)
			}
			if got := NeedsNetwork(root, "", cfg); got != test.needs {
				t.Errorf("NeedsNetwork = %v", got)
			}
			_ = Pass{Root: root, Network: true, Limits: quick}.Save(context.Background(), cfg)
			if boot, _, _ := kept(root); boot != "#cloud-config\nhostname: "+test.wantLast+"\n" {
				t.Errorf("after the second pass: %q", boot)
			}
			if test.wantLast == "net" && NeedsNetwork(root, "", cfg) {
				t.Error("the network is asked twice in a boot")
			}
		})
	}
}

// The order of the configuration counts, not the order of the answers.
func TestPrecedence(t *testing.T) {
	slow := make(chan struct{})
	first := cloud(t, map[string]string{"/c": "first"}, func(http.ResponseWriter, *http.Request) int { <-slow; return http.StatusOK })
	second := cloud(t, map[string]string{"/c": "second"}, func(http.ResponseWriter, *http.Request) int { close(slow); return http.StatusOK })
	list, err := configured([]string{"url:" + first + "/c", "url:" + second + "/c"}, "")
	if err != nil {
		t.Fatal(err)
	}
	source, found, err := (&asker{limits: quick}).first(context.Background(), list)
	if err != nil || source == nil || string(found.userData) != "first" {
		t.Errorf("%v, %q, %v", source, found.userData, err)
	}
}

// What `ros config validate` knows is what there is.
func TestKinds(t *testing.T) {
	names := []string{"*", "cmdline"}
	for name := range kinds {
		names = append(names, name)
	}
	slices.Sort(names)
	if known := config.DataSourceKinds(); !slices.Equal(names, known) {
		t.Errorf("there are %v, known are %v", names, known)
	}
}

func TestEverything(t *testing.T) {
	list, err := configured([]string{"*", "telepathy"}, "")
	if len(list) != len(everything) || err == nil || !strings.Contains(err.Error(), "telepathy: no data source of this kind") {
		t.Errorf("%d sources, %v", len(list), err)
	}
	for _, source := range list {
		if source.ask == nil {
			t.Errorf("%s can not be asked", source.name)
		}
	}
}
