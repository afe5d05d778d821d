package config

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Docker is how one of the two docker daemons is started. The fields with an option stand for dockerd's option of that name.
type Docker struct {
	// Args are the program and its arguments.
	Args []string `yaml:"args,omitempty" form:"words"`
	// ExtraArgs are more arguments, behind all others.
	ExtraArgs []string `yaml:"extra_args,omitempty" form:"words"`
	// Environment is the daemon's, as NAME=value.
	Environment []string `yaml:"environment,omitempty" form:"pairs"`
	// Exec asked upstream for a daemon in PID 1's place. It is taken and has no effect: PID 1 stays ros, because a daemon there
	// leaves the processes that others abandon unreaped, and its end is the machine's.
	Exec bool `yaml:"exec,omitempty"`
	// TLS makes the daemon take requests over the network from those who have a certificate of the machine's own
	// authority (`ros tls generate`).
	TLS bool `yaml:"tls,omitempty"`
	// TLSArgs are more arguments when TLS is set.
	TLSArgs []string `yaml:"tls_args,omitempty" form:"words"`
	// ServerCert is the daemon's certificate, in PEM form; `ros tls generate` makes it, its key and the authority's.
	ServerCert string `yaml:"server_cert,omitempty"`
	// ServerKey is the daemon's key.
	ServerKey string `yaml:"server_key,omitempty"`
	// CACert is the authority's certificate.
	CACert string `yaml:"ca_cert,omitempty"`
	// CAKey is the authority's key.
	CAKey string `yaml:"ca_key,omitempty"`
	// Engine names the docker that runs for the user (`ros engine switch`); empty and `default` mean the one on board.
	Engine         string `yaml:"engine,omitempty"`
	StorageContext string `yaml:"storage_context,omitempty" inert:"the user's docker runs in a container of its own"`

	BIP              string            `yaml:"bip,omitempty" option:"bip"`
	Bridge           string            `yaml:"bridge,omitempty" option:"bridge"`
	ConfigFile       string            `yaml:"config_file,omitempty" option:"config-file"`
	Containerd       string            `yaml:"containerd,omitempty" option:"containerd"`
	Debug            *bool             `yaml:"debug,omitempty" option:"debug"`
	DNS              []string          `yaml:"dns,omitempty" option:"dns"`
	ExecRoot         string            `yaml:"exec_root,omitempty" option:"exec-root"`
	Graph            string            `yaml:"graph,omitempty" option:"data-root"`
	Group            string            `yaml:"group,omitempty" option:"group"`
	Host             []string          `yaml:"host,omitempty" option:"host"`
	InsecureRegistry []string          `yaml:"insecure_registry,omitempty" option:"insecure-registry"`
	LiveRestore      *bool             `yaml:"live_restore,omitempty" option:"live-restore"`
	LogDriver        string            `yaml:"log_driver,omitempty" option:"log-driver"`
	LogOpts          map[string]string `yaml:"log_opts,omitempty" option:"log-opt"`
	MTU              int               `yaml:"mtu,omitempty" option:"mtu"`
	PidFile          string            `yaml:"pid_file,omitempty" option:"pidfile"`
	RegistryMirror   []string          `yaml:"registry_mirror,omitempty" option:"registry-mirror"`
	SelinuxEnabled   *bool             `yaml:"selinux_enabled,omitempty" option:"selinux-enabled"`
	StorageDriver    string            `yaml:"storage_driver,omitempty" option:"storage-driver"`
	StorageOpts      []string          `yaml:"storage_opts,omitempty" option:"storage-opt"`
	UserlandProxy    *bool             `yaml:"userland_proxy,omitempty" option:"userland-proxy"`
}

// belongsTo are options that are for one value of another: who sets the one does not want what the arguments say of the other.
var belongsTo = map[string]string{"log-driver": "log-opt", "storage-driver": "storage-opt"}

// Arguments is the daemon's command line: Args without the options that a field sets, then the options of the fields, then
// ExtraArgs, then TLSArgs where TLS is set. It is empty when Args and ExtraArgs are.
func (d Docker) Arguments() []string {
	args := slices.Clone(d.Args)
	if len(args)+len(d.ExtraArgs) == 0 {
		return nil
	}
	var options []string
	value := reflect.ValueOf(d)
	for index := range value.NumField() {
		name := value.Type().Field(index).Tag.Get("option")
		values := optionValues(value.Field(index))
		if name == "" || len(values) == 0 {
			continue
		}
		args = without(args, name)
		if other := belongsTo[name]; other != "" {
			args = without(args, other)
		}
		for _, text := range values {
			options = append(options, "--"+name+"="+text)
		}
	}
	if d.TLS {
		return slices.Concat(args, options, d.ExtraArgs, d.TLSArgs)
	}
	return slices.Concat(args, options, d.ExtraArgs)
}

// optionValues are the values of an option; none when the field is not set.
func optionValues(field reflect.Value) []string {
	switch value := field.Interface().(type) {
	case string:
		if value != "" {
			return []string{value}
		}
	case int:
		if value != 0 {
			return []string{strconv.Itoa(value)}
		}
	case *bool:
		if value != nil {
			return []string{strconv.FormatBool(*value)}
		}
	case []string:
		return value
	case map[string]string:
		var pairs []string
		for _, key := range slices.Sorted(maps.Keys(value)) {
			pairs = append(pairs, key+"="+value[key])
		}
		return pairs
	}
	return nil
}

// without leaves out an option, in the forms --name=value, --name value and --name.
func without(args []string, name string) []string {
	var kept []string
	for at := 0; at < len(args); at++ {
		switch {
		case strings.HasPrefix(args[at], "--"+name+"="):
		case args[at] == "--"+name:
			if at+1 < len(args) && !strings.HasPrefix(args[at+1], "-") {
				at++
			}
		default:
			kept = append(kept, args[at])
		}
	}
	return kept
}
