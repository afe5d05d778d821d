package config

// Service is a service in compose's first format, as RancherOS uses it. A command or an entrypoint may also be given as one
// text, which is split like a shell's words, and an environment as a map.
type Service struct {
	// Image is the name of the image.
	Image string `yaml:"image,omitempty"`
	// Build is the Dockerfile's directory, of which `ros service build` makes the image.
	Build string `yaml:"build,omitempty"`
	// Dockerfile is the name of that file in Build, when it is not the usual one.
	Dockerfile string `yaml:"dockerfile,omitempty"`
	// Command goes to the entrypoint, in place of the image's.
	Command []string `yaml:"command,omitempty" form:"words"`
	// Entrypoint is the program with its arguments, in place of the image's.
	Entrypoint []string `yaml:"entrypoint,omitempty" form:"words"`
	// Environment is NAME=value; a NAME alone takes the value of rancher.environment, NAME* those of all that begin so.
	Environment []string `yaml:"environment,omitempty" form:"pairs"`
	// EnvFile names files with lines as Environment has them.
	EnvFile []string `yaml:"env_file,omitempty"`
	// Labels are those of the container. io.rancher.os.scope: system runs it in system docker, anything else in the
	// user's.
	Labels map[string]string `yaml:"labels,omitempty"`
	// Volumes are host:container[:mode], or a path in the container alone.
	Volumes []string `yaml:"volumes,omitempty"`
	// VolumesFrom are services whose volumes the container has too; they start before it.
	VolumesFrom []string `yaml:"volumes_from,omitempty"`
	// VolumeDriver makes the volumes that have no name of this machine's files.
	VolumeDriver string `yaml:"volume_driver,omitempty"`
	// Links are services that it reaches by their names; they start before it.
	Links []string `yaml:"links,omitempty"`
	// ExternalLinks are links to containers that are no services.
	ExternalLinks []string `yaml:"external_links,omitempty"`
	// Ports are offered to the network: [address:][port:]port[/protocol].
	Ports []string `yaml:"ports,omitempty"`
	// Expose are ports that it offers to other containers.
	Expose []string `yaml:"expose,omitempty"`

	// Net is docker's network mode: host, bridge, none, container:NAME.
	Net string `yaml:"net,omitempty"`
	// Pid is host to see all processes of the machine.
	Pid string `yaml:"pid,omitempty"`
	// Ipc is host to share the machine's memory segments.
	Ipc string `yaml:"ipc,omitempty"`
	// Uts is host to have the machine's name.
	Uts string `yaml:"uts,omitempty"`
	// Hostname is the container's own.
	Hostname string `yaml:"hostname,omitempty"`
	// DomainName is the container's own.
	DomainName string `yaml:"domainname,omitempty"`
	MacAddress string `yaml:"mac_address,omitempty" inert:"docker chooses the hardware address"`
	// DNS are its name servers.
	DNS []string `yaml:"dns,omitempty"`
	// DNSSearch are domains in which short names are looked for.
	DNSSearch []string `yaml:"dns_search,omitempty"`
	// ExtraHosts are name:address, for its /etc/hosts.
	ExtraHosts []string `yaml:"extra_hosts,omitempty"`

	// Privileged gives it all that root may.
	Privileged bool `yaml:"privileged,omitempty"`
	// ReadOnly keeps it from writing to its root.
	ReadOnly bool `yaml:"read_only,omitempty"`
	// CapAdd are capabilities that it has besides.
	CapAdd []string `yaml:"cap_add,omitempty"`
	// CapDrop are capabilities that it has not.
	CapDrop []string `yaml:"cap_drop,omitempty"`
	// SecurityOpt are docker's options of that name.
	SecurityOpt []string `yaml:"security_opt,omitempty"`
	// Devices are host:container[:rwm].
	Devices []string `yaml:"devices,omitempty"`
	// User is user[:group] that the program runs as.
	User string `yaml:"user,omitempty"`
	// WorkingDir is where the program starts.
	WorkingDir string `yaml:"working_dir,omitempty"`
	// Tty gives it a terminal.
	Tty bool `yaml:"tty,omitempty"`
	// StdinOpen keeps its standard input open.
	StdinOpen bool `yaml:"stdin_open,omitempty"`

	// Restart is no, always, unless-stopped or on-failure[:times].
	Restart string `yaml:"restart,omitempty"`
	// LogDriver is where its output goes.
	LogDriver string `yaml:"log_driver,omitempty"`
	// LogOpt are options of the driver.
	LogOpt map[string]string `yaml:"log_opt,omitempty"`
	// MemLimit is its memory: bytes, or a number with k, m or g.
	MemLimit string `yaml:"mem_limit,omitempty"`
	// MemSwapLimit is memory and swap together, likewise.
	MemSwapLimit string `yaml:"memswap_limit,omitempty"`
	// CPUShares weighs the container's share of the processors; docker's own is 1024.
	CPUShares int `yaml:"cpu_shares,omitempty"`
	// CPUSet are the processors that it may use: 0-2,4.
	CPUSet string `yaml:"cpuset,omitempty"`
	// CgroupParent is the control group above its own.
	CgroupParent string `yaml:"cgroup_parent,omitempty"`

	ContainerName string `yaml:"container_name,omitempty" inert:"a container has the name of its service"`
}

// Repository is a folder of service files, by its address or its absolute path: <first letter>/<name>.yml, and index.yml
// with the names.
type Repository struct {
	// URL is the folder.
	URL string `yaml:"url,omitempty"`
}

// RegistryAuth is an account at a registry: name and password, or both in Auth, as docker's own configuration has them.
type RegistryAuth struct {
	// Username is the account.
	Username string `yaml:"username,omitempty"`
	// Password is its password.
	Password string `yaml:"password,omitempty"`
	// Auth stands for both: base64 of name:password.
	Auth string `yaml:"auth,omitempty"`
	// IdentityToken stands for a password where the registry gives such.
	IdentityToken string `yaml:"identitytoken,omitempty"`
	// RegistryToken is sent to the registry as it is.
	RegistryToken string `yaml:"registrytoken,omitempty"`
}
