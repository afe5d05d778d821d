package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	text := `#cloud-config
hostname: a b
ssh_authorized_keys:
- ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDyLx0xC me@here
- no-pty ssh-rsa AAAAB3NzaC1y
- hello
write_files:
- {path: etc/x, permissions: rwx, encoding: rot13, content: x}
- path: /etc/y
  permissions: "0600"
nonsense: 1
rancher:
  ssh: {port: 70000, listen_address: here}
  cloud_init: {datasources: [telepathy, "url:", "ec2", "file:/x"]}
  network: {dns: {nameservers: 8.8.8}}
  services: {a: {image: " "}}
  debug: perhaps
`
	var got []string
	for _, warning := range Validate("f", []byte(text)) {
		got = append(got, warning.String())
	}
	want := []string{
		`f:2: hostname is "a b", want a host name of at most 64 characters`,
		`f:6: ssh_authorized_keys[2] is "hello", want a public key: type, key, comment`,
		`f:8: write_files[0].path is "etc/x", want an absolute path`,
		`f:8: write_files[0].permissions is "rwx", want octal digits up to 7777`,
		`f:8: write_files[0].encoding is "rot13", want one of text/plain, b64, base64, gz, gzip, gz+b64, gz+base64, gzip+b64, gzip+base64`,
		"f:11: unknown key nonsense, left out",
		`f:13: rancher.ssh.port is "70000", want a number from 1 to 65535`,
		`f:13: rancher.ssh.listen_address is "here", want an address`,
		`f:14: rancher.cloud_init.datasources[0] is "telepathy", want kind or kind:argument with one of *, azure, cmdline, configdrive, digitalocean, ec2, file, gce, nocloud, openstack, packet, url, vmware`,
		`f:14: rancher.cloud_init.datasources[1] is "url:", want url:argument`,
		`f:15: rancher.network.dns.nameservers is "8.8.8", want an address`,
		`f:16: rancher.services.a.image is " ", want an image`,
		`f:17: rancher.debug is "perhaps", want true or false; left out`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestValidateWhole(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", "", ""},
		{"not YAML", "a: [", "f:1: not YAML"},
		{"a list", "- a", "f:1: the document is a list"},
		{"not text", "hostname: \xff", "f: is not UTF-8"},
		{"too large", strings.Repeat("#", maxFileSize+1), "f: 4194305 bytes, limit 4194304"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Validate("f", []byte(test.text))
			if (len(got) == 0) != (test.want == "") || len(got) > 0 && !strings.HasPrefix(got[0].String(), test.want) {
				t.Errorf("got %v, want %q", got, test.want)
			}
		})
	}
	shipped, err := os.ReadFile("../../../distro/assets/os-config.yml")
	if err != nil {
		t.Fatal(err)
	}
	if got := Validate("os-config.yml", shipped); len(got) > 0 {
		t.Errorf("what the system comes with: %v", got)
	}
}

func TestImportSplitsSecrets(t *testing.T) {
	root := machine(t, map[string]string{OSConfigFile: "{}", PrivateFile: "rancher: {ssh: {keys: {rsa: old}}}"})
	text := "hostname: box\nrancher: {password: word, ssh: {keys: {ed25519: key}}, debug: true}\n"
	if warnings, err := Import(root, "f", []byte(text), false); err != nil || len(warnings) > 0 {
		t.Fatalf("%v, %v", warnings, err)
	}
	for path, want := range map[string]string{
		CloudConfigFile: "hostname: box\nrancher:\n    debug: true\n",
		PrivateFile:     "rancher:\n    password: word\n    ssh:\n        keys:\n            ed25519: key\n            rsa: old\n",
	} {
		content, err := os.ReadFile(filepath.Join(root, path))
		if err != nil || string(content) != want {
			t.Errorf("%s is %q, %v; want %q", path, content, err, want)
		}
		if info, err := os.Stat(filepath.Join(root, path)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	if err := Set(root, "rancher.password", "other"); err != nil {
		t.Fatal(err)
	}
	if config, _, _ := Load(root, ""); config.Rancher.Password != "other" || config.Rancher.SSH.Keys["rsa"] != "old" {
		t.Errorf("%+v", config.Rancher)
	}
	if content, _ := os.ReadFile(filepath.Join(root, CloudConfigFile)); strings.Contains(string(content), "other") {
		t.Errorf("the password is in %q", content)
	}
	for _, parts := range []Parts{{}, {Full: true}} {
		if tree, _, _ := Export(root, "", parts); tree["rancher"].(map[string]any)["password"] != nil || tree["rancher"].(map[string]any)["ssh"] != nil {
			t.Errorf("%+v exports %v", parts, tree)
		}
	}
}

func FuzzValidate(f *testing.F) {
	for _, text := range []string{"write_files: &a [*a]", "rancher: {services: &x {a: *x}}", "ssh_authorized_keys: {<<: {a: b}}", "write_files: [{path: a}]", "? [a]\n: b", "0:\r0  :"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		last := 0
		for _, warning := range Validate("f", content) {
			if warning.Line < last {
				t.Errorf("line %d after line %d", warning.Line, last)
			}
			last = warning.Line
		}
	})
}
