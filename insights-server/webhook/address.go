package webhook

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
)

// errRefused says that a host has an address to which nothing is sent.
var errRefused = errors.New("the address is refused")

// special are the IPv4 ranges of which no address is a receiver on the internet:
// https://www.iana.org/assignments/iana-ipv4-special-registry
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),       // this network
	netip.MustParsePrefix("10.0.0.0/8"),      // private
	netip.MustParsePrefix("100.64.0.0/10"),   // behind a carrier's NAT; Alibaba's metadata
	netip.MustParsePrefix("127.0.0.0/8"),     // loopback
	netip.MustParsePrefix("169.254.0.0/16"),  // link-local, and clouds' metadata
	netip.MustParsePrefix("172.16.0.0/12"),   // private
	netip.MustParsePrefix("192.0.0.0/24"),    // protocol assignments; Oracle's metadata
	netip.MustParsePrefix("192.0.2.0/24"),    // documentation
	netip.MustParsePrefix("192.88.99.0/24"),  // 6to4 relays
	netip.MustParsePrefix("192.168.0.0/16"),  // private
	netip.MustParsePrefix("198.18.0.0/15"),   // tests of networks; here, containers
	netip.MustParsePrefix("198.51.100.0/24"), // documentation
	netip.MustParsePrefix("203.0.113.0/24"),  // documentation
	netip.MustParsePrefix("224.0.0.0/4"),     // multicast
	netip.MustParsePrefix("240.0.0.0/4"),     // reserved, and broadcast
	// A public address, and Azure's way into its machines:
	// https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
	netip.MustParsePrefix("168.63.129.16/32"),
}

// global is all of IPv6 that is given to anybody, and within are the ranges of it
// that lead elsewhere: https://www.iana.org/assignments/iana-ipv6-special-registry.
// Loopback, link-local, unique local, multicast, NAT64 and IPv4 in IPv6 lie outside.
var (
	global = netip.MustParsePrefix("2000::/3")
	within = []netip.Prefix{
		netip.MustParsePrefix("2001::/23"),     // protocol assignments, Teredo among them
		netip.MustParsePrefix("2001:db8::/32"), // documentation
		netip.MustParsePrefix("2002::/16"),     // 6to4, which holds an IPv4 address
		netip.MustParsePrefix("3fff::/20"),     // documentation
	}
)

// public reports whether an address is one of the internet.
func public(a netip.Addr) bool {
	a = a.Unmap()
	switch {
	case !a.IsValid(), a.Zone() != "":
		return false
	case a.Is4():
		return !contains(special, a)
	default:
		return global.Contains(a) && !contains(within, a)
	}
}

func contains(all []netip.Prefix, a netip.Addr) bool {
	for _, p := range all {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// guard looks at each address that is about to be connected to. The name is
// resolved by then, so that no second answer of a name server gets around it.
func (s *Sender) guard(plain bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%w: %w", errRefused, err)
		}
		if contains(s.config.Allow, to.Addr().Unmap()) && to.Addr().Zone() == "" {
			return nil
		}
		if plain || to.Port() != httpsPort || !public(to.Addr()) {
			return fmt.Errorf("%w: %s", errRefused, to)
		}
		return nil
	}
}

const httpsPort = 443

// Wrong says what is wrong with the address of a webhook, as far as it can be
// seen without resolving its host; "" for nothing.
func (s *Sender) Wrong(address string) string {
	u, err := url.Parse(address)
	own := len(s.config.Allow) > 0
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "":
		return "This is no address of a webhook. Give one such as https://hooks.example.com/dataloaf."
	case u.Scheme != "https" && (u.Scheme != "http" || !own):
		return "A webhook's address begins with https://."
	case u.User != nil:
		return "The address holds a name or password, which would show to everybody who sees the alert. Leave them out: the signature proves who sends."
	case u.Fragment != "":
		return "The address has a part after #, which no server gets to see. Leave it out."
	case strings.ContainsAny(address, " \t\r\n"):
		return "The address holds white space. Percent-encode it."
	case u.Port() != "" && u.Port() != "443" && !own:
		return "Webhooks are sent to port 443 alone. Leave the port out."
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil && !public(a) && !contains(s.config.Allow, a.Unmap()) {
		return "This address is not on the internet, and nothing is sent to it. LOAF_WEBHOOK_ALLOW of the server names the networks of one's own that may be sent to."
	}
	return ""
}
