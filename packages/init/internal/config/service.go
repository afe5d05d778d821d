package config

// Service is a service in compose's first format, as RancherOS uses it. Fields of the form `words` may also be given as
// one text that is split like a shell's words, those of the form `pairs` as a map.
type Service struct {
	Image string `yaml:"image,omitempty"`
	// Build is the directory of a Dockerfile, from which `ros service build` makes the image.
	Build       string            `yaml:"build,omitempty"`
	Dockerfile  string            `yaml:"dockerfile,omitempty"`
	Command     []string          `yaml:"command,omitempty" form:"words"`
	Entrypoint  []string          `yaml:"entrypoint,omitempty" form:"words"`
	Environment []string          `yaml:"environment,omitempty" form:"pairs"`
	EnvFile     []string          `yaml:"env_file,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Volumes     []string          `yaml:"volumes,omitempty"`
	VolumesFrom []string          `yaml:"volumes_from,omitempty"`
	// VolumeDriver makes the volumes that have no name of this machine's files.
	VolumeDriver string   `yaml:"volume_driver,omitempty"`
	Links        []string `yaml:"links,omitempty"`
	// ExternalLinks are links to containers that are no services.
	ExternalLinks []string `yaml:"external_links,omitempty"`
	// Ports are [address:][port:]port[/protocol], Expose ports of the container alone.
	Ports  []string `yaml:"ports,omitempty"`
	Expose []string `yaml:"expose,omitempty"`

	Net        string   `yaml:"net,omitempty"`
	Pid        string   `yaml:"pid,omitempty"`
	Ipc        string   `yaml:"ipc,omitempty"`
	Uts        string   `yaml:"uts,omitempty"`
	Hostname   string   `yaml:"hostname,omitempty"`
	DomainName string   `yaml:"domainname,omitempty"`
	MacAddress string   `yaml:"mac_address,omitempty"`
	DNS        []string `yaml:"dns,omitempty"`
	DNSSearch  []string `yaml:"dns_search,omitempty"`
	ExtraHosts []string `yaml:"extra_hosts,omitempty"`

	Privileged  bool     `yaml:"privileged,omitempty"`
	ReadOnly    bool     `yaml:"read_only,omitempty"`
	CapAdd      []string `yaml:"cap_add,omitempty"`
	CapDrop     []string `yaml:"cap_drop,omitempty"`
	SecurityOpt []string `yaml:"security_opt,omitempty"`
	Devices     []string `yaml:"devices,omitempty"`
	User        string   `yaml:"user,omitempty"`
	WorkingDir  string   `yaml:"working_dir,omitempty"`
	Tty         bool     `yaml:"tty,omitempty"`
	StdinOpen   bool     `yaml:"stdin_open,omitempty"`

	Restart   string            `yaml:"restart,omitempty"`
	LogDriver string            `yaml:"log_driver,omitempty"`
	LogOpt    map[string]string `yaml:"log_opt,omitempty"`
	// MemLimit and MemSwapLimit are bytes, or a number with k, m or g.
	MemLimit     string `yaml:"mem_limit,omitempty"`
	MemSwapLimit string `yaml:"memswap_limit,omitempty"`
	CPUShares    int    `yaml:"cpu_shares,omitempty"`
	CPUSet       string `yaml:"cpuset,omitempty"`
	CgroupParent string `yaml:"cgroup_parent,omitempty"`

	ContainerName string `yaml:"container_name,omitempty" inert:"a container has the name of its service"`
}

// Repository is a folder of service files, by its address or its absolute path: <first letter>/<name>.yml, and index.yml
// with the names.
type Repository struct {
	URL string `yaml:"url,omitempty"`
}

// RegistryAuth is an account at a registry: name and password, or both in Auth, as docker's own configuration has them.
type RegistryAuth struct {
	Username      string `yaml:"username,omitempty"`
	Password      string `yaml:"password,omitempty"`
	Auth          string `yaml:"auth,omitempty"`
	IdentityToken string `yaml:"identitytoken,omitempty"`
	RegistryToken string `yaml:"registrytoken,omitempty"`
}
