package cloudinit

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rancheros-kit/init/internal/config"
)

func TestRunOnce(t *testing.T) {
	root := t.TempDir()
	commands := []config.Command{{"/bin/sh", "-c", "echo one"}, {"false"}, {}, {"/absent"}, {"echo", "two words"}}
	for turn := range 2 {
		var output bytes.Buffer
		err := RunOnce(context.Background(), root, "runcmd", commands, &output)
		if turn == 1 {
			if output.Len() > 0 || err != nil {
				t.Errorf("the second time: %q, %v", output.String(), err)
			}
			continue
		}
		if output.String() != "one\ntwo words\n" {
			t.Errorf("output %q", output.String())
		}
		for _, message := range []string{"runcmd[1], false: exit status 1", "runcmd[3], /absent: "} {
			if err == nil || !strings.Contains(err.Error(), message) {
				t.Errorf("error %v, want %q in it", err, message)
			}
		}
	}
	var output bytes.Buffer
	if err := RunOnce(context.Background(), root, "bootcmd", commands[:1], &output); err != nil || output.String() != "one\n" {
		t.Errorf("other commands: %q, %v", output.String(), err)
	}
}

// What a command leaves running keeps the boot waiting no more than a moment.
func TestRunOnceWithBackground(t *testing.T) {
	var output bytes.Buffer
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := RunOnce(ctx, t.TempDir(), "runcmd", []config.Command{{"/bin/sh", "-c", "sleep 5 & echo done"}}, &output); err != nil || output.String() != "done\n" {
		t.Errorf("%q, %v", output.String(), err)
	}
}

func TestRunScript(t *testing.T) {
	root := t.TempDir()
	if err := RunScript(context.Background(), root, nil); err != nil {
		t.Errorf("without a script: %v", err)
	}
	path := filepath.Join(root, config.ScriptFile)
	for _, word := range []string{"one", "two"} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := replace(path, []byte("#!/bin/sh\necho "+word+"\n")); err != nil {
			t.Fatal(err)
		}
		var output bytes.Buffer
		for range 2 {
			if err := RunScript(context.Background(), root, &output); err != nil {
				t.Error(err)
			}
		}
		if output.String() != word+"\n" {
			t.Errorf("output %q", output.String())
		}
	}
}

func TestSysctl(t *testing.T) {
	root := t.TempDir()
	put(t, filepath.Join(root, "proc/sys/net/ipv4/ip_forward"), "0")
	put(t, filepath.Join(root, "proc/sys/net/ipv4/conf/eth0.1/forwarding"), "0")
	put(t, filepath.Join(root, "proc/secret"), "0")
	err := Sysctl(root, map[string]string{"net.ipv4.ip_forward": "1", "net/ipv4/conf/eth0.1/forwarding": "1", "absent.x": "1", "../secret": "1", "": "1"})
	for _, message := range []string{"sysctl absent.x: ", "sysctl ../secret: no name", "sysctl : no name"} {
		if err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("error %v, want %q in it", err, message)
		}
	}
	for path, want := range map[string]string{"sys/net/ipv4/ip_forward": "1", "sys/net/ipv4/conf/eth0.1/forwarding": "1", "secret": "0"} {
		if content, _ := os.ReadFile(filepath.Join(root, "proc", path)); string(content) != want {
			t.Errorf("%s is %q, want %q", path, content, want)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "proc/sys/absent")); err == nil {
		t.Error("a parameter was made up")
	}
}

func TestMountCommand(t *testing.T) {
	tests := []struct {
		fields  []string
		want    string
		target  string
		message string
	}{
		{[]string{"/dev/vdb", "/mnt/b/", "ext4", "ro"}, "mount -t ext4 -o ro -- /dev/vdb /mnt/b", "/mnt/b", ""},
		{[]string{"LABEL=x", "/mnt"}, "mount -- LABEL=x /mnt", "/mnt", ""},
		{[]string{"nas:/share", "/mnt", "nfs", ""}, "mount -t nfs -- nas:/share /mnt", "/mnt", ""},
		{[]string{"/dev/vdb", "", "swap", "defaults"}, "swapon -- /dev/vdb", "", ""},
		{[]string{"/dev/vdb", "none", "swap", "pri=5"}, "swapon -o pri=5 -- /dev/vdb", "", ""},
		{[]string{"/dev/vdb", "mnt", "ext4"}, "", "", `directory "mnt" is not absolute`},
		{[]string{"/dev/vdb"}, "", "", `directory "" is not absolute`},
		{nil, "", "", "want device, directory, type and options"},
	}
	for _, test := range tests {
		command, target, err := mountCommand(test.fields)
		if strings.Join(command, " ") != test.want || target != test.target || (err == nil) != (test.message == "") || err != nil && !strings.Contains(err.Error(), test.message) {
			t.Errorf("%q: %q, %q, %v", test.fields, command, target, err)
		}
	}
	if err := Mount([]config.Fields{{"/dev/absent", "/proc", "ext4", ""}}); err != nil {
		t.Errorf("/proc is mounted already: %v", err)
	}
	if err := Mount([]config.Fields{{"tmpfs"}}); err == nil || !strings.Contains(err.Error(), "mounts, tmpfs: directory") {
		t.Errorf("error %v", err)
	}
}

func TestMountTables(t *testing.T) {
	mountinfo := "22 1 0:21 / /proc rw - proc proc rw\n23 1 8:1 / /mnt/a\\040b rw - ext4 /dev/sda1 rw\n\n"
	got := []bool{isMounted(mountinfo, "/proc"), isMounted(mountinfo, "/mnt/a b"), isMounted(mountinfo, "/mnt"), isMounted("", "/")}
	if want := []bool{true, true, false, false}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	swaps := "Filename\tType\tSize\n/dev/vdb  partition 1024 0 -2\n"
	if !isSwap(swaps, "/dev/vdb") || isSwap(swaps, "/dev/vd") {
		t.Error("the swap device is not told from others")
	}
}

func TestUseProxies(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"http_proxy", "HTTP_PROXY"} {
		t.Setenv(name, "")
	}
	if err := useProxies(root, config.Network{HTTPProxy: "http://it's"}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, proxyFile)
	output, err := exec.Command("/bin/sh", "-c", ". "+path+"; echo $HTTP_PROXY $http_proxy").Output()
	if err != nil || string(output) != "http://it's http://it's\n" || os.Getenv("HTTP_PROXY") != "http://it's" {
		t.Errorf("%q, %v", output, err)
	}
	if err := useProxies(root, config.Network{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
}

func TestNameInHosts(t *testing.T) {
	root := t.TempDir()
	if err := nameInHosts(root, "box"); err != nil {
		t.Errorf("without the file: %v", err)
	}
	path := filepath.Join(root, "etc/hosts")
	for _, test := range []struct{ before, name, want string }{
		{"127.0.0.1\tlocalhost\n127.0.1.1\trancher\n10.0.0.1 other\n", "box", "127.0.0.1\tlocalhost\n127.0.1.1\tbox\n10.0.0.1 other\n"},
		{"127.0.0.1\tlocalhost\n", "box", "127.0.0.1\tlocalhost\n127.0.1.1\tbox\n"},
		{"127.0.1.1 box mine\n", "box", "127.0.1.1 box mine\n"},
		{"127.0.1.1 box\n", "", "127.0.1.1 box\n"},
	} {
		put(t, path, test.before)
		if err := nameInHosts(root, test.name); err != nil {
			t.Fatal(err)
		}
		if content, _ := os.ReadFile(path); string(content) != test.want {
			t.Errorf("%q: %q, want %q", test.before, content, test.want)
		}
	}
}
