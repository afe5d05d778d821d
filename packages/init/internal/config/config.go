// Package config is the configuration of a RancherOS machine: its types, its sources in order of precedence, and how
// they merge. Key names are RancherOS's own (rancher/os v0.4.3, config/types.go names them).
package config

import "strings"

// Config is the whole configuration after all sources are merged.
type Config struct {
	SSHAuthorizedKeys []string    `yaml:"ssh_authorized_keys,omitempty"`
	WriteFiles        []WriteFile `yaml:"write_files,omitempty"`
	Hostname          string      `yaml:"hostname,omitempty"`
	// Mounts are lists of device (a path, LABEL=…, UUID=…, or what the type wants), directory, type and options; the type
	// swap turns swap on.
	Mounts []Fields `yaml:"mounts,omitempty" form:"fields"`
	// Bootcmd runs when the console starts, before anybody can log in; Runcmd at the end of a boot.
	Bootcmd []Command `yaml:"bootcmd,omitempty" form:"shell"`
	Runcmd  []Command `yaml:"runcmd,omitempty" form:"shell"`
	Rancher Rancher   `yaml:"rancher,omitempty"`
}

// Command is a program and its arguments; a text instead of a list is given to the shell.
type Command []string

// Fields are words, as in a line of fstab(5); null is an empty one.
type Fields []string

// WriteFile is one entry of cloud-config's write_files.
type WriteFile struct {
	// Encoding is empty, b64, base64, gz, gzip, or a combination of both (gz+b64, gzip+base64 …).
	Encoding string `yaml:"encoding,omitempty"`
	Content  string `yaml:"content,omitempty"`
	// Owner is user[:group], by name or number; empty means root:root.
	Owner string `yaml:"owner,omitempty"`
	Path  string `yaml:"path,omitempty"`
	// Permissions are octal digits; empty means 0644.
	Permissions string `yaml:"permissions,omitempty"`
}

// Rancher holds every key below `rancher`.
type Rancher struct {
	Environment  map[string]string  `yaml:"environment,omitempty"`
	Services     map[string]Service `yaml:"services,omitempty"`
	SystemDocker Docker             `yaml:"system_docker,omitempty"`
	Docker       Docker             `yaml:"docker,omitempty"`
	CloudInit    CloudInit          `yaml:"cloud_init,omitempty"`
	// CloudInitServices are started with the others when a data source is configured that needs the network.
	CloudInitServices map[string]Service `yaml:"cloud_init_services,omitempty"`
	Debug             bool               `yaml:"debug,omitempty"`
	// Recovery opens a root shell on the consoles before anything is looked for on a disk.
	Recovery bool `yaml:"recovery,omitempty"`
	// Cgroup is how control groups are mounted: v2, v1 or hybrid; empty leaves it to what system docker needs. It is read from
	// the kernel command line only.
	Cgroup string `yaml:"cgroup,omitempty"`
	// RmUsr makes a boot replace the /usr tree of its version on the state disk.
	RmUsr bool `yaml:"rm_usr,omitempty"`
	// Modules are loaded at boot, by name, besides those that the hardware asks for.
	Modules []string `yaml:"modules,omitempty"`
	// Sysctl are kernel parameters by their names (net.ipv4.ip_forward).
	Sysctl  map[string]string `yaml:"sysctl,omitempty"`
	Network Network           `yaml:"network,omitempty"`
	SSH     SSH               `yaml:"ssh,omitempty"`
	State   State             `yaml:"state,omitempty"`
	// Password of the user rancher; only ever set by the kernel command line or a cloud-config.
	Password string `yaml:"password,omitempty"`
	// Autologin lists the terminals (ttyS0, tty1) on which the console logs rancher in without a password.
	Autologin []string `yaml:"autologin,omitempty"`
}

// CloudInit names the data sources, `kind` or `kind:argument`, in order.
type CloudInit struct {
	Datasources []string `yaml:"datasources,omitempty"`
}

// State is the disk that keeps what outlives a boot.
type State struct {
	// Dev is LABEL=…, UUID=… or a path.
	Dev string `yaml:"dev,omitempty"`
	// FsType is a file system's name or auto.
	FsType string `yaml:"fstype,omitempty"`
	// Directory is the directory of the file system that becomes the root; empty means its top.
	Directory string `yaml:"directory,omitempty"`
	Required  bool   `yaml:"required,omitempty"`
	// Autoformat lists devices, the first fit of which is formatted when Dev is not found.
	Autoformat []string `yaml:"autoformat,omitempty"`
	// FormatZero allows formatting of a device whose first MiB is zero.
	FormatZero bool `yaml:"formatzero,omitempty"`
	// Wait makes a boot wait for Dev though it is not required.
	Wait bool `yaml:"wait,omitempty"`
	// MdadmScan assembles the RAID arrays before Dev is looked for again.
	MdadmScan bool `yaml:"mdadm_scan,omitempty"`
	// Script is a text for the shell, run when Dev is not found at first.
	Script string `yaml:"script,omitempty"`
	// OemDev is a file system with the vendor's configuration (oem-config.yml) and files.
	OemDev    string `yaml:"oem_dev,omitempty"`
	OemFsType string `yaml:"oem_fstype,omitempty"`
}

// SSH is the console's ssh server.
type SSH struct {
	// Keys are the host keys: `ed25519` and `ed25519-pub`, `ecdsa` and `ecdsa-pub`, and so on.
	Keys map[string]string `yaml:"keys,omitempty"`
	// Daemon is whether the server runs; it does unless this is false.
	Daemon *bool `yaml:"daemon,omitempty"`
	// Port is 22 when it is 0.
	Port int `yaml:"port,omitempty"`
	// ListenAddress is an address of this machine; empty means all.
	ListenAddress string `yaml:"listen_address,omitempty"`
}

// Network is what netconf applies.
type Network struct {
	DNS        DNS                  `yaml:"dns,omitempty"`
	Interfaces map[string]Interface `yaml:"interfaces,omitempty"`
	// PreCmds and PostCmds run before and after all interfaces, each a program with its words, without a shell.
	PreCmds  []string `yaml:"pre_cmds,omitempty"`
	PostCmds []string `yaml:"post_cmds,omitempty"`
	// DHCPTimeout is how many seconds the machine waits for the first lease of every interface; 0 means 20.
	DHCPTimeout int `yaml:"dhcp_timeout,omitempty"`
	// The proxies go to the environment of both docker daemons, of the console and of the services that ask for them.
	HTTPProxy  string `yaml:"http_proxy,omitempty"`
	HTTPSProxy string `yaml:"https_proxy,omitempty"`
	NoProxy    string `yaml:"no_proxy,omitempty"`
}

// ProxyEnvironment is what programs read of the proxies, `NAME=value`: some want capitals, some do not.
func (n Network) ProxyEnvironment() []string {
	var pairs []string
	for _, proxy := range []struct{ name, value string }{
		{"http_proxy", n.HTTPProxy}, {"https_proxy", n.HTTPSProxy}, {"no_proxy", n.NoProxy},
	} {
		if proxy.value != "" {
			pairs = append(pairs, strings.ToUpper(proxy.name)+"="+proxy.value, proxy.name+"="+proxy.value)
		}
	}
	return pairs
}

// DNS goes to resolv.conf; a DHCP answer comes before it unless Override is set.
type DNS struct {
	Nameservers []string `yaml:"nameservers,omitempty"`
	Search      []string `yaml:"search,omitempty"`
	Override    bool     `yaml:"override,omitempty"`
}

// Interface is the configuration of the interfaces that its key (a name, a glob, or mac=…) or Match selects.
type Interface struct {
	Match string `yaml:"match,omitempty"`
	DHCP  bool   `yaml:"dhcp,omitempty"`
	// DHCPArgs are dhcpcd's; they are read, so that configurations stay valid, but nothing can use them.
	DHCPArgs    string   `yaml:"dhcp_args,omitempty"`
	Address     string   `yaml:"address,omitempty"`
	Addresses   []string `yaml:"addresses,omitempty"`
	Gateway     string   `yaml:"gateway,omitempty"`
	GatewayIPv6 string   `yaml:"gateway_ipv6,omitempty"`
	IPV4LL      bool     `yaml:"ipv4ll,omitempty"`
	MTU         int      `yaml:"mtu,omitempty"`
	// Bridge is `true` for an interface that is a bridge, else the bridge that the interface is a port of.
	Bridge string `yaml:"bridge,omitempty"`
	// Bond is the bond that the interface is a member of; BondOpts are those of the bond itself, by their names in sysfs.
	Bond     string            `yaml:"bond,omitempty"`
	BondOpts map[string]string `yaml:"bond_opts,omitempty"`
	// VLANs are `id[:name],…` on top of the interface.
	VLANs string `yaml:"vlans,omitempty"`
	// PreUp and PostUp run before and after the interface is set up; $iface is its name.
	PreUp  []string `yaml:"pre_up,omitempty"`
	PostUp []string `yaml:"post_up,omitempty"`
}

// Service is a service in compose's first format, as RancherOS uses it. Fields of the form `words` may also be given as
// one text that is split like a shell's words, those of the form `pairs` as a map.
type Service struct {
	Image       string            `yaml:"image,omitempty"`
	Command     []string          `yaml:"command,omitempty" form:"words"`
	Entrypoint  []string          `yaml:"entrypoint,omitempty" form:"words"`
	Environment []string          `yaml:"environment,omitempty" form:"pairs"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Volumes     []string          `yaml:"volumes,omitempty"`
	VolumesFrom []string          `yaml:"volumes_from,omitempty"`
	Links       []string          `yaml:"links,omitempty"`
	Net         string            `yaml:"net,omitempty"`
	Pid         string            `yaml:"pid,omitempty"`
	Ipc         string            `yaml:"ipc,omitempty"`
	Uts         string            `yaml:"uts,omitempty"`
	Privileged  bool              `yaml:"privileged,omitempty"`
	ReadOnly    bool              `yaml:"read_only,omitempty"`
	Restart     string            `yaml:"restart,omitempty"`
	LogDriver   string            `yaml:"log_driver,omitempty"`
}
