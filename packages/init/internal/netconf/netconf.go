package netconf

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"rancheros-kit/init/internal/cloudinit"
	"rancheros-kit/init/internal/cmdline"
	"rancheros-kit/init/internal/config"

	"github.com/vishvananda/netlink"
)

const (
	resolvFile = "/etc/resolv.conf"
	doneFile   = "/run/network.done"
	// firstLeaseLimit is how long the rest of the machine waits for the first lease of every link; netconf itself goes on.
	firstLeaseLimit = 20 * time.Second
)

// defaults are for a configuration without interfaces.
var defaults = map[string]config.Interface{"eth*": {DHCP: true}, "lo": {Address: "127.0.0.1/8"}}

// Main is the program netconf: it configures the links that there are and those that come, until it is told to stop.
func Main([]string) int {
	line, err := cmdline.Read("/")
	if err != nil {
		log("reading the kernel command line: %v", err)
	}
	cfg, warnings, err := config.Load("/", line)
	for _, warning := range warnings {
		log("%v", warning)
	}
	if err != nil {
		log("%v", err)
	}
	if err := cloudinit.SetHostname(cfg.Hostname); err != nil {
		log("%v", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := Run(ctx, cfg.Rancher.Network, "/", log); err != nil {
		log("%v", err)
		return 1
	}
	return 0
}

// network is the state of a running netconf.
type network struct {
	config   map[string]config.Interface
	resolver *resolver
	log      func(format string, arguments ...any)
	clients  sync.WaitGroup
	// running are the links by index, with the end of what runs for each.
	running map[int]context.CancelFunc
}

// Run applies a configuration and keeps its leases until ctx ends. Files are written below root.
func Run(ctx context.Context, cfg config.Network, root string, log func(format string, arguments ...any)) error {
	n := &network{config: cfg.Interfaces, log: log, running: map[int]context.CancelFunc{},
		resolver: &resolver{path: filepath.Join(root, resolvFile), config: cfg.DNS}}
	if len(n.config) == 0 {
		n.config = defaults
	}
	ctx, cancel := context.WithCancel(ctx)
	defer n.clients.Wait()
	defer cancel()
	changes := make(chan netlink.LinkUpdate, 16)
	if err := netlink.LinkSubscribe(changes, ctx.Done()); err != nil {
		return fmt.Errorf("watching network links: %w", err)
	}
	if err := n.resolver.write(); err != nil {
		log("writing resolv.conf: %v", err)
	}
	links, err := netlink.LinkList()
	if err != nil {
		return fmt.Errorf("listing network links: %w", err)
	}
	var leases []<-chan struct{}
	for _, link := range links {
		leases = append(leases, n.begin(ctx, link))
	}
	go n.done(ctx, leases, filepath.Join(root, doneFile))
	for {
		select {
		case <-ctx.Done():
			return nil
		case change, open := <-changes:
			if !open {
				return fmt.Errorf("watching network links: the kernel ended it")
			}
			n.change(ctx, change)
		}
	}
}

func (n *network) change(ctx context.Context, change netlink.LinkUpdate) {
	index := change.Attrs().Index
	if change.Header.Type == syscall.RTM_DELLINK {
		if cancel, known := n.running[index]; known {
			cancel()
			delete(n.running, index)
		}
		return
	}
	n.begin(ctx, change.Link)
}

// begin configures a link that is seen for the first time. The result is closed when the link has its first lease, or needs
// none.
func (n *network) begin(ctx context.Context, link netlink.Link) <-chan struct{} {
	leased := make(chan struct{})
	ready := sync.OnceFunc(func() { close(leased) })
	attributes := link.Attrs()
	if _, known := n.running[attributes.Index]; known {
		ready()
		return leased
	}
	entry, found := match(n.config, attributes.Name, attributes.HardwareAddr.String())
	if !found && attributes.Name == "lo" {
		entry, found = defaults["lo"], true
	}
	if !found {
		ready()
		return leased
	}
	ctx, cancel := context.WithCancel(ctx)
	n.running[attributes.Index] = cancel
	if err := setUp(link, entry); err != nil {
		n.log("%v", err)
	}
	if !entry.DHCP {
		ready()
		return leased
	}
	client := client{link: link, mtu: entry.MTU, resolver: n.resolver, log: n.log, ready: ready}
	n.clients.Add(1)
	go func() {
		defer n.clients.Done()
		client.run(ctx)
		ready()
	}()
	return leased
}

// done tells the machine that the network is there, or will not be soon.
func (n *network) done(ctx context.Context, leases []<-chan struct{}, path string) {
	limit := time.NewTimer(firstLeaseLimit)
	defer limit.Stop()
	for _, leased := range leases {
		select {
		case <-leased:
			continue
		case <-limit.C:
			n.log("going on without the lease of every link")
		case <-ctx.Done():
			return
		}
		break
	}
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		n.log("%v", err)
	}
}

func log(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, "netconf: "+format+"\n", arguments...)
}
