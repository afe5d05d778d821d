package cgroup

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	on := func(names ...string) func(string) (string, error) {
		return func(name string) (string, error) {
			if slices.Contains(names, name) {
				return "/usr/bin/" + name, nil
			}
			return "", errors.New("none")
		}
	}
	modern, old := on("dockerd", "docker", "containerd-shim-runc-v2"), on("docker")
	for _, c := range []struct {
		line string
		look func(string) (string, error)
		want Mode
	}{
		{"quiet", modern, V2},
		{"quiet", on(), V2},
		{"quiet", old, V1},
		{"quiet", on("dockerd", "docker", "containerd-shim"), V1},
		{"rancher.cgroup=v1", modern, V1},
		{"rancher.cgroup=hybrid quiet", modern, Hybrid},
		{"rancher.cgroup=v2", old, V2},
		{"rancher.cgroup=v1 rancher.cgroup=v2", modern, V2},
	} {
		if got, err := Choose(c.line, c.look); err != nil || got != c.want {
			t.Errorf("%q: got %s, %v, want %s", c.line, got, err, c.want)
		}
	}
	if got, err := Choose("rancher.cgroup=v3", modern); got != V2 || err == nil || !strings.Contains(err.Error(), `"v3"`) {
		t.Errorf("got %s, %v", got, err)
	}
}

const procCgroups = "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpuset\t0\t1\t1\ncpu\t0\t1\t1\ncpuacct\t0\t1\t1\nmemory\t0\t1\t0\n" +
	"net_cls\t0\t1\t1\npids\t0\t1\t1\n"

func TestHierarchies(t *testing.T) {
	// memory is disabled, and net_cls has nothing to share its hierarchy with.
	if got, want := hierarchies(procCgroups), []string{"cpuset", "cpu,cpuacct", "net_cls", "pids"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := hierarchies(""); len(got) != 0 {
		t.Errorf("got %q", got)
	}
}

func TestVersion1(t *testing.T) {
	var got []string
	for _, row := range version1([]string{"cpu,cpuacct", "pids"}, true) {
		got = append(got, row.Type+" "+row.Target+" "+row.Options)
	}
	want := []string{"tmpfs /sys/fs/cgroup mode=0755", "cgroup /sys/fs/cgroup/cpu,cpuacct cpu,cpuacct", "cgroup /sys/fs/cgroup/pids pids",
		"cgroup /sys/fs/cgroup/systemd none,name=systemd", "cgroup2 /sys/fs/cgroup/unified "}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if rows := version1(nil, false); len(rows) != 2 {
		t.Errorf("got %+v", rows)
	}
	if got := links([]string{"cpu,cpuacct", "pids"}); len(got) != 2 || got[0] != [2]string{"/sys/fs/cgroup/cpu", "cpu,cpuacct"} {
		t.Errorf("links %q", got)
	}
}
