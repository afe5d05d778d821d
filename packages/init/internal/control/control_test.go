package control

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/version"
)

const osConfig = "hostname: rancher\nrancher:\n  environment: {A: b}\n  network: {dns: {nameservers: [8.8.8.8]}}\n" +
	"  services:\n    two: {image: x/two:1}\n    one: {image: x/one:1}\n    same: {image: x/one:1}\n"

// ros runs a command line on a machine below root.
func ros(root, input string, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = execute(&session{stdin: strings.NewReader(input), stdout: &out, stderr: &err, root: root, commandLine: "rancher.debug=true"}, args)
	return code, out.String(), err.String()
}

func machine(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	path := filepath.Join(root, config.OSConfigFile)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(osConfig), 0o644); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestCommands(t *testing.T) {
	root := machine(t)
	file := filepath.Join(root, config.OSConfigFile)
	tests := []struct {
		line           string
		code           int
		stdout, stderr string
	}{
		{"--version", 0, "ros version " + version.Version + "\n", ""},
		{"-v", 0, "ros version " + version.Version + "\n", ""},
		{"os version", 0, version.Version + "\n", ""},
		{"config get hostname", 0, "rancher\n", ""},
		{"c get rancher.debug", 0, "true\n", ""},
		{"config get rancher.network.dns", 0, "nameservers:\n    - 8.8.8.8\n\n", ""},
		{"config get rancher.network.dns.nameservers", 0, "- 8.8.8.8\n\n", ""},
		{"config get absent", 0, "\n", ""},
		{"config images", 0, "x/one:1 x/two:1\n", ""},
		{"config images -i " + file, 0, "x/one:1 x/two:1\n", ""},
		{"service list", 0, "", ""},
		{"service list -a", 0, "enabled  one\nenabled  same\nenabled  two\n", ""},
		{"config get", 2, "", "ros: want one key\nusage: ros config get KEY\n"},
		{"config set hostname", 2, "", "ros: want a key and a value\nusage: ros config set KEY VALUE\n"},
		{"config set absent x", 1, "", "ros: unknown key absent\n"},
		{"config export -x", 2, "", "ros: no such option: -x\nusage: ros config export [-o FILE] [-b] [-p] [-f]\n"},
		{"config export extra", 2, "", "ros: unexpected argument: extra\nusage: ros config export [-o FILE] [-b] [-p] [-f]\n"},
		{"config images -i /absent", 1, "", "ros: open /absent: no such file or directory\n"},
		{"nonsense", 2, "", "ros: no such command: nonsense\nusage: ros COMMAND\n"},
		{"service nonsense", 2, "", "ros: no such command: nonsense\nusage: ros service [-f FILE] COMMAND\n"},
		{"service restart", 2, "", "ros: want at least one service\nusage: ros service restart [-t SECONDS] SERVICE...\n"},
		{"env", 2, "", "ros: want a program\nusage: ros env PROGRAM [ARGUMENT...]\n"},
		{"dev", 0, "", ""},
		{"dev a b", 2, "", "ros: unexpected argument: b\nusage: ros dev SPEC\n"},
		{"confgi get hostname", 2, "", "ros: no such command: confgi, did you mean config?\nusage: ros COMMAND\n"},
		{"service restrat", 2, "", "ros: no such command: restrat, did you mean restart?\nusage: ros service [-f FILE] COMMAND\n"},
		{"config export --prviate", 2, "", "ros: no such option: --prviate, did you mean --private?\nusage: ros config export [-o FILE] [-b] [-p] [-f]\n"},
		{"service --tls list -a", 0, "enabled  one\nenabled  same\nenabled  two\n", "ros: warning: --tls has no effect: the daemons are on this machine\n"},
		{"service disable absent", 1, "", "ros: absent is not included (rancher.services_include)\n"},
		{"service scale one=2", 2, "", "ros: \"one=2\": want SERVICE=0 or SERVICE=1, a container has its service's name\nusage: ros service scale [-t SECONDS] SERVICE=0|1...\n"},
		{"install", 2, "", "ros: want -d DEVICE, the disk to install to\nusage: ros install -d DEVICE [-t TYPE] [-c FILE] [-i IMAGE] [-f] [--no-reboot]\n"},
		{"install -d /dev/x -t what", 2, "", "ros: no such type: what, want one of generic, gptsyslinux, syslinux, noformat, raid, arm, amazon-ebs-hvm, amazon-ebs-pv, googlecompute, bootstrap, rancher-upgrade\nusage: ros install -d DEVICE [-t TYPE] [-c FILE] [-i IMAGE] [-f] [--no-reboot]\n"},
		{"completion tcsh", 2, "", "ros: no such shell: tcsh, want bash, zsh or fish\nusage: ros completion bash|zsh|fish\n"},
	}
	for _, test := range tests {
		t.Run(test.line, func(t *testing.T) {
			code, stdout, stderr := ros(root, "", strings.Fields(test.line)...)
			if code != test.code || stdout != test.stdout || stderr != test.stderr {
				t.Errorf("exit code %d, stdout %q, stderr %q; want %d, %q, %q", code, stdout, stderr, test.code, test.stdout, test.stderr)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	for line, part := range map[string]string{"": "usage: ros COMMAND", "--help": "  service, s   ", "config": "  export   ", "config get -h": "usage: ros config get KEY", "config export --help": "  -f, --full          everything that is merged", "help": "  console  "} {
		if code, stdout, stderr := ros(t.TempDir(), "", strings.Fields(line)...); code != 0 || !strings.Contains(stdout, part) || stderr != "" {
			t.Errorf("ros %s: exit code %d, stdout %q, stderr %q; want %q", line, code, stdout, stderr, part)
		}
	}
}

// must runs a command line that has to succeed in silence, and gives what it prints.
func must(t *testing.T, root, input string, args ...string) string {
	t.Helper()
	code, stdout, stderr := ros(root, input, args...)
	if code != 0 || stderr != "" {
		t.Fatalf("ros %v: exit code %d, stderr %q", args, code, stderr)
	}
	return stdout
}

func TestChangeAndExport(t *testing.T) {
	root := machine(t)
	must(t, root, "", "config", "set", "hostname", "box")
	must(t, root, "", "config", "set", "rancher.network.dns.search", "[a,b]")
	must(t, root, "rancher: {modules: [m], ssh: {keys: {rsa: secret}}}", "config", "merge")
	if got := must(t, root, "", "config", "export"); got != "hostname: box\nrancher:\n    modules:\n        - m\n    network:\n        dns:\n            search:\n                - a\n                - b\n" {
		t.Errorf("export: %q", got)
	}
	if got := must(t, root, "", "config", "export", "-p"); !strings.Contains(got, "secret") {
		t.Errorf("export -p: %q", got)
	}
	full := must(t, root, "", "config", "export", "--full")
	if !strings.Contains(full, "x/two:1") || !strings.Contains(full, "hostname: box") || strings.Contains(full, "secret") {
		t.Errorf("export -f: %q", full)
	}
	target := filepath.Join(root, "exported")
	must(t, root, "", "config", "export", "-o", target)
	if info, err := os.Stat(target); err != nil || info.Mode().Perm() != 0o400 {
		t.Errorf("export -o: %v, %v", info, err)
	}
	must(t, root, "hostname: other\n", "config", "import")
	if got := must(t, root, "", "config", "export"); got != "hostname: other\n" {
		t.Errorf("after import: %q", got)
	}
	if code, _, stderr := ros(root, "a: [", "config", "import"); code != 1 || !strings.Contains(stderr, "standard input:1: not YAML") {
		t.Errorf("import of what is not YAML: exit code %d, %q", code, stderr)
	}
	if got := must(t, root, "", "config", "get", "hostname"); got != "other\n" {
		t.Errorf("hostname is %q", got)
	}
}

func TestWarningsGoToStandardError(t *testing.T) {
	root := machine(t)
	code, stdout, stderr := ros(root, "hostname: x\nnonsense: 1\n", "config", "import")
	if want := "ros: warning: standard input:2: unknown key nonsense, left out\n"; code != 0 || stdout != "" || stderr != want {
		t.Errorf("exit code %d, stdout %q, stderr %q, want %q", code, stdout, stderr, want)
	}
}

func TestValidate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yml")
	for _, test := range []struct {
		text           string
		code           int
		stdout, stderr string
	}{
		{"#cloud-config\nhostname: x\n", 0, "", ""},
		{"hostname: x\nnonsense: 1\n", 1, "FILE:2: unknown key nonsense, left out\n", "ros: FILE is not valid\n"},
		{"a: 1\nrancher: {ssh: {port: 0}}\n", 1, "FILE:1: unknown key a, left out\nFILE:2: rancher.ssh.port is \"0\", want a number from 1 to 65535\n", "ros: FILE is not valid, for 2 reasons\n"},
		{"a: [\n", 1, "FILE:1: not YAML, file left out: did not find expected node content\n", "ros: FILE is not valid\n"},
	} {
		if err := os.WriteFile(file, []byte(test.text), 0o644); err != nil {
			t.Fatal(err)
		}
		for name, run := range map[string]func() (int, string, string){
			file:             func() (int, string, string) { return ros("/", "", "config", "validate", "-i", file) },
			"standard input": func() (int, string, string) { return ros("/", test.text, "config", "validate") },
		} {
			code, stdout, stderr := run()
			if code != test.code || stdout != strings.ReplaceAll(test.stdout, "FILE", name) || stderr != strings.ReplaceAll(test.stderr, "FILE", name) {
				t.Errorf("%q from %s: exit code %d, stdout %q, stderr %q", test.text, name, code, stdout, stderr)
			}
		}
	}
	if code, _, stderr := ros("/", "", "config", "validate", "-i", "/absent"); code != 1 || stderr != "ros: open /absent: no such file or directory\n" {
		t.Errorf("absent: exit code %d, stderr %q", code, stderr)
	}
	if code, stdout, _ := ros("/", "", "config", "schema"); code != 0 || stdout != string(config.Schema) {
		t.Errorf("schema: exit code %d, %.40q", code, stdout)
	}
}

func TestUnder(t *testing.T) {
	got := under(map[string]string{"B": "1", "A": "2"}, []string{"A=own"})
	if !slices.Equal(got, []string{"A=own", "B=1"}) {
		t.Errorf("under = %v", got)
	}
}
