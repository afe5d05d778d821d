package console

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestProxy(t *testing.T) {
	root := t.TempDir()
	path := filepath.Join(root, proxyScript)
	if err := writeProxy(root, []string{"HTTP_PROXY=http://p:1", "http_proxy=http://p:1", "no_proxy=a b"}); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if want := "export HTTP_PROXY='http://p:1'\nexport http_proxy='http://p:1'\n"; err != nil || string(content) != want {
		t.Errorf("%q (%v), want %q", content, err, want)
	}
	if err := writeProxy(root, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the script of an earlier boot is there still: %v", err)
	}
	if got := strings.Join(sshd(nil), " "); got != "/usr/sbin/sshd -D -e" {
		t.Errorf("sshd without proxies: %s", got)
	}
	if got := strings.Join(sshd([]string{"A=1", "B=2"}), "|"); got != "/usr/sbin/sshd|-D|-e|-o|SetEnv=A=1 B=2" {
		t.Errorf("sshd: %s", got)
	}
}
