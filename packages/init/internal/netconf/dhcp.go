package netconf

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"github.com/vishvananda/netlink"
)

// Times of one exchange: the first answer is waited for this long, each next one twice as long.
const (
	answerTime  = time.Second
	answerTries = 4
	retryTime   = 5 * time.Second
	longestTime = time.Minute
)

var wanted = []dhcpv4.OptionCode{
	dhcpv4.OptionSubnetMask, dhcpv4.OptionRouter, dhcpv4.OptionDomainNameServer, dhcpv4.OptionDomainName,
	dhcpv4.OptionDNSDomainSearchList, dhcpv4.OptionInterfaceMTU, dhcpv4.OptionClasslessStaticRoute,
}

// client keeps one link's lease alive.
type client struct {
	link     netlink.Link
	mtu      int
	resolver *resolver
	log      func(format string, arguments ...any)
	// ready is called after the first lease was applied.
	ready func()
}

// run gets a lease and renews it until ctx ends (RFC 2131 section 4.4). The link keeps its address then: netconf may be
// started anew.
func (c *client) run(ctx context.Context) {
	name := c.link.Attrs().Name
	waitForCarrier(ctx, name)
	for ctx.Err() == nil {
		lease, err := c.request(ctx)
		if err != nil {
			c.log("%s: no DHCP lease: %v", name, err)
			sleep(ctx, retryTime)
			continue
		}
		given, err := c.apply(lease)
		if err != nil {
			c.log("%s: %v", name, err)
			sleep(ctx, retryTime)
			continue
		}
		c.log("%s: address %v for %v", name, given.address, given.end)
		c.ready()
		c.hold(ctx, lease, given)
	}
}

// hold renews the lease until the server takes it back or it ends, and then takes the address from the link.
func (c *client) hold(ctx context.Context, lease *nclient4.Lease, given grant) {
	name := c.link.Attrs().Name
	end := time.Now().Add(given.end)
	wait := given.renew
	for sleep(ctx, wait) {
		renewed, err := c.renew(ctx, lease)
		if err == nil {
			if next, applyErr := c.apply(renewed); applyErr == nil {
				lease, given, end, wait = renewed, next, time.Now().Add(next.end), next.renew
				continue
			} else {
				err = applyErr
			}
		}
		var refused *nclient4.ErrNak
		if left := time.Until(end); !errors.As(err, &refused) && left > time.Second && ctx.Err() == nil {
			wait = min(left/2, longestTime)
			continue
		}
		if ctx.Err() != nil {
			return
		}
		c.log("%s: the lease of %v is over: %v", name, given.address, err)
		if err := errors.Join(given.withdraw(c.link), c.resolver.set(name, names{})); err != nil {
			c.log("%s: %v", name, err)
		}
		return
	}
}

func (c *client) apply(lease *nclient4.Lease) (grant, error) {
	given, err := read(lease)
	if err != nil {
		return grant{}, err
	}
	if err := given.apply(c.link, c.mtu); err != nil {
		return grant{}, err
	}
	if err := c.resolver.set(c.link.Attrs().Name, given.names); err != nil {
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
	dhcp, err := nclient4.New(c.link.Attrs().Name, nclient4.WithTimeout(answerTime), nclient4.WithRetry(answerTries))
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
