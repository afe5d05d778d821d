package netconf

import (
	"context"
	"sync"
	"sync/atomic"

	"rancheros-kit/init/internal/config"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// worker keeps one link in line with its configuration.
type worker struct {
	network *network
	// all is the context of the whole of netconf, for what begins on top of the link.
	all     context.Context
	link    netlink.Link
	name    string
	entry   config.Interface
	cancel  context.CancelFunc
	carrier carrier
	// settled is closed when nobody has to wait for the link any longer.
	settled chan struct{}
	settle  func()

	lock    sync.Mutex
	problem string
}

func newWorker(all context.Context, n *network, link netlink.Link, entry config.Interface, cancel context.CancelFunc) *worker {
	w := &worker{network: n, all: all, link: link, name: link.Attrs().Name, entry: entry, cancel: cancel, settled: make(chan struct{}),
		problem: "it is still being set up"}
	w.settle = sync.OnceFunc(func() { close(w.settled) })
	w.carrier.back = make(chan struct{}, 1)
	w.carrier.set(canSend(link))
	return w
}

// run sets the link up and then follows it until ctx ends.
func (w *worker) run(ctx context.Context) {
	defer w.settle()
	n := w.network
	if w.entry.DHCPArgs != "" {
		n.log("%s: dhcp_args %q are for dhcpcd, which is not what asks for leases here; left out", w.name, w.entry.DHCPArgs)
	}
	n.commands(ctx, "pre_up", w.entry.PreUp, w.name)
	w.report(setUp(w.link, w.entry))
	member := masterOf(w.name, w.entry) != ""
	switch {
	case !member:
		w.report(w.fixed(ctx))
	case w.wantsAddress():
		n.log("%s: it is a part of %s: its own addresses and dhcp are left out", w.name, masterOf(w.name, w.entry))
	}
	n.commands(ctx, "post_up", w.entry.PostUp, w.name)
	w.vlans()
	if !w.entry.DHCP || member || isLoopback(w.link) {
		w.settle()
		w.follow(ctx, member)
		return
	}
	client := client{worker: w}
	client.run(ctx)
}

// follow gives a link that came back what the kernel took from it: routes go with the link.
func (w *worker) follow(ctx context.Context, member bool) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.carrier.back:
			if !member {
				w.report(w.fixed(ctx))
			}
		}
	}
}

// fixed applies the addresses that need no server.
func (w *worker) fixed(ctx context.Context) error {
	if w.entry.IPV4LL {
		w.report(w.linkLocal(ctx))
	}
	return setAddresses(w.link, w.entry)
}

func (w *worker) wantsAddress() bool {
	return w.entry.DHCP || w.entry.IPV4LL || len(fixedAddresses(w.entry)) > 0
}

// report tells what went wrong, if anything did.
func (w *worker) report(err error) {
	if err == nil {
		return
	}
	w.because(err.Error())
	w.network.log("%s: %v", w.name, err)
}

// because keeps what a link is waited for.
func (w *worker) because(problem string) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.problem = problem
}

func (w *worker) reason() string {
	w.lock.Lock()
	defer w.lock.Unlock()
	return w.problem
}

// carrier is whether a link can send, as the kernel tells it.
type carrier struct {
	up atomic.Bool
	// back has something in it when the link became able to send since it was last looked at.
	back chan struct{}
}

func (c *carrier) set(up bool) {
	if c.up.Swap(up) || !up {
		return
	}
	select {
	case c.back <- struct{}{}:
	default:
	}
}

// wait reports false when ctx ended first. What it waited for is not told by back again.
func (c *carrier) wait(ctx context.Context) bool {
	for {
		select {
		case <-c.back:
		default:
		}
		if c.up.Load() {
			return ctx.Err() == nil
		}
		select {
		case <-ctx.Done():
			return false
		case <-c.back:
		}
	}
}

func canSend(link netlink.Link) bool {
	const wanted = unix.IFF_UP | unix.IFF_RUNNING
	return link.Attrs().RawFlags&wanted == wanted
}

func isLoopback(link netlink.Link) bool {
	return link.Attrs().RawFlags&unix.IFF_LOOPBACK != 0
}
