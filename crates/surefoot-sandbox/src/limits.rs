//! What every program is limited to, and as whom it runs.

use rustix::process::{Gid, Resource, Rlimit, Uid, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets};

use crate::policy::User;

/// Bytes of memory one process may write to. Address space is not limited: many runtimes reserve terabytes
/// that they never touch.
const MEMORY_BYTES: u64 = 8 << 30;

/// Descriptors one process may hold.
const DESCRIPTORS: u64 = 4096;

/// Bytes of one file that a changing step may write: a backup of a large database.
const FILE_BYTES: u64 = 4 << 40;

/// Bytes of one file that a probe may write, in its scratch folder.
const PROBE_FILE_BYTES: u64 = 256 << 20;

/// Processes of the user in this namespace. Root is not bound by it, but by the pid namespace.
const PROCESSES: u64 = 2048;

/// What root keeps of its power over the paths that were granted. In a user namespace, and without the
/// right to mount, trace, or configure anything.
const KEPT: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::NET_BIND_SERVICE);

/// What a probe of root keeps: to read what it was granted.
const KEPT_TO_READ: CapabilitySet = CapabilitySet::DAC_READ_SEARCH;

/// Capabilities there are, generously: dropping one that is not there fails, and that is right.
const CAPABILITIES_MAX: u32 = 63;

/// Sets the limits of this process and of all that it starts.
pub(crate) fn set(change: bool) -> Result<(), String> {
    for (resource, value) in [
        (Resource::Core, 0),
        (Resource::Data, MEMORY_BYTES),
        (Resource::Nofile, DESCRIPTORS),
        (Resource::Fsize, if change { FILE_BYTES } else { PROBE_FILE_BYTES }),
        (Resource::Nproc, PROCESSES),
    ] {
        // A limit that is already lower stays.
        let now = rustix::process::getrlimit(resource);
        let value = now.maximum.map_or(value, |maximum| maximum.min(value));
        setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) })
            .map_err(|error| format!("its limits could not be set: {error}"))?;
    }
    Ok(())
}

/// Becomes a user, or stays the operator, and gives up all power but what stands in [`KEPT`].
pub(crate) fn become_user(user: Option<&User>, full_map: bool, change: bool) -> Result<(), String> {
    let failed = |error: rustix::io::Errno| format!("its privileges could not be given up: {error}");
    if let Some(user) = user {
        let own = rustix::process::getuid().as_raw() == user.uid;
        if !own || full_map {
            let groups: Vec<Gid> = user.groups.iter().map(|gid| Gid::from_raw(*gid)).collect();
            let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
            rustix::thread::set_thread_groups(&groups)
                .and_then(|()| rustix::thread::set_thread_res_gid(gid, gid, gid))
                .and_then(|()| rustix::thread::set_thread_res_uid(uid, uid, uid))
                .map_err(|error| format!("it could not become the user {}: {error}", user.name))?;
        }
    }
    let root = full_map && rustix::process::getuid().is_root();
    let keep = match (root, change) {
        (true, true) => KEPT,
        (true, false) => KEPT_TO_READ,
        (false, _) => CapabilitySet::empty(),
    };
    if rustix::thread::capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SETPCAP)) {
        for number in 0..=CAPABILITIES_MAX {
            let capability = CapabilitySet::from_bits_retain(1 << number);
            if !keep.contains(capability)
                && rustix::thread::remove_capability_from_bounding_set(capability).is_err()
            {
                break;
            }
        }
    }
    let _ = rustix::thread::clear_ambient_capability_set();
    let sets = rustix::thread::capabilities(None).map_err(failed)?;
    let keep = keep & sets.permitted;
    rustix::thread::set_capabilities(
        None,
        CapabilitySets { effective: keep, permitted: keep, inheritable: CapabilitySet::empty() },
    )
    .map_err(failed)
}
