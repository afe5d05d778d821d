package cloudinit

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rancheros-kit/init/internal/config"
)

// withDrive makes a root with a config drive that is mounted already.
func withDrive(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		put(t, filepath.Join(root, "media/config-2/openstack/latest", name), content)
	}
	return root
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	if _, err := writer.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.String()
}

func sources(names ...string) *config.Config {
	return &config.Config{Rancher: config.Rancher{CloudInit: config.CloudInit{Datasources: names}}}
}

// quick are limits for tests: long enough for a busy machine, short where a test runs into them.
var quick = Limits{Source: 10 * time.Second, Request: 5 * time.Second, Pause: time.Millisecond, Network: time.Millisecond}

// save is the first pass of a boot.
func save(root string, cfg *config.Config) error {
	return Pass{Root: root, Limits: quick}.Save(context.Background(), cfg)
}

// kept reads the three files; absent ones are empty.
func kept(root string) (boot, script, metadata string) {
	read := func(path string) string {
		content, _ := os.ReadFile(filepath.Join(root, path))
		return string(content)
	}
	return read(config.BootFile), read(config.ScriptFile), read(config.MetadataFile)
}

func TestSave(t *testing.T) {
	cloudConfig := "#cloud-config\nhostname: box\n"
	tests := []struct {
		name                   string
		files                  map[string]string
		boot, script, metadata string
		message                string
	}{
		{"cloud-config", map[string]string{"user_data": cloudConfig}, cloudConfig, "", "", ""},
		{"gzip'd", map[string]string{"user_data": gzipped(t, cloudConfig)}, cloudConfig, "", "", ""},
		{"line ends of Windows", map[string]string{"user_data": "#cloud-config\r\nhostname: box\r\n"}, "#cloud-config\r\nhostname: box\r\n", "", "", ""},
		{"script", map[string]string{"user_data": "#!/bin/sh\ntrue\n"}, "", "#!/bin/sh\ntrue\n", "", ""},
		{"metadata", map[string]string{"meta_data.json": `{"hostname":"m","public_keys":{"0":"k"},"uuid":"x"}`}, "", "", "hostname: m\nsshpublickeys:\n    \"0\": k\n", ""},
		{"both", map[string]string{"user_data": cloudConfig, "meta_data.json": `{"hostname":"m"}`}, cloudConfig, "", "hostname: m\n", ""},
		{"not YAML", map[string]string{"user_data": "#cloud-config\na: [\n"}, "", "", "", "user-data:2: not YAML"},
		{"no map", map[string]string{"user_data": "#cloud-config\n- a\n"}, "", "", "", "user-data:2: the document is a list"},
		{"unknown kind", map[string]string{"user_data": "hello\n"}, "", "", "", `first line is "hello", want #cloud-config`},
		{"compose", map[string]string{"user_data": "#compose\nweb:\n  image: x\n  prots: y\n"}, "#cloud-config\nrancher:\n    services:\n        web:\n            image: x\n", "", "", "user-data:4: unknown key rancher.services.web.prots"},
		{"later compose", map[string]string{"user_data": "#compose\nversion: '3'\nservices: {web: {image: x}}\n"}, "#cloud-config\nrancher:\n    services:\n        web:\n            image: x\n", "", "", ""},
		{"broken compose", map[string]string{"user_data": "#compose\na: [\n"}, "", "", "", "user-data:2: not YAML"},
		{"compose that is a list", map[string]string{"user_data": "#compose\n- a\n"}, "", "", "", "user-data:2: rancher.services is a list"},
		{"metadata that can not be", map[string]string{"meta_data.json": `{"hostname":"a b","public_keys":{"0":"k","1":"a\nb"}}`}, "", "", "sshpublickeys:\n    \"0\": k\n", `host name "a b" left out`},
		{"broken gzip", map[string]string{"user_data": gzipped(t, cloudConfig)[:20]}, "", "", "", "user-data left out: unexpected EOF"},
		{"broken metadata", map[string]string{"user_data": cloudConfig, "meta_data.json": "{"}, cloudConfig, "", "", "meta_data.json left out"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := withDrive(t, test.files)
			put(t, filepath.Join(root, config.BootFile), "hostname: earlier\n")
			err := save(root, sources("configdrive:/media/config-2"))
			if test.message == "" && err != nil || test.message != "" && (err == nil || !strings.Contains(err.Error(), test.message)) {
				t.Errorf("error %v, want %q", err, test.message)
			}
			boot, script, metadata := kept(root)
			if boot != test.boot || script != test.script || metadata != test.metadata {
				t.Errorf("kept %q, %q, %q; want %q, %q, %q", boot, script, metadata, test.boot, test.script, test.metadata)
			}
		})
	}
}

func TestSaveModes(t *testing.T) {
	root := withDrive(t, map[string]string{"user_data": "#!/bin/sh\n", "meta_data.json": `{"hostname":"m"}`})
	if err := save(root, sources("configdrive:/media/config-2")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{config.ScriptFile: 0o700, config.MetadataFile: 0o600} {
		if info, err := os.Stat(filepath.Join(root, path)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want mode %v", path, info, err, want)
		}
	}
}

func TestSourcesInOrder(t *testing.T) {
	root := t.TempDir()
	put(t, filepath.Join(root, "first"), "#cloud-config\nhostname: first\n")
	put(t, filepath.Join(root, "second"), "#cloud-config\nhostname: second\n")
	err := save(root, sources("file:/absent", "telepathy", "file:/first", "file:/second"))
	if err == nil || !strings.Contains(err.Error(), "telepathy: no data source of this kind") {
		t.Errorf("error %v, want one that names the unknown kind", err)
	}
	if boot, _, _ := kept(root); boot != "#cloud-config\nhostname: first\n" {
		t.Errorf("kept %q, want the first that is there", boot)
	}
	if err := save(root, sources("file:/absent")); err != nil {
		t.Error(err)
	}
	if boot, _, _ := kept(root); boot == "" {
		t.Error("without an answer the last one must stay")
	}
}

func TestAuthorizeKeys(t *testing.T) {
	root := t.TempDir()
	put(t, filepath.Join(root, "etc/passwd"), "rancher:x:1100:1100::/home/rancher:/bin/bash\ndocker:x:1101:1101::/home/docker:/bin/bash\n")
	put(t, filepath.Join(root, "home/rancher/.ssh/authorized_keys"), "ssh-rsa OWN mine")
	keys := []string{"ssh-ed25519 A one\n", "ssh-ed25519 A other comment", "ssh-rsa OWN", "", "ssh-rsa B\nssh-rsa INJECTED", "ssh-rsa B"}
	for range 2 {
		if err := AuthorizeKeys(root, keys); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		"home/rancher/.ssh/authorized_keys": "ssh-rsa OWN mine\nssh-ed25519 A one\nssh-rsa B\n",
		"home/docker/.ssh/authorized_keys":  "ssh-ed25519 A one\nssh-rsa OWN\nssh-rsa B\n",
	} {
		content, err := os.ReadFile(filepath.Join(root, path))
		if err != nil || string(content) != want {
			t.Errorf("%s is %q (%v), want %q", path, content, err, want)
		}
		if info, _ := os.Stat(filepath.Join(root, path)); info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
	}
	if err := AuthorizeKeys(t.TempDir(), keys); err == nil || !strings.Contains(err.Error(), "authorizing ssh keys of docker") {
		t.Errorf("without users: %v", err)
	}
}

func TestWriteFiles(t *testing.T) {
	packed := base64.StdEncoding.EncodeToString([]byte(gzipped(t, "packed")))
	root := t.TempDir()
	files := []config.WriteFile{
		{Path: "/etc/plain", Content: "text"},
		{Path: "/a/b/c", Content: "dGV4\n  dA==\n", Encoding: "b64", Permissions: "0600", Owner: "7:8"},
		{Path: "/gz", Content: packed[:10] + "\n" + packed[10:], Encoding: "gzip+base64", Permissions: "4755"},
		{Path: "relative", Content: "x"},
		{Path: "/bad-mode", Permissions: "rwx"},
		{Path: "/bad-mode-too", Permissions: "10000"},
		{Path: "/bad-encoding", Encoding: "rot13"},
		{Path: "/bad-base64", Encoding: "b64", Content: "!"},
		{Path: "/bad-owner", Owner: "nobody-here"},
	}
	err := WriteFiles(root, files)
	for _, message := range []string{`path "relative" is not absolute`, `permissions "rwx"`, `permissions "10000"`, `unknown encoding "rot13"`, "/bad-base64", "/bad-owner: looking up user"} {
		if err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("error %v, want %q in it", err, message)
		}
	}
	for path, want := range map[string]struct {
		content string
		mode    os.FileMode
	}{"etc/plain": {"text", 0o644}, "a/b/c": {"text", 0o600}, "gz": {"packed", 0o755 + os.ModeSetuid}} {
		content, err := os.ReadFile(filepath.Join(root, path))
		if err != nil || string(content) != want.content {
			t.Errorf("%s is %q (%v), want %q", path, content, err, want.content)
		}
		if info, _ := os.Stat(filepath.Join(root, path)); info.Mode() != want.mode {
			t.Errorf("%s has mode %v, want %v", path, info.Mode(), want.mode)
		}
	}
	if entries, _ := os.ReadDir(root); len(entries) != 3 {
		t.Errorf("written: %v", entries)
	}
}

func TestShare(t *testing.T) {
	sys := t.TempDir()
	put(t, filepath.Join(sys, "bus/virtio/drivers/9pnet_virtio/virtio3/mount_tag"), "config-2\x00")
	if !hasShare(sys, "config-2") || hasShare(sys, "other") || hasShare(t.TempDir(), "config-2") {
		t.Error("the share is not told from others")
	}
}

func TestHostnameOfALeaseStays(t *testing.T) {
	present, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ file, want string }{
		{config.OSConfigFile, present},
		{config.CloudConfigFile, "configured"},
	} {
		root := t.TempDir()
		for path, content := range map[string]string{c.file: "hostname: configured\n", "proc/cmdline": "quiet\n"} {
			target := filepath.Join(root, path)
			if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(target, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := hostname(root, "configured"); got != c.want {
			t.Errorf("%s: %q, want %q", c.file, got, c.want)
		}
	}
}
