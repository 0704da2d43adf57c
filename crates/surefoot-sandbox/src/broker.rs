//! Carries the connections of a payload: takes one at a granted peer's listener, dials the peer, and copies.
//!
//! Runs in the supervisor, outside the confinement, so that it outlives the executor. A name is resolved
//! here, each time, as the machine resolves it.

use std::collections::BTreeMap;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::policy::Peer;

/// How long a peer may take to answer.
const DIAL: Duration = Duration::from_secs(10);

/// Connections at a time. Each is two threads.
const CONNECTIONS_MAX: usize = 256;

/// How many connections went where.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts(Arc<Mutex<BTreeMap<String, Count>>>);

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    made: u64,
    failed: u64,
}

impl Counts {
    fn add(&self, peer: &Peer, made: bool) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(format!("{}:{}", peer.host, peer.port)).or_default();
        if made {
            count.made += 1;
        } else {
            count.failed += 1;
        }
    }

    /// For a report.
    pub(crate) fn lines(&self) -> Vec<String> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts
            .iter()
            .map(|(peer, count)| match count.failed {
                0 => format!("{peer}: {}", count.made),
                failed => format!("{peer}: {} ({failed} more could not be made)", count.made),
            })
            .collect()
    }
}

/// Serves these listeners for as long as this process lives.
pub(crate) fn serve(listeners: Vec<OwnedFd>, peers: &[Peer], counts: &Counts) {
    let open = Arc::new(AtomicUsize::new(0));
    for (listener, peer) in listeners.into_iter().zip(peers.iter().cloned()) {
        let (open, counts) = (Arc::clone(&open), counts.clone());
        std::thread::spawn(move || accept(&TcpListener::from(listener), &peer, &open, &counts));
    }
}

fn accept(listener: &TcpListener, peer: &Peer, open: &Arc<AtomicUsize>, counts: &Counts) {
    loop {
        let Ok((client, _)) = listener.accept() else {
            // Out of descriptors, most likely: the payload waits, as with any full server.
            std::thread::sleep(Duration::from_millis(50));
            continue;
        };
        if open.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS_MAX {
            open.fetch_sub(1, Ordering::Relaxed);
            reset(client);
            continue;
        }
        let (peer, open, counts) = (peer.clone(), Arc::clone(open), counts.clone());
        std::thread::spawn(move || {
            match dial(&peer) {
                Ok(server) => {
                    counts.add(&peer, true);
                    carry(client, server);
                }
                Err(_) => {
                    counts.add(&peer, false);
                    reset(client);
                }
            }
            open.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

/// Dials a peer at each of its addresses.
pub(crate) fn dial(peer: &Peer) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    let host = peer.host.trim_start_matches('[').trim_end_matches(']');
    for address in (host, peer.port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, DIAL) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// A client whose peer cannot be reached sees a reset, not an orderly end without an answer.
fn reset(client: TcpStream) {
    let _ = rustix::net::sockopt::set_socket_linger(&client, Some(Duration::ZERO));
}

fn carry(client: TcpStream, server: TcpStream) {
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    let (Ok(mut from), Ok(mut to)) = (client.try_clone(), server.try_clone()) else { return };
    let back = std::thread::spawn(move || {
        let (mut server, mut client) = (server, client);
        let _ = io::copy(&mut server, &mut client);
        let _ = client.shutdown(Shutdown::Write);
    });
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
    let _ = back.join();
}
