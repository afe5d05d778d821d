package state

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rancheros-kit/init/internal/config"
)

// archive is what docker-machine writes at the start of a disk.
func archive(t *testing.T, members ...[2]string) []byte {
	t.Helper()
	var out bytes.Buffer
	writer := tar.NewWriter(&out)
	for _, member := range append([][2]string{{boot2dockerMagic, boot2dockerMagic}}, members...) {
		header := &tar.Header{Name: member[0], Mode: 0o644, Size: int64(len(member[1])), Typeflag: tar.TypeReg}
		if strings.HasSuffix(member[0], "/") {
			header = &tar.Header{Name: member[0], Mode: 0o700, Typeflag: tar.TypeDir}
		}
		if err := writer.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := writer.Write([]byte(member[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestUserData(t *testing.T) {
	root, disk := t.TempDir(), filepath.Join(t.TempDir(), "disk")
	content := archive(t, [2]string{".ssh/", ""}, [2]string{".ssh/authorized_keys", "ssh-rsa A a\n"},
		[2]string{".ssh/authorized_keys2", "# two\nssh-rsa A a\nssh-rsa B b\n"})
	if err := os.WriteFile(disk, append(content, make([]byte, 1<<20)...), 0o600); err != nil {
		t.Fatal(err)
	}
	data, err := readUserData(disk)
	if err != nil || len(data) != userDataSize {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
	if err := installUserData(root, data); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, boot2dockerMagic)); !os.IsNotExist(err) {
		t.Errorf("the magic was unpacked: %v", err)
	}
	if info, err := os.Stat(filepath.Join(root, machineFile)); err != nil || info.Mode() != 0o600 {
		t.Errorf("machine.yml: %v, %v", info, err)
	}
	cfg, warnings, _ := config.Load(root, "")
	if len(warnings) > 0 || strings.Join(cfg.SSHAuthorizedKeys, ",") != "ssh-rsa A a,ssh-rsa B b" {
		t.Errorf("keys %q, warnings %v", cfg.SSHAuthorizedKeys, warnings)
	}
	interfaces := cfg.Rancher.Network.Interfaces
	if !interfaces["eth0"].DHCP || !interfaces["eth1"].DHCP || interfaces["lo"].Address != "127.0.0.1/8" {
		t.Errorf("interfaces %+v", interfaces)
	}
}

func TestUserDataOfAnyOtherDisk(t *testing.T) {
	disk := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(disk, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := readUserData(disk); data != nil || err != nil {
		t.Errorf("got %d bytes, %v", len(data), err)
	}
	if _, err := readUserData(disk + "x"); err == nil {
		t.Error("a disk that is not there was read")
	}
}

func TestUserDataStaysInside(t *testing.T) {
	outside := t.TempDir()
	root := filepath.Join(outside, "root")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := installUserData(root, archive(t, [2]string{"../escaped", "x"})); err == nil {
		t.Error("a name that leaves the root was taken")
	}
	if _, err := os.Stat(filepath.Join(outside, "escaped")); !os.IsNotExist(err) {
		t.Errorf("outside: %v", err)
	}
}

func TestUserDataThatIsNoArchive(t *testing.T) {
	root := t.TempDir()
	if err := installUserData(root, append([]byte(boot2dockerMagic), make([]byte, 5000)...)); err != nil {
		t.Fatal(err)
	}
	cfg, _, _ := config.Load(root, "")
	if len(cfg.SSHAuthorizedKeys) != 0 || !cfg.Rancher.Network.Interfaces["eth0"].DHCP {
		t.Errorf("got %+v", cfg)
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte(boot2dockerMagic))
	f.Add(make([]byte, 1024))
	f.Fuzz(func(t *testing.T, content []byte) {
		_ = unpack(t.TempDir(), content)
	})
}
