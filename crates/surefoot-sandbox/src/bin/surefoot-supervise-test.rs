//! A program that is nothing but the supervisor: what the tests of this room start.
//!
//! Called by another name it plays a machine that offers less: `without-namespaces`, `without-landlock`.

use std::collections::BTreeMap;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

fn main() {
    let name = std::env::args().next().unwrap_or_default();
    if name.ends_with("without-namespaces") {
        deny(&[libc::SYS_clone3, libc::SYS_unshare], libc::EPERM);
    }
    if name.ends_with("without-landlock") {
        deny(&[libc::SYS_landlock_create_ruleset], libc::ENOSYS);
    }
    surefoot_sandbox::maybe_supervise();
    if name.ends_with("attacker") {
        attack();
    }
}

/// Tries system calls that lead out of a confinement, and ends with an error if one of them is made.
#[expect(deprecated, reason = "`unshare` is called unsafe for sharing descriptors, which this does not")]
fn attack() {
    use rustix::fs::{CWD, MemfdFlags};
    use rustix::mount::{FsOpenFlags, MountFlags, OpenTreeFlags};
    use rustix::net::{AddressFamily, Protocol, RawProtocol, SendFlags, SocketType, socket};
    use rustix::thread::UnshareFlags;

    let protocol =
        |number: u32| std::num::NonZeroU32::new(number).map(|raw| Protocol::from_raw(RawProtocol::from(raw)));
    let (inet, stream) = (AddressFamily::INET, SocketType::STREAM);
    let fast_open = || {
        let socket = socket(inet, stream, None)?;
        let there = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
        const MSG_FASTOPEN: u32 = 0x2000_0000;
        match rustix::net::sendto(&socket, b"x", SendFlags::from_bits_retain(MSG_FASTOPEN), &there) {
            // The filter's answer. Any other is the network's, which was then spoken to.
            Err(rustix::io::Errno::PERM) => Err(rustix::io::Errno::PERM),
            _ => Ok(()),
        }
    };
    let attempts: [(&str, rustix::io::Result<()>); 14] = [
        ("a user namespace", rustix::thread::unshare(UnshareFlags::NEWUSER)),
        ("a mount namespace", rustix::thread::unshare(UnshareFlags::NEWNS)),
        ("a mount", rustix::mount::mount("none", "/tmp", "tmpfs", MountFlags::empty(), None)),
        ("a file system", rustix::mount::fsopen("tmpfs", FsOpenFlags::empty()).map(drop)),
        ("a copied mount", rustix::mount::open_tree(CWD, "/", OpenTreeFlags::OPEN_TREE_CLONE).map(drop)),
        ("an unmount", rustix::mount::unmount("/proc", rustix::mount::UnmountFlags::DETACH)),
        ("another root", rustix::process::chroot("/tmp")),
        (
            "memory that can be executed as a file",
            rustix::fs::memfd_create("x", MemfdFlags::empty()).map(drop),
        ),
        ("a raw socket", socket(inet, SocketType::RAW, protocol(1)).map(drop)),
        ("an MPTCP socket", socket(inet, stream, protocol(262)).map(drop)),
        ("a packet socket", socket(AddressFamily::PACKET, SocketType::RAW, None).map(drop)),
        ("a socket to the hypervisor", socket(AddressFamily::VSOCK, stream, None).map(drop)),
        ("a connection while sending", fast_open()),
        ("the name of the machine", rustix::system::sethostname(b"taken")),
    ];
    let made: Vec<&str> = attempts.iter().filter(|(_, made)| made.is_ok()).map(|(what, _)| *what).collect();
    assert!(made.is_empty(), "made: {made:?}");
}

fn deny(calls: &[libc::c_long], error: i32) {
    let rules: BTreeMap<i64, Vec<_>> = calls.iter().map(|call| (*call, Vec::new())).collect();
    let error = SeccompAction::Errno(error.unsigned_abs());
    let architecture = std::env::consts::ARCH.try_into().expect("a known architecture");
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, error, architecture).expect("a filter");
    let filter: BpfProgram = filter.try_into().expect("a program");
    seccompiler::apply_filter(&filter).expect("applied");
}
