package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestArguments(t *testing.T) {
	no := false
	args := []string{"dockerd", "--storage-driver=overlay2", "--log-opt=max-size=25m", "--log-opt", "max-file=2", "--host=unix:///run/docker.sock", "--iptables"}
	tests := []struct {
		name   string
		docker Docker
		want   string
	}{
		{"nothing set", Docker{Args: args, ExtraArgs: []string{"--x"}}, strings.Join(args, " ") + " --x"},
		{"no arguments, no program", Docker{StorageDriver: "vfs"}, ""},
		{"a value replaces the argument", Docker{Args: args, StorageDriver: "vfs", ExtraArgs: []string{"--x"}},
			"dockerd --log-opt=max-size=25m --log-opt max-file=2 --host=unix:///run/docker.sock --iptables --storage-driver=vfs --x"},
		{"a log driver does not get another's options", Docker{Args: args, LogDriver: "syslog"},
			"dockerd --storage-driver=overlay2 --host=unix:///run/docker.sock --iptables --log-driver=syslog"},
		{"log options replace those of the arguments", Docker{Args: args, LogDriver: "json-file", LogOpts: map[string]string{"max-size": "1m", "compress": "true"}},
			"dockerd --storage-driver=overlay2 --host=unix:///run/docker.sock --iptables --log-driver=json-file --log-opt=compress=true --log-opt=max-size=1m"},
		{"lists, numbers, truth values", Docker{Args: []string{"dockerd"}, BIP: "10.1.0.1/16", MTU: 1400, LiveRestore: &no, RegistryMirror: []string{"https://a"}, InsecureRegistry: []string{"b", "c:5000"}},
			"dockerd --bip=10.1.0.1/16 --insecure-registry=b --insecure-registry=c:5000 --live-restore=false --mtu=1400 --registry-mirror=https://a"},
		{"an option without a value before another", Docker{Args: []string{"dockerd", "--debug", "--x"}, Debug: &no}, "dockerd --x --debug=false"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := slices.Clone(test.docker.Args)
			if got := strings.Join(test.docker.Arguments(), " "); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if !slices.Equal(before, test.docker.Args) {
				t.Error("the configuration was changed")
			}
		})
	}
}

// Every field is an option of dockerd, but those that say how it is started and who may ask it.
func TestEveryFieldIsAnOption(t *testing.T) {
	record := reflect.TypeFor[Docker]()
	for index := range record.NumField() {
		field := record.Field(index)
		if field.Tag.Get("option") == "" && !slices.Contains([]string{"Args", "ExtraArgs", "Environment", "Exec", "TLS", "TLSArgs", "ServerCert", "ServerKey", "CACert", "CAKey", "Engine", "StorageContext"}, field.Name) {
			t.Errorf("%s has no option", field.Name)
		}
	}
}

func TestLaterKeys(t *testing.T) {
	text := `
mounts:
- [LABEL=data, /mnt/data, ext4, "ro,noatime"]
- [/dev/vdb, null, swap, null]
- /dev/vdc /mnt/c auto defaults
runcmd:
- echo "a b" > /tmp/x
- [touch, /tmp/y]
bootcmd: [true]
rancher:
  sysctl: {net.ipv4.ip_forward: 1, kernel.domainname: rancher}
  ssh: {port: "2022", daemon: no, listen_address: 127.0.0.1}
  docker: {storage_driver: vfs, live_restore: false, insecure_registry: a, log_opts: [max-size=1m]}
  network: {http_proxy: http://p}
`
	cfg, warnings, err := Read("file", []byte(text))
	if err != nil || len(warnings) > 0 {
		t.Fatalf("%v, %v", warnings, err)
	}
	no := false
	want := &Config{
		Mounts:  []Fields{{"LABEL=data", "/mnt/data", "ext4", "ro,noatime"}, {"/dev/vdb", "", "swap", ""}, {"/dev/vdc", "/mnt/c", "auto", "defaults"}},
		Runcmd:  []Command{{"/bin/sh", "-c", `echo "a b" > /tmp/x`}, {"touch", "/tmp/y"}},
		Bootcmd: []Command{{"/bin/sh", "-c", "true"}},
		Rancher: Rancher{
			Sysctl:  map[string]string{"net.ipv4.ip_forward": "1", "kernel.domainname": "rancher"},
			SSH:     SSH{Port: 2022, Daemon: &no, ListenAddress: "127.0.0.1"},
			Docker:  Docker{StorageDriver: "vfs", LiveRestore: &no, InsecureRegistry: []string{"a"}, LogOpts: map[string]string{"max-size": "1m"}},
			Network: Network{HTTPProxy: "http://p"},
		},
	}
	if !reflect.DeepEqual(cfg, want) {
		t.Errorf("got  %+v\nwant %+v", cfg, want)
	}
	_, warnings, _ = Read("file", []byte("rancher: {ssh: {port: x}}\nruncmd: [{a: b}]\nmounts: x"))
	for at, message := range []string{`file:1: rancher.ssh.port is "x", want a whole number`, "file:2: runcmd[0] is a map, want a list", "file:3: mounts is a single value, want a list"} {
		if at >= len(warnings) || !strings.Contains(warnings[at].String(), message) {
			t.Errorf("warnings %v, want %q", warnings, message)
		}
	}
}
