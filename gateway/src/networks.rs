//! The networks of an address. All addresses of a network share limits, because one client may have them all.

use std::net::{IpAddr, Ipv6Addr};

/// A network with its own limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Network {
    /// Its first address.
    pub(crate) address: IpAddr,
    /// The length of its prefix, in bits.
    pub(crate) bits: u8,
}

/// The networks of an address, the smallest first, each with the multiple of the limit that it may use.
///
/// An IPv4 address is a network of its own. Of IPv6, a link has a /64, a household usually a /56, and an organisation a
/// /48: with a limit per /64 alone, an organisation would have 65,536 of them. Source: RFC 6177.
pub(crate) fn networks_of(address: IpAddr) -> impl Iterator<Item = (Network, u32)> {
    let all = match address.to_canonical() {
        IpAddr::V4(address) => [Some((Network { address: address.into(), bits: 32 }, 1)), None, None],
        IpAddr::V6(address) => [(64, 1), (56, 2), (48, 4)].map(|(bits, multiple)| {
            let first = Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - u32::from(bits))));
            Some((Network { address: first.into(), bits }, multiple))
        }),
    };
    all.into_iter().flatten()
}

/// The largest network of an address.
pub(crate) fn site_of(address: IpAddr) -> Network {
    let address = address.to_canonical();
    networks_of(address).last().map_or(Network { address, bits: 128 }, |(network, _)| network)
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.address {
            IpAddr::V4(address) => write!(f, "{address}"),
            IpAddr::V6(address) => write!(f, "{address}/{}", self.bits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(address: &str) -> Vec<(String, u32)> {
        networks_of(address.parse().unwrap()).map(|(network, multiple)| (network.to_string(), multiple)).collect()
    }

    #[test]
    fn an_ipv6_address_shares_limits_with_its_link_its_household_and_its_organisation() {
        let expected = [("2001:db8:1:203::/64", 1), ("2001:db8:1:200::/56", 2), ("2001:db8:1::/48", 4)];
        assert_eq!(networks("2001:db8:1:203:ffff::4"), expected.map(|(network, of)| (network.to_owned(), of)));
    }

    #[test]
    fn an_ipv4_address_is_a_network_of_its_own_in_both_spellings() {
        assert_eq!(networks("10.0.0.1"), [("10.0.0.1".to_owned(), 1)]);
        assert_eq!(networks("::ffff:10.0.0.1"), networks("10.0.0.1"));
        assert_eq!(site_of("::ffff:10.0.0.1".parse().unwrap()).to_string(), "10.0.0.1");
    }
}
