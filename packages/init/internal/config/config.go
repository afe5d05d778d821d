// Package config is the configuration of a RancherOS machine: its types, its sources in order of precedence, and how
// they merge. Key names are RancherOS's own (rancher/os v0.4.3, config/types.go names them).
package config

import "strings"

// Config is the whole configuration after all sources are merged.
type Config struct {
	// SSHAuthorizedKeys are public keys: who has one of theirs may log in as rancher over ssh.
	SSHAuthorizedKeys []string `yaml:"ssh_authorized_keys,omitempty"`
	// WriteFiles are written before anybody can log in.
	WriteFiles []WriteFile `yaml:"write_files,omitempty"`
	// Hostname is the machine's name.
	Hostname string `yaml:"hostname,omitempty"`
	// Mounts are lists of device (a path, LABEL=…, UUID=…, or what the type wants), directory, type and options; the type
	// swap turns swap on.
	Mounts []Fields `yaml:"mounts,omitempty" form:"fields"`
	// Bootcmd runs when the console starts, before anybody can log in.
	Bootcmd []Command `yaml:"bootcmd,omitempty" form:"shell"`
	// Runcmd runs at the end of a boot.
	Runcmd []Command `yaml:"runcmd,omitempty" form:"shell"`
	// Rancher holds what is RancherOS's own.
	Rancher Rancher `yaml:"rancher,omitempty"`
}

// Command is a program and its arguments; a text instead of a list is given to the shell.
type Command []string

// Fields are words, as in a line of fstab(5); null is an empty one.
type Fields []string

// WriteFile is one entry of cloud-config's write_files.
type WriteFile struct {
	// Encoding is empty, b64, base64, gz, gzip, or a combination of both (gz+b64, gzip+base64 …).
	Encoding string `yaml:"encoding,omitempty"`
	// Content is what the file has, written as Encoding says.
	Content string `yaml:"content,omitempty"`
	// Owner is user[:group], by name or number; empty means root:root.
	Owner string `yaml:"owner,omitempty"`
	// Path is the absolute path of the file.
	Path string `yaml:"path,omitempty"`
	// Permissions are octal digits; empty means 0644.
	Permissions string `yaml:"permissions,omitempty"`
	// Container is the service whose container gets the file; empty means the console.
	Container string `yaml:"container,omitempty"`
}

// Rancher holds every key below `rancher`.
type Rancher struct {
	// Environment has variables for service files, where `${NAME}` stands for one, and for `ros env`.
	Environment map[string]string `yaml:"environment,omitempty"`
	// Services are containers that start with the machine, by their names.
	Services map[string]Service `yaml:"services,omitempty"`
	// ServicesInclude names more of them: a file's absolute path, an http or https address, or a name that one of the
	// repositories has; `#sha256:` and a digest after it is what the file must be.
	ServicesInclude map[string]bool `yaml:"services_include,omitempty"`
	// Repositories are where names of ServicesInclude, consoles and engines are looked for.
	Repositories map[string]Repository `yaml:"repositories,omitempty"`
	// RegistryAuths are the accounts at registries, by the registry's name.
	RegistryAuths map[string]RegistryAuth `yaml:"registry_auths,omitempty"`
	// Console names the service file that stands for the console; empty and `default` mean the one on board.
	Console string `yaml:"console,omitempty"`
	// ForceConsoleRebuild makes every start of the system make the console's container anew, whatever its label rebuild says.
	ForceConsoleRebuild bool `yaml:"force_console_rebuild,omitempty"`
	// RestartServices are started anew after cloud-init has brought another configuration.
	RestartServices []string `yaml:"restart_services,omitempty"`
	// ShutdownTimeout is how many seconds containers may take to end at power-off; 0 means 10.
	ShutdownTimeout int `yaml:"shutdown_timeout,omitempty"`
	// HTTPLoadRetries is how often a service file or a repository's index is asked for; 0 means 6.
	HTTPLoadRetries int `yaml:"http_load_retries,omitempty"`
	// PreloadWait makes services wait until the images of the preload folders are loaded.
	PreloadWait bool `yaml:"preload_wait,omitempty"`
	// ResizeDevice is a disk whose partition with the state grows to the disk's end, with its file system.
	ResizeDevice string `yaml:"resize_device,omitempty"`
	// NoSharedRoot keeps mounts of containers from being seen by the machine and by other containers.
	NoSharedRoot bool `yaml:"no_sharedroot,omitempty"`
	// Upgrade is where `ros os` and `ros install` find versions.
	Upgrade Upgrade `yaml:"upgrade,omitempty"`
	// SystemDocker is the docker that runs the system itself.
	SystemDocker Docker `yaml:"system_docker,omitempty"`
	// Docker is the user's docker.
	Docker Docker `yaml:"docker,omitempty"`
	// CloudInit says where a configuration from outside comes from.
	CloudInit CloudInit `yaml:"cloud_init,omitempty"`
	// CloudInitServices are started with the others when a data source is configured that needs the network.
	CloudInitServices map[string]Service `yaml:"cloud_init_services,omitempty"`
	// Debug shows everything on the console, system docker's log too.
	Debug bool `yaml:"debug,omitempty"`
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
	Sysctl map[string]string `yaml:"sysctl,omitempty"`
	// Network is what the service network applies.
	Network Network `yaml:"network,omitempty"`
	// SSH is the console's ssh server.
	SSH SSH `yaml:"ssh,omitempty"`
	// State is the disk that keeps what outlives a boot.
	State State `yaml:"state,omitempty"`
	// Password of the user rancher; only ever set by the kernel command line or a cloud-config.
	Password string `yaml:"password,omitempty"`
	// Autologin lists the terminals (ttyS0, tty1) on which the console logs rancher in without a password.
	Autologin []string `yaml:"autologin,omitempty"`

	Bootstrap         map[string]Service `yaml:"bootstrap,omitempty" inert:"ros itself loads drivers and mounts the state"`
	Autoformat        map[string]Service `yaml:"autoformat,omitempty" inert:"ros itself formats; rancher.state.autoformat says which disks"`
	BootstrapDocker   Docker             `yaml:"bootstrap_docker,omitempty" inert:"no docker runs before the state is mounted"`
	Log               bool               `yaml:"log,omitempty" inert:"what ros has to say is in the kernel's log always"`
	Disable           []string           `yaml:"disable,omitempty" inert:"nothing ever read it"`
	Defaults          Defaults           `yaml:"defaults,omitempty" inert:"os-config.yml is the lowest of all sources"`
	HypervisorService bool               `yaml:"hypervisor_service,omitempty" inert:"name the tools under rancher.services_include"`
}

// Defaults were what RancherOS 1.x built in.
type Defaults struct {
	Hostname string  `yaml:"hostname,omitempty"`
	Docker   Docker  `yaml:"docker,omitempty"`
	Network  Network `yaml:"network,omitempty"`
}

// Upgrade is where versions of the system come from.
type Upgrade struct {
	// URL is the address, or the absolute path, of a list of versions (available, current).
	URL string `yaml:"url,omitempty"`
	// Image is the installer's, without a tag.
	Image    string `yaml:"image,omitempty"`
	Rollback string `yaml:"rollback,omitempty" inert:"the boot menu has the version before"`
	Policy   string `yaml:"policy,omitempty" inert:"nothing is reported to anybody and nothing is upgraded without being asked to"`
}

// CloudInit names the data sources, `kind` or `kind:argument`, in order.
type CloudInit struct {
	// Datasources are asked in this order until one answers: `kind` or `kind:argument`.
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
	// Required makes a boot fail when there is no state disk; else everything stays in memory then.
	Required bool `yaml:"required,omitempty"`
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
	OemDev string `yaml:"oem_dev,omitempty"`
	// OemFsType is the OEM file system's name or auto.
	OemFsType string `yaml:"oem_fstype,omitempty"`
	// BootDev is the file system with kernel and boot loader, where that is not the state's own; it is mounted on /boot.
	BootDev string `yaml:"boot_dev,omitempty"`
	// BootFsType is the boot file system's name or auto.
	BootFsType string `yaml:"boot_fstype,omitempty"`

	LvmScan    bool `yaml:"lvm_scan,omitempty" inert:"there is no LVM on board"`
	Cryptsetup bool `yaml:"cryptsetup,omitempty" inert:"there is no cryptsetup on board"`
	Rngd       bool `yaml:"rngd,omitempty" inert:"the kernel gathers entropy by itself"`
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
	// DNS is what names are looked up with.
	DNS DNS `yaml:"dns,omitempty"`
	// Interfaces are configured by name, glob (eth*) or hardware address (mac=…); of several that fit, the address goes
	// before the name before the longest glob.
	Interfaces map[string]Interface `yaml:"interfaces,omitempty"`
	// PreCmds run before all interfaces, each a program with its words, without a shell.
	PreCmds []string `yaml:"pre_cmds,omitempty"`
	// PostCmds run after all interfaces, likewise.
	PostCmds []string `yaml:"post_cmds,omitempty"`
	// DHCPTimeout is how many seconds the machine waits for the first lease of every interface; 0 means 20.
	DHCPTimeout int `yaml:"dhcp_timeout,omitempty"`
	// HTTPProxy, with HTTPSProxy and NoProxy, goes to the environment of both docker daemons, of the console and of the
	// services that ask for it.
	HTTPProxy string `yaml:"http_proxy,omitempty"`
	// HTTPSProxy is the proxy for https.
	HTTPSProxy string `yaml:"https_proxy,omitempty"`
	// NoProxy are hosts that are spoken to without a proxy, between commas.
	NoProxy string `yaml:"no_proxy,omitempty"`

	WifiNetworks  map[string]Fields `yaml:"wifi_networks,omitempty" inert:"there are no drivers for wireless networks on board"`
	ModemNetworks map[string]Fields `yaml:"modem_networks,omitempty" inert:"there are no drivers for modems on board"`
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
	// Nameservers are addresses of name servers.
	Nameservers []string `yaml:"nameservers,omitempty"`
	// Search are domains in which short names are looked for.
	Search []string `yaml:"search,omitempty"`
	// Override leaves out what DHCP answers.
	Override bool `yaml:"override,omitempty"`
}

// Interface is the configuration of the interfaces that its key (a name, a glob, or mac=…) or Match selects.
type Interface struct {
	// Match stands for the entry's key: a name, a glob or mac=….
	Match string `yaml:"match,omitempty"`
	// DHCP asks for an address.
	DHCP bool `yaml:"dhcp,omitempty"`
	// DHCPArgs are dhcpcd's; they are read, so that configurations stay valid, but nothing can use them.
	DHCPArgs string `yaml:"dhcp_args,omitempty"`
	// Address is a fixed one, with the length of its network: 192.0.2.5/24.
	Address string `yaml:"address,omitempty"`
	// Addresses are more of them.
	Addresses []string `yaml:"addresses,omitempty"`
	// Gateway is the router of the default route.
	Gateway string `yaml:"gateway,omitempty"`
	// GatewayIPv6 is the same for IPv6.
	GatewayIPv6 string `yaml:"gateway_ipv6,omitempty"`
	// IPV4LL takes a link-local address (169.254.0.0/16).
	IPV4LL bool `yaml:"ipv4ll,omitempty"`
	// MTU is the largest packet in bytes; 0 leaves the driver's.
	MTU int `yaml:"mtu,omitempty"`
	// Bridge is `true` for an interface that is a bridge, else the bridge that the interface is a port of.
	Bridge string `yaml:"bridge,omitempty"`
	// Bond is the bond that the interface is a member of.
	Bond string `yaml:"bond,omitempty"`
	// BondOpts are options of a bond, by their names in sysfs.
	BondOpts map[string]string `yaml:"bond_opts,omitempty"`
	// VLANs are `id[:name],…` on top of the interface.
	VLANs string `yaml:"vlans,omitempty"`
	// PreUp runs before the interface is set up; $iface is its name.
	PreUp []string `yaml:"pre_up,omitempty"`
	// PostUp runs after the interface is set up; $iface is its name.
	PostUp []string `yaml:"post_up,omitempty"`
}
