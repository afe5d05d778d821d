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

	"rancheros-kit/init/internal/cmdline"
	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/kmsg"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const (
	resolvFile = "/etc/resolv.conf"
	doneFile   = "/run/network.done"
	// firstLeaseLimit is how long the rest of the machine waits for the first lease of every link, unless dhcp_timeout says
	// something else; netconf itself goes on.
	firstLeaseLimit = 20 * time.Second
	watchBuffer     = 1 << 20
)

// defaults are for a configuration without interfaces.
var defaults = map[string]config.Interface{"eth*": {DHCP: true}, "lo": {Address: "127.0.0.1/8"}}

// Options are what Run works with.
type Options struct {
	Network config.Network
	// TakeHostname lets a lease name the machine.
	TakeHostname bool
	// Root is the directory below which files are written.
	Root string
	Log  func(format string, arguments ...any)
	// Tell gets what someone before the console has to know: a link that nobody waits for any longer. Log gets it too.
	Tell func(format string, arguments ...any)
}

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
	if err := setHostname("/", cfg.Hostname); err != nil {
		log("%v", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	options := Options{Network: cfg.Rancher.Network, TakeHostname: !config.HostnameGiven("/", string(line)), Root: "/", Log: log,
		Tell: func(format string, arguments ...any) { kmsg.Error("netconf: "+format, arguments...) }}
	if err := Run(ctx, options); err != nil {
		log("%v", err)
		return 1
	}
	return 0
}

// network is the state of a running netconf.
type network struct {
	config   map[string]config.Interface
	resolver *resolver
	host     *host
	log      func(format string, arguments ...any)
	tell     func(format string, arguments ...any)
	group    sync.WaitGroup

	lock sync.Mutex
	// workers are those of the links, by the links' index.
	workers map[int]*worker
	// order has every worker as it began.
	order []*worker
}

// Run applies a configuration and keeps its leases until ctx ends.
func Run(ctx context.Context, options Options) error {
	cfg := options.Network
	n := &network{config: cfg.Interfaces, log: options.Log, tell: options.Tell, workers: map[int]*worker{},
		resolver: &resolver{path: filepath.Join(options.Root, resolvFile), config: cfg.DNS},
		host:     &host{root: options.Root, take: options.TakeHostname}}
	if len(n.config) == 0 {
		n.config = defaults
	}
	ctx, cancel := context.WithCancel(ctx)
	defer n.group.Wait()
	defer cancel()
	n.commands(ctx, "pre_cmds", cfg.PreCmds, "")
	changes := make(chan netlink.LinkUpdate, 64)
	// Containers that start together make many links at once.
	watch := netlink.LinkSubscribeOptions{ReceiveBufferSize: watchBuffer, ReceiveBufferForceSize: true}
	if err := netlink.LinkSubscribeWithOptions(changes, ctx.Done(), watch); err != nil {
		return fmt.Errorf("watching network links: %w", err)
	}
	if err := n.resolver.write(); err != nil {
		n.log("writing resolv.conf: %v", err)
	}
	n.makeDevices()
	links, err := netlink.LinkList()
	if err != nil {
		return fmt.Errorf("listing network links: %w", err)
	}
	for _, link := range links {
		n.begin(ctx, link)
	}
	n.group.Add(1)
	go func() {
		defer n.group.Done()
		n.done(ctx, cfg, filepath.Join(options.Root, doneFile))
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case change, open := <-changes:
			if ctx.Err() != nil {
				return nil
			}
			if !open {
				return fmt.Errorf("watching network links: the kernel ended it")
			}
			n.change(ctx, change)
		}
	}
}

// change follows a link. What bridges tell of their ports has another family and is not about the link itself.
func (n *network) change(ctx context.Context, change netlink.LinkUpdate) {
	if change.IfInfomsg.Family != unix.AF_UNSPEC {
		return
	}
	attributes := change.Attrs()
	n.lock.Lock()
	known := n.workers[attributes.Index]
	gone := change.Header.Type == unix.RTM_DELLINK
	if known != nil && (gone || known.name != attributes.Name) {
		known.cancel()
		delete(n.workers, attributes.Index)
	}
	n.lock.Unlock()
	switch {
	case gone:
	case known == nil:
		n.begin(ctx, change.Link)
	case known.name != attributes.Name:
		n.log("%s is %s now", known.name, attributes.Name)
		n.begin(ctx, change.Link)
	default:
		known.carrier.set(canSend(change.Link))
	}
}

// begin configures a link that is seen for the first time.
func (n *network) begin(ctx context.Context, link netlink.Link) {
	n.lock.Lock()
	defer n.lock.Unlock()
	attributes := link.Attrs()
	if _, known := n.workers[attributes.Index]; known || ctx.Err() != nil {
		return
	}
	entry, found := match(n.config, attributes.Name, addressesOf(link)...)
	if !found && attributes.Name == "lo" {
		entry, found = defaults["lo"], true
	}
	if !found {
		return
	}
	own, cancel := context.WithCancel(ctx)
	w := newWorker(ctx, n, link, entry, cancel)
	n.workers[attributes.Index] = w
	n.order = append(n.order, w)
	n.group.Add(1)
	go func() {
		defer n.group.Done()
		w.run(own)
	}()
}

// next is the worker that began after so many others.
func (n *network) next(index int) *worker {
	n.lock.Lock()
	defer n.lock.Unlock()
	if index < len(n.order) {
		return n.order[index]
	}
	return nil
}

// done tells the machine that the network is there, or will not be soon: then it names each link that is not, with the
// reason. A link's VLANs begin before the link itself is settled.
func (n *network) done(ctx context.Context, cfg config.Network, path string) {
	duration := firstLeaseLimit
	if cfg.DHCPTimeout > 0 {
		duration = time.Duration(cfg.DHCPTimeout) * time.Second
	}
	limit, stop := context.WithTimeout(ctx, duration)
	defer stop()
	for index := 0; ; index++ {
		w := n.next(index)
		if w == nil {
			break
		}
		select {
		case <-w.settled:
		case <-limit.Done():
			select {
			case <-w.settled:
			default:
				n.giveUp(w)
			}
		}
	}
	n.commands(ctx, "post_cmds", cfg.PostCmds, "")
	if ctx.Err() != nil {
		return
	}
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		n.log("%v", err)
	}
}

// giveUp says why nobody waits for a link any longer.
func (n *network) giveUp(w *worker) {
	n.log("%s: not waited for any longer: %s", w.name, w.reason())
	if n.tell != nil {
		n.tell("%s: not waited for any longer: %s", w.name, w.reason())
	}
}

func log(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, "netconf: "+format+"\n", arguments...)
}
