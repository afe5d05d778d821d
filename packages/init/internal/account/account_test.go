package account

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rancheros-kit/init/internal/atomicfile"
)

// What `openssl passwd -6` gives; the first is a vector of the specification too.
func TestSHA512Crypt(t *testing.T) {
	tests := []struct{ password, salt, want string }{
		{"Hello world!", "saltstring", "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"},
		{strings.Repeat("x", 200), "ab", "$6$ab$omzZb0bmJoRBt5rynstCYhtCkj5Pnaxr7/OBLY7H0ohGwnKPkfLLo1GLkoPb.oJKhfU9ZEA.dchxWSflGL.eh/"},
	}
	for _, test := range tests {
		if got := sha512Crypt(test.password, test.salt); got != test.want {
			t.Errorf("sha512Crypt(%q, %q) = %s, want %s", test.password, test.salt, got, test.want)
		}
	}
}

func root(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	files := map[string]string{
		"passwd": "root:x:0:0:root:/root:/bin/bash\nrancher:x:1100:1100:RancherOS:/home/rancher:/bin/bash\nodd:x:a:b::/:\n",
		"group":  "root:x:0:\ndocker:x:1101:rancher\n",
		"shadow": "root:*:19000:0:99999:7:::\nrancher:*:19000:0:99999:7:::\n",
	}
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(root, "etc", name), []byte(content), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestOwner(t *testing.T) {
	root := root(t)
	tests := []struct {
		text    string
		want    atomicfile.Owner
		message string
	}{
		{"", atomicfile.Owner{}, ""},
		{"rancher", atomicfile.Owner{UID: 1100, GID: 1100}, ""},
		{"rancher:docker", atomicfile.Owner{UID: 1100, GID: 1101}, ""},
		{"7:8", atomicfile.Owner{UID: 7, GID: 8}, ""},
		{"7", atomicfile.Owner{UID: 7}, ""},
		{":docker", atomicfile.Owner{GID: 1101}, ""},
		{"nobody", atomicfile.Owner{}, "looking up user nobody"},
		{"root:nogroup", atomicfile.Owner{}, "looking up group nogroup"},
		{"odd", atomicfile.Owner{}, "are no numbers"},
	}
	for _, test := range tests {
		got, err := Owner(root, test.text)
		if test.message != "" {
			if err == nil || !strings.Contains(err.Error(), test.message) {
				t.Errorf("Owner(%q): %v, want %q", test.text, err, test.message)
			}
		} else if err != nil || got != test.want {
			t.Errorf("Owner(%q) = %v, %v, want %v", test.text, got, err, test.want)
		}
	}
}

func TestSetPassword(t *testing.T) {
	root := root(t)
	if err := SetPassword(root, "rancher", "Hello world!", "saltstring"); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(root, "etc/shadow"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(content), "\n")
	if len(lines) != 3 || lines[0] != "root:*:19000:0:99999:7:::" || !strings.HasPrefix(lines[1], "rancher:$6$saltstring$svn8Uo") || !strings.HasSuffix(lines[1], ":19000:0:99999:7:::") {
		t.Errorf("shadow:\n%s", content)
	}
	if info, _ := os.Stat(filepath.Join(root, "etc/shadow")); info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v", info.Mode())
	}
	if err := SetPassword(root, "nobody", "x", Salt()); err == nil {
		t.Error("a user without a line was accepted")
	}
	if one, two := Salt(), Salt(); len(one) != 16 || one == two {
		t.Errorf("salts %q and %q", one, two)
	}
}
