package netconf

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
)

// Times of one exchange: the first answer is waited for this long, each next one twice as long.
const (
	answerTime  = time.Second
	answerTries = 4
	retryTime   = 5 * time.Second
	longestTime = time.Minute
	// carrierLimit is how long a link that was just set up has to become able to send.
	carrierLimit = 5 * time.Second
)

var wanted = []dhcpv4.OptionCode{
	dhcpv4.OptionSubnetMask, dhcpv4.OptionRouter, dhcpv4.OptionDomainNameServer, dhcpv4.OptionDomainName,
	dhcpv4.OptionDNSDomainSearchList, dhcpv4.OptionHostName, dhcpv4.OptionInterfaceMTU, dhcpv4.OptionClasslessStaticRoute,
}

// client keeps one link's lease alive.
type client struct {
	*worker
	// held is the address of the last lease.
	held *net.IPNet
}

// run gets a lease and renews it until ctx ends (RFC 2131 section 4.4). The link keeps its address then: netconf may be
// started anew.
func (c *client) run(ctx context.Context) {
	c.awaitCable(ctx)
	for c.carrier.wait(ctx) {
		c.because("no DHCP server has answered")
		given, lease, err := c.obtain(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			c.report(fmt.Errorf("no DHCP lease: %w", err))
			sleep(ctx, retryTime)
			continue
		}
		c.settle()
		c.hold(ctx, lease, given)
	}
}

// awaitCable gives a link that was just set up a moment to become able to send; nobody waits for one without a cable.
func (c *client) awaitCable(ctx context.Context) {
	c.because("it has no carrier: no cable, or nothing at its other end")
	limit, stop := context.WithTimeout(ctx, carrierLimit)
	defer stop()
	if !c.carrier.wait(limit) && ctx.Err() == nil {
		c.network.giveUp(c.worker)
		c.settle()
	}
}

// obtain asks for a new lease and applies it.
func (c *client) obtain(ctx context.Context) (grant, *nclient4.Lease, error) {
	lease, err := c.request(ctx)
	if err != nil {
		return grant{}, nil, err
	}
	given, err := c.apply(lease)
	if err != nil {
		return grant{}, nil, err
	}
	c.network.log("%s: address %v for %v", c.name, given.address, given.end)
	return given, lease, nil
}

// hold renews the lease until the server takes it back or it ends, and then takes the address from the link. A link that
// came back may be on another network: it asks anew.
func (c *client) hold(ctx context.Context, lease *nclient4.Lease, given grant) {
	end := time.Now().Add(given.end)
	wait := given.renew
	for {
		var renewed *nclient4.Lease
		var next grant
		var err error
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
			if renewed, err = c.renew(ctx, lease); err == nil {
				next, err = c.apply(renewed)
			}
		case <-c.carrier.back:
			c.report(setAddresses(c.link, c.entry))
			next, renewed, err = c.obtain(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			lease, given, end, wait = renewed, next, time.Now().Add(next.end), next.renew
			continue
		}
		var refused *nclient4.ErrNak
		if left := time.Until(end); !errors.As(err, &refused) && left > time.Second {
			wait = min(left/2, longestTime)
			continue
		}
		c.network.log("%s: the lease of %v is over: %v", c.name, given.address, err)
		c.report(errors.Join(given.withdraw(c.link), c.network.resolver.set(c.name, names{})))
		return
	}
}

func (c *client) apply(lease *nclient4.Lease) (grant, error) {
	given, err := read(lease)
	if err != nil {
		return grant{}, err
	}
	if err := given.apply(c.link, c.entry, c.held); err != nil {
		return grant{}, err
	}
	c.held = given.address
	c.report(c.network.host.offer(c.name, given.hostname))
	if err := c.network.resolver.set(c.name, given.names); err != nil {
		return grant{}, fmt.Errorf("writing resolv.conf: %w", err)
	}
	return given, nil
}

func (c *client) request(ctx context.Context) (*nclient4.Lease, error) {
	return c.exchange(func(dhcp *nclient4.Client) (*nclient4.Lease, error) {
		return dhcp.Request(ctx, c.modifiers()...)
	})
}

func (c *client) renew(ctx context.Context, lease *nclient4.Lease) (*nclient4.Lease, error) {
	return c.exchange(func(dhcp *nclient4.Client) (*nclient4.Lease, error) {
		return dhcp.Renew(ctx, lease, c.modifiers()...)
	})
}

// exchange opens the packet socket only while it is needed: it sees every packet of the link.
func (c *client) exchange(talk func(*nclient4.Client) (*nclient4.Lease, error)) (*nclient4.Lease, error) {
	dhcp, err := nclient4.New(c.name, nclient4.WithTimeout(answerTime), nclient4.WithRetry(answerTries))
	if err != nil {
		return nil, err
	}
	lease, err := talk(dhcp)
	return lease, errors.Join(err, dhcp.Close())
}

func (c *client) modifiers() []dhcpv4.Modifier {
	modifiers := []dhcpv4.Modifier{dhcpv4.WithRequestedOptions(wanted...)}
	if hostname, err := os.Hostname(); err == nil && hostname != "" {
		modifiers = append(modifiers, dhcpv4.WithOption(dhcpv4.OptHostName(hostname)))
	}
	return modifiers
}

// sleep reports false when ctx ended first.
func sleep(ctx context.Context, duration time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(duration):
		return true
	}
}
