//! The network inside a private network namespace: empty, but for one listener for each granted peer.
//!
//! Each listener's descriptor goes out to the supervisor: a socket stays in the namespace it was made in.
//! Names lead to the listeners by a private `/etc/hosts`, addresses because they are put on the loopback
//! interface itself. So a client needs no proxy, TLS stays whole, and what was not granted is not there.
//!
//! Not here: dialling the real peer (`broker`).

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;

use rustix::net::sockopt;
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use crate::policy::Peer;
use crate::sys;

/// Peers of one payload. Each is a listener and a few threads under load.
pub(crate) const PEERS_MAX: usize = 64;

/// Connections that wait to be taken.
const BACKLOG: i32 = 64;

/// Where each granted host is found from inside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    by_host: BTreeMap<String, IpAddr>,
}

impl Places {
    /// Gives each host an address.
    pub(crate) fn new(peers: &[Peer]) -> Result<Places, String> {
        if peers.len() > PEERS_MAX {
            return Err(format!("it may connect to {} peers, and {PEERS_MAX} are the most", peers.len()));
        }
        let mut places = Places::default();
        let mut names = 0_u8;
        for Peer { host, .. } in peers {
            if places.by_host.contains_key(host) {
                continue;
            }
            let address = match host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
                Ok(IpAddr::V6(address)) if !address.is_loopback() => {
                    return Err(format!(
                        "connecting to {address} cannot be granted yet: of IPv6 addresses only ::1 can; use a name"
                    ));
                }
                Ok(address) => address,
                Err(_) if host == "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
                Err(_) => {
                    names += 1;
                    IpAddr::V4(Ipv4Addr::new(127, 77, 0, names))
                }
            };
            places.by_host.insert(host.clone(), address);
        }
        Ok(places)
    }

    /// The private `/etc/hosts`.
    pub(crate) fn hosts(&self) -> String {
        let mut text = String::from("127.0.0.1 localhost\n");
        for (host, address) in &self.by_host {
            if host.parse::<IpAddr>().is_err() && host != "localhost" {
                text.push_str(&format!("{address} {host}\n"));
            }
        }
        text
    }

    fn of(&self, host: &str) -> Option<IpAddr> {
        self.by_host.get(host).copied()
    }
}

/// Switches the loopback interface on and makes the listeners, in the order of the peers.
pub(crate) fn listen(peers: &[Peer], places: &Places) -> Result<Vec<OwnedFd>, String> {
    let failed = |what: &str| {
        let what = what.to_owned();
        move |error: std::io::Error| format!("its network could not be set up: {what}: {error}")
    };
    let control = socket(AddressFamily::INET).map_err(failed("a socket"))?;
    sys::loopback_up(&control).map_err(failed("the loopback interface"))?;
    let mut added = 0;
    for address in places.by_host.values() {
        if let IpAddr::V4(address) = address
            && !address.is_loopback()
        {
            sys::loopback_address(&control, added, *address).map_err(failed(&address.to_string()))?;
            added += 1;
        }
    }
    let mut listeners = Vec::new();
    for Peer { host, port } in peers {
        let address = places.of(host).ok_or_else(|| format!("no address for {host}"))?;
        let address = SocketAddr::new(address, *port);
        let what = format!("{host}:{port}");
        let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
        let listener = socket(family).map_err(failed(&what))?;
        let steps = || {
            sockopt::set_socket_reuseaddr(&listener, true)?;
            rustix::net::bind(&listener, &address)?;
            rustix::net::listen(&listener, BACKLOG)
        };
        steps().map_err(|error| failed(&what)(error.into()))?;
        listeners.push(listener);
    }
    Ok(listeners)
}

fn socket(family: AddressFamily) -> std::io::Result<OwnedFd> {
    Ok(rustix::net::socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?)
}

#[cfg(test)]
mod tests {
    use super::Places;
    use crate::policy::Peer;

    #[test]
    fn names_get_addresses_of_their_own_and_addresses_stay() {
        let peer = |host: &str, port| Peer { host: host.into(), port };
        let places = Places::new(&[
            peer("db", 1),
            peer("db", 2),
            peer("cache", 1),
            peer("127.0.0.1", 5),
            peer("localhost", 6),
        ])
        .expect("places");
        assert_eq!(places.hosts(), "127.0.0.1 localhost\n127.77.0.2 cache\n127.77.0.1 db\n");
    }

    #[test]
    fn an_address_that_cannot_be_granted_is_refused() {
        let why = Places::new(&[Peer { host: "2001:db8::1".into(), port: 1 }]).expect_err("refused");
        assert!(why.contains("2001:db8::1"), "{why}");
    }
}
