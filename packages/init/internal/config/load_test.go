package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// machine writes files below a new root.
func machine(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	fill(t, root, files)
	return root
}

func fill(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for path, content := range files {
		target := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func texts(warnings []Warning) []string {
	lines := []string{}
	for _, warning := range warnings {
		lines = append(lines, warning.String())
	}
	return lines
}

func TestLoadTheConfigurationThatShips(t *testing.T) {
	content, err := os.ReadFile("../../../distro/assets/os-config.yml")
	if err != nil {
		t.Fatal(err)
	}
	root := machine(t, map[string]string{OSConfigFile: string(content)})
	config, warnings, err := Load(root, "quiet rancher.password=007 rancher.state.autoformat=[/dev/sda,/dev/vda] rancher.debug")
	if err != nil || len(warnings) > 0 {
		t.Fatalf("Load: %v, warnings %v", err, warnings)
	}
	if config.Hostname != "rancher" || config.Rancher.Password != "007" || !config.Rancher.Debug {
		t.Errorf("hostname %q, password %q, debug %v", config.Hostname, config.Rancher.Password, config.Rancher.Debug)
	}
	if want := []string{"/dev/sda", "/dev/vda"}; !reflect.DeepEqual(config.Rancher.State.Autoformat, want) {
		t.Errorf("autoformat = %v, want %v", config.Rancher.State.Autoformat, want)
	}
	console := config.Rancher.Services["console"]
	if !console.Privileged || console.Restart != "always" || console.Labels["io.docker.compose.rebuild"] != "always" {
		t.Errorf("console = %+v", console)
	}
	if labels := config.Rancher.Services["user-volumes"].Labels; labels["io.rancher.os.createonly"] != "true" {
		t.Errorf("labels by alias = %v", labels)
	}
	if !config.Rancher.Network.Interfaces["eth*"].DHCP {
		t.Error("eth* has no dhcp")
	}
}

func TestSourcesInOrder(t *testing.T) {
	files := map[string]string{
		OSConfigFile:                      "hostname: os\nrancher: {modules: [a, b], environment: {A: os, B: os, C: os, D: os, E: os}}",
		OEMConfigFile:                     "rancher: {environment: {B: oem, C: oem, D: oem, E: oem}}",
		CloudConfigDir + "/10-first":      "rancher: {environment: {C: first, D: first, E: first}}",
		CloudConfigDir + "/20-second.yml": "rancher: {environment: {C: second, D: second, E: second}, modules: [c]}",
		CloudConfigDir + "/.hidden":       "rancher: {environment: {A: hidden}}",
		CloudConfigFile:                   "rancher: {environment: {D: user, E: user}}",
	}
	config, warnings, err := Load(machine(t, files), "rancher.environment.E=line")
	if err != nil || len(warnings) > 0 {
		t.Fatalf("Load: %v, warnings %v", err, warnings)
	}
	want := map[string]string{"A": "os", "B": "oem", "C": "second", "D": "user", "E": "line"}
	if !reflect.DeepEqual(config.Rancher.Environment, want) {
		t.Errorf("environment = %v, want %v", config.Rancher.Environment, want)
	}
	if want := []string{"c"}; !reflect.DeepEqual(config.Rancher.Modules, want) {
		t.Errorf("a list is replaced: %v, want %v", config.Rancher.Modules, want)
	}
}

func TestMetadata(t *testing.T) {
	metadata := "hostname: from-metadata\npublicipv4: 192.0.2.7\nsshpublickeys: {'1': one, '0': zero, '2': own}\n"
	files := map[string]string{
		OSConfigFile:    "hostname: rancher",
		MetadataFile:    metadata,
		CloudConfigFile: "ssh_authorized_keys: [own]\nrancher: {environment: {A: $public_ipv4, B: '\\$public_ipv4', C: '\\\\$public_ipv4', D: 'x$private_ipv6'}}",
	}
	config, warnings, err := Load(machine(t, files), "")
	if err != nil || len(warnings) > 0 {
		t.Fatalf("Load: %v, warnings %v", err, warnings)
	}
	if config.Hostname != "from-metadata" {
		t.Errorf("hostname = %q: metadata comes before the system's default", config.Hostname)
	}
	if want := []string{"own", "zero", "one"}; !reflect.DeepEqual(config.SSHAuthorizedKeys, want) {
		t.Errorf("keys = %v, want %v", config.SSHAuthorizedKeys, want)
	}
	want := map[string]string{"A": "192.0.2.7", "B": "$public_ipv4", "C": `\192.0.2.7`, "D": "x"}
	if !reflect.DeepEqual(config.Rancher.Environment, want) {
		t.Errorf("environment = %v, want %v", config.Rancher.Environment, want)
	}
	files[CloudConfigFile] = "hostname: chosen"
	if config, _, _ := Load(machine(t, files), ""); config.Hostname != "chosen" {
		t.Errorf("hostname = %q, want the user's", config.Hostname)
	}
}

func TestWhatIsWrongIsLeftOutWithFileAndLine(t *testing.T) {
	tests := []struct{ name, content, warning string }{
		{"no YAML", "hostname: a\n\tb: c\n", "/var/lib/rancher/conf/cloud-config.yml:2: not YAML, file left out: found a tab character that violates indentation"},
		{"unknown key", "hostname: a\nrancher:\n  debgu: true\n", "/var/lib/rancher/conf/cloud-config.yml:3: unknown key rancher.debgu, left out"},
		{"no map", "- a\n", "/var/lib/rancher/conf/cloud-config.yml:1: the document is a list, want a map; left out"},
		{"wrong type", "rancher:\n  debug: maybe\n", `/var/lib/rancher/conf/cloud-config.yml:2: rancher.debug is "maybe", want true or false; left out`},
		{"map for a text", "hostname: {a: b}\n", "/var/lib/rancher/conf/cloud-config.yml:1: hostname is a map, want a text; left out"},
		{"text for a map", "rancher: yes\n", "/var/lib/rancher/conf/cloud-config.yml:1: rancher is a single value, want a map; left out"},
		{"twice", "hostname: a\nhostname: b\n", "/var/lib/rancher/conf/cloud-config.yml:2: key hostname is given twice, the first one holds"},
		{"open quote", "rancher: {services: {a: {command: 'sh -c \"x'}}}\n", "/var/lib/rancher/conf/cloud-config.yml:1: rancher.services.a.command: a double quote is not closed; left out"},
		{"an anchor in itself", "rancher: &a\n  <<: *a\n", "/var/lib/rancher/conf/cloud-config.yml:1: merge keys are nested deeper than 8, the rest left out"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := machine(t, map[string]string{OSConfigFile: "rancher: {modules: [overlay]}", CloudConfigFile: test.content})
			config, warnings, err := Load(root, "")
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(texts(warnings), "\n"); got != test.warning {
				t.Errorf("warnings:\n%s\nwant:\n%s", got, test.warning)
			}
			if len(config.Rancher.Modules) != 1 {
				t.Error("the rest of the configuration is lost")
			}
		})
	}
}

func TestUnreadableSources(t *testing.T) {
	root := machine(t, map[string]string{CloudConfigFile: "hostname: still"})
	if err := os.MkdirAll(filepath.Join(root, MetadataFile), 0o755); err != nil {
		t.Fatal(err)
	}
	config, warnings, err := Load(root, "rancher.nonsense=1 rancher.state=x rancher.state.dev=y")
	if err == nil || !strings.Contains(err.Error(), "os-config.yml") {
		t.Errorf("error = %v, want one that names os-config.yml", err)
	}
	if config.Hostname != "still" {
		t.Errorf("hostname = %q: what there is must hold", config.Hostname)
	}
	if got := strings.Join(texts(warnings), "\n"); strings.Count(got, "kernel command line") != 3 || !strings.Contains(got, "not a regular file") {
		t.Errorf("warnings:\n%s", got)
	}
}

func TestComposeLeniency(t *testing.T) {
	root := machine(t, map[string]string{OSConfigFile: `
rancher:
  services:
    a:
      command: sh -c 'echo "a b"' x\ y
      environment: {B: 2, A: true, C: }
      labels: [io.rancher.os.scope=system, bare]
      links: other
      volumes_from: [x]
    b:
      command: [sh, 1, true]
      environment: [A=1]
      labels: {n: 5, t: true, empty: }
`})
	config, warnings, err := Load(root, "")
	if err != nil || len(warnings) > 0 {
		t.Fatalf("Load: %v, warnings %v", err, warnings)
	}
	want := map[string]Service{
		"a": {
			Command: []string{"sh", "-c", `echo "a b"`, "x y"}, Environment: []string{"A=true", "B=2", "C"},
			Labels: map[string]string{"io.rancher.os.scope": "system", "bare": ""}, Links: []string{"other"}, VolumesFrom: []string{"x"},
		},
		"b": {
			Command: []string{"sh", "1", "true"}, Environment: []string{"A=1"}, Labels: map[string]string{"n": "5", "t": "true", "empty": ""},
		},
	}
	if !reflect.DeepEqual(config.Rancher.Services, want) {
		t.Errorf("services = %+v\nwant %+v", config.Rancher.Services, want)
	}
}
