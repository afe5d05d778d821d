package cloudinit

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"rancheros-kit/init/internal/config"
)

func TestNoCloud(t *testing.T) {
	tests := []struct {
		name    string
		files   map[string]string
		want    config.Metadata
		data    string
		message string
	}{
		{"both", map[string]string{"user-data": userData, "meta-data": "instance-id: i\nlocal-hostname: box\nhostname: other\n"}, config.Metadata{Hostname: "box"}, userData, ""},
		{"keys as a list", map[string]string{"meta-data": "public-keys: [ssh-rsa A, ssh-rsa B]"}, config.Metadata{SSHPublicKeys: map[string]string{"000": "ssh-rsa A", "001": "ssh-rsa B"}}, "", ""},
		{"keys as a map", map[string]string{"meta-data": "public-keys: {me: ssh-rsa A}"}, config.Metadata{SSHPublicKeys: map[string]string{"me": "ssh-rsa A"}}, "", ""},
		{"key as a text", map[string]string{"meta-data": "public-keys: ssh-rsa A"}, config.Metadata{SSHPublicKeys: map[string]string{"000": "ssh-rsa A"}}, "", ""},
		{"keys nobody understands", map[string]string{"meta-data": "hostname: box\npublic-keys: [[a]]"}, config.Metadata{Hostname: "box"}, "", "public-keys left out"},
		{"empty metadata", map[string]string{"user-data": userData, "meta-data": ""}, config.Metadata{}, userData, ""},
		{"no YAML", map[string]string{"user-data": userData, "meta-data": "a: ["}, config.Metadata{}, userData, "meta-data left out"},
		{"nothing", nil, config.Metadata{}, "", "not there"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			directory := t.TempDir()
			for name, content := range test.files {
				put(t, filepath.Join(directory, name), content)
			}
			found, err := readNoCloud(directory)
			if test.message == "" && err != nil || test.message != "" && (err == nil || !strings.Contains(err.Error(), test.message)) {
				t.Errorf("error %v, want %q", err, test.message)
			}
			if string(found.userData) != test.data || !reflect.DeepEqual(found.metadata, test.want) {
				t.Errorf("%q, %+v", found.userData, found.metadata)
			}
		})
	}
}

// azureDocument is in the form that Azure's provisioning disk has.
const azureDocument = `<?xml version="1.0" encoding="utf-8"?>
<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1" xmlns:wa="http://schemas.microsoft.com/windowsazure">
 <wa:ProvisioningSection><wa:Version>1.0</wa:Version>
  <LinuxProvisioningConfigurationSet xmlns="http://schemas.microsoft.com/windowsazure">
   <HostName>vm1</HostName><UserName>me</UserName><UserPassword>hunter2</UserPassword>
   <SSH><PublicKeys><PublicKey><Fingerprint>F</Fingerprint><Path>/x</Path><Value>ssh-rsa A</Value></PublicKey></PublicKeys></SSH>
   <CustomData>DATA</CustomData>
  </LinuxProvisioningConfigurationSet>
 </wa:ProvisioningSection>
</Environment>`

const ovfDocument = `<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1" xmlns:oe="http://schemas.dmtf.org/ovf/environment/1">
 <PropertySection><Property oe:key="hostname" oe:value="vm2"/><Property oe:key="public-keys" oe:value="ssh-rsa A&#10;ssh-rsa B"/>
 <Property oe:key="user-data" oe:value="DATA"/><Property oe:key="other" oe:value="x"/></PropertySection></Environment>`

func TestOVF(t *testing.T) {
	encoded := base64.StdEncoding.EncodeToString([]byte(userData))
	for document, want := range map[string]config.Metadata{
		azureDocument:          {Hostname: "vm1", SSHPublicKeys: map[string]string{"000": "ssh-rsa A"}},
		ovfDocument:            {Hostname: "vm2", SSHPublicKeys: map[string]string{"000": "ssh-rsa A", "001": "ssh-rsa B"}},
		"\ufeff" + ovfDocument: {Hostname: "vm2", SSHPublicKeys: map[string]string{"000": "ssh-rsa A", "001": "ssh-rsa B"}},
	} {
		root := t.TempDir()
		put(t, filepath.Join(root, "media/ovf/ovf-env.xml"), strings.Replace(document, "DATA", encoded, 1))
		found, err := askAzure(context.Background(), &asker{root: root}, "")
		if err != nil || string(found.userData) != userData || !reflect.DeepEqual(found.metadata, want) {
			t.Errorf("%q, %+v, %v; want %+v", found.userData, found.metadata, err, want)
		}
	}
	found, err := parseOVF([]byte(strings.Replace(azureDocument, "DATA", "DA!A", 1)))
	if err == nil || !strings.Contains(err.Error(), "user-data left out: not base64 at character 2") || found.metadata.Hostname != "vm1" {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := parseOVF([]byte("<a>")); err == nil || !strings.Contains(err.Error(), "ovf-env.xml left out") {
		t.Errorf("broken: %v", err)
	}
}

type guestVariableMap map[string]string

func (m guestVariableMap) get(_ context.Context, name string) (string, error) {
	if value, found := m[name]; found {
		return value, nil
	}
	return "", errAbsent
}

type brokenGuest struct{}

func (brokenGuest) get(context.Context, string) (string, error) { return "", errors.New("no answer") }

func TestVMware(t *testing.T) {
	encoded := base64.StdEncoding.EncodeToString([]byte(userData))
	packed := base64.StdEncoding.EncodeToString([]byte(gzipped(t, userData)))
	tests := []struct {
		name  string
		guest guestInfo
		data  string
		host  string
	}{
		{"RancherOS's names", guestVariableMap{"cloud-init.config.data": encoded, "cloud-init.config.data.encoding": "base64", "hostname": "vm"}, userData, "vm"},
		{"CoreOS's name", guestVariableMap{"coreos.config.data": userData}, strings.TrimRight(userData, "\n"), ""},
		{"cloud-init's names", guestVariableMap{"userdata": packed, "userdata.encoding": "gzip+base64", "metadata": "local-hostname: meta"}, userData, "meta"},
		{"OVF", guestVariableMap{"ovfEnv": strings.Replace(ovfDocument, "DATA", encoded, 1)}, userData, "vm2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			found, err := askVMware(context.Background(), &asker{guest: test.guest}, "")
			if err != nil || string(found.userData) != test.data || found.metadata.Hostname != test.host {
				t.Errorf("%q, %+v, %v", found.userData, found.metadata, err)
			}
		})
	}
	for message, asked := range map[string]guestInfo{
		"not there":                guestVariableMap{},
		"no answer":                brokenGuest{},
		`unknown encoding "rot13"`: guestVariableMap{"userdata": "x", "userdata.encoding": "rot13"},
		"meta-data left out":       guestVariableMap{"metadata": "a: ["},
	} {
		if found, err := askVMware(context.Background(), &asker{guest: asked}, ""); err == nil || !strings.Contains(err.Error(), message) || !found.empty() {
			t.Errorf("%+v, %v, want %q", found, err, message)
		}
	}
}

// The program of the guest tools is asked by name; here it is a script.
func TestRPCTool(t *testing.T) {
	directory := t.TempDir()
	t.Setenv("PATH", directory)
	if _, err := (rpcTool{}).get(context.Background(), "hostname"); !errors.Is(err, errAbsent) {
		t.Errorf("without the program: %v", err)
	}
	script := "#!/bin/sh\n[ \"$*\" = 'info-get guestinfo.hostname' ] && echo vm && exit 0\nexit 1\n"
	if err := os.WriteFile(filepath.Join(directory, rpcProgram), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	if value, err := (rpcTool{}).get(context.Background(), "hostname"); err != nil || value != "vm\n" {
		t.Errorf("%q, %v", value, err)
	}
	if _, err := (rpcTool{}).get(context.Background(), "userdata"); !errors.Is(err, errAbsent) {
		t.Errorf("a variable that is not set: %v", err)
	}
}

func TestOpticalDrives(t *testing.T) {
	sys := t.TempDir()
	put(t, filepath.Join(sys, "class/block/sr0/size"), "0\n")
	put(t, filepath.Join(sys, "class/block/sr1/size"), "2048\n")
	put(t, filepath.Join(sys, "class/block/sda/size"), "2048\n")
	if got := opticalDrives(sys); !reflect.DeepEqual(got, []string{"sr1"}) {
		t.Errorf("drives %v", got)
	}
}

func FuzzMetadata(f *testing.F) {
	f.Add([]byte(azureDocument))
	f.Add([]byte(ovfDocument))
	f.Add([]byte("public-keys: &a [*a]"))
	f.Add([]byte(`{"hostname":"x","public_keys":{"0":"k"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		fromDrive, _ := parseOpenStack(text)
		fromOVF, _ := parseOVF(text)
		fromNoCloud, _ := parseNoCloud(text)
		for _, metadata := range []config.Metadata{fromDrive, fromOVF.metadata, fromNoCloud} {
			cleaned, _ := clean(metadata)
			if again, err := clean(cleaned); err != nil || !reflect.DeepEqual(again, cleaned) {
				t.Errorf("what is clean is not: %+v, %v", again, err)
			}
		}
	})
}

func FuzzUserData(f *testing.F) {
	f.Add([]byte(userData))
	f.Add([]byte("#compose\na: {image: x}"))
	f.Add([]byte("#!/bin/sh"))
	f.Add([]byte{0x1f, 0x8b, 8})
	f.Fuzz(func(t *testing.T, content []byte) {
		path, kept, _ := classify(content)
		if path == config.BootFile {
			if _, broken := config.Check("kept", kept); broken {
				t.Errorf("%q is kept, but is broken", kept)
			}
		}
	})
}
