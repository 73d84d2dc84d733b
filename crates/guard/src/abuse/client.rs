//! Who is at the other end of a connection.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;

use crate::GuardError;

/// A client as bans know it: an IPv4 address, or the /64 of an IPv6 address, which is what one customer gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Client(IpAddr);

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(IpAddr::V4(address)),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self(IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)))
            }
        }
    }
}

impl FromStr for Client {
    type Err = GuardError;

    fn from_str(text: &str) -> Result<Self, GuardError> {
        let address = text.strip_suffix("/64").unwrap_or(text);
        address.parse::<IpAddr>().map(Self::from).map_err(|_| GuardError::BadNetwork(text.to_owned()))
    }
}

impl fmt::Display for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(formatter),
            IpAddr::V6(address) => write!(formatter, "{address}/64"),
        }
    }
}

/// Networks whose word is taken for who their clients are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Reads addresses and networks (`10.0.0.0/8`, `::1`).
    pub fn read<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, GuardError> {
        let read = |text: &str| {
            let text = text.trim();
            let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
            network.ok_or_else(|| GuardError::BadNetwork(text.to_owned()))
        };
        texts.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Who is behind a connection from `peer` that carries this `X-Forwarded-For`; see [`Networks::address`].
    pub fn client(&self, peer: IpAddr, forwarded: Option<&str>) -> Client {
        self.address(peer, forwarded).into()
    }

    /// The address behind a connection from `peer` that carries this `X-Forwarded-For`: the last one that no trusted proxy
    /// has, because all before it may be invented. Without trust in `peer` the header counts nothing.
    pub fn address(&self, peer: IpAddr, forwarded: Option<&str>) -> IpAddr {
        let mut client = peer.to_canonical();
        let hops = forwarded.into_iter().flat_map(|hops| hops.rsplit(','));
        for hop in hops {
            if !self.holds(client) {
                break;
            }
            let Some(address) = read_hop(hop) else { break };
            client = address.to_canonical();
        }
        client
    }

    fn holds(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// `1.2.3.4`, `1.2.3.4:5678`, `::1`, `[::1]:5678`.
fn read_hop(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim().trim_matches('"');
    if let Ok(address) = hop.parse() {
        return Some(address);
    }
    if let Ok(socket) = hop.parse::<std::net::SocketAddr>() {
        return Some(socket.ip());
    }
    hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_customer_of_ipv6_is_one_client() {
        assert_eq!(Client::from(address("2001:db8:1:2::1")), Client::from(address("2001:db8:1:2:ffff::9")));
        assert_ne!(Client::from(address("2001:db8:1:2::1")), Client::from(address("2001:db8:1:3::1")));
        assert_eq!(Client::from(address("::ffff:10.0.0.1")), Client::from(address("10.0.0.1")));
        assert_eq!(Client::from(address("2001:db8:1:2::1")).to_string(), "2001:db8:1:2::/64");
        assert_eq!("2001:db8:1:2::/64".parse(), Ok(Client::from(address("2001:db8:1:2::7"))));
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = Networks::read(["10.0.0.0/8", "::1"]).unwrap();
        let client = |peer: &str, forwarded| trusted.client(address(peer), Some(forwarded)).to_string();
        assert_eq!(client("192.0.2.1", "1.1.1.1"), "192.0.2.1");
        assert_eq!(client("10.0.0.1", "1.1.1.1"), "1.1.1.1");
        // The first was said by the client itself.
        assert_eq!(client("10.0.0.1", "9.9.9.9, 1.1.1.1, 10.0.0.2"), "1.1.1.1");
        assert_eq!(client("10.0.0.1", "1.1.1.1:443"), "1.1.1.1");
        assert_eq!(client("::1", "\"[2001:db8::1]:80\""), "2001:db8::/64");
        assert_eq!(client("10.0.0.1", "unknown"), "10.0.0.1");
        assert!(Networks::read(["300.1.1.1"]).is_err());
    }

    proptest! {
        #[test]
        fn any_header_yields_somebody(header in ".{0,60}") {
            Networks::read(["0.0.0.0/0"]).unwrap().client(address("10.0.0.1"), Some(&header));
        }
    }
}
