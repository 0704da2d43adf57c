//! What a payload may do with the files it sees, by Landlock; the second of three layers.
//!
//! Must hold: what the kernel cannot enforce is an error, never left out in silence.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, NetPort, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope,
};

use crate::policy::{Payload, View};
use crate::supervise::WAIVE_LANDLOCK;
use crate::{root, sys};

/// The version with which truncating a file is covered. Without it "may be read" would not be true.
pub(crate) const VERSION_MIN: u32 = 3;

/// The version with which TCP ports are covered: what keeps a payload that shares the machine's network.
pub(crate) const VERSION_FOR_PORTS: u32 = 4;

/// The version with which signals are covered.
const VERSION_FOR_SCOPES: u32 = 6;

/// Where libraries and their data lie. Programs in `bin` folders do not: only granted ones can be read,
/// because the loader runs whatever it can read.
///
/// TODO(robust): Debian keeps some programs below `/usr/lib`; started through the loader they run, with the
/// same rights as the granted ones. Rules for each folder but those would cost every command half a
/// millisecond. Worth it when the list of programs is relied on for more than the review of a plan.
const LIBRARIES: [&str; 12] = [
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libx32",
    "/usr/share",
    "/usr/local/lib",
    "/usr/local/share",
    "/lib",
    "/lib32",
    "/lib64",
    "/nix/store",
    "/gnu/store",
];

/// Makes the rules. The root must be entered already: paths are opened in it.
pub(crate) fn rules(payload: &Payload) -> Result<RulesetCreated, String> {
    let version = sys::landlock_version();
    if version < VERSION_MIN {
        return Err(match version {
            0 => format!("the kernel does not offer Landlock; {WAIVE_LANDLOCK}"),
            old => format!(
                "the kernel's Landlock is of version {old}, and version {VERSION_MIN} is needed; {WAIVE_LANDLOCK}"
            ),
        });
    }
    build(payload, version).map_err(|error| format!("its Landlock rules could not be made: {error}"))
}

/// Puts the rules on this process and all that it starts.
pub(crate) fn enforce(rules: RulesetCreated) -> Result<(), String> {
    let status =
        rules.restrict_self().map_err(|error| format!("Landlock could not be switched on: {error}"))?;
    match status.ruleset {
        RulesetStatus::FullyEnforced => Ok(()),
        RulesetStatus::PartiallyEnforced | RulesetStatus::NotEnforced => {
            Err("Landlock is not enforced in full".to_owned())
        }
    }
}

fn build(payload: &Payload, version: u32) -> Result<RulesetCreated, Box<dyn std::error::Error>> {
    let abi = match version {
        3 => ABI::V3,
        4 => ABI::V4,
        5 => ABI::V5,
        6 => ABI::V6,
        _ => ABI::V7,
    };
    let every = AccessFs::from_all(abi);
    let mut ruleset =
        Ruleset::default().set_compatibility(CompatLevel::HardRequirement).handle_access(every)?;
    // With a network of its own the namespace is the boundary; these rules would only forbid what leads nowhere.
    let by_port = !payload.has_own_network();
    if by_port {
        if version < VERSION_FOR_PORTS {
            return Err(format!("version {version} cannot limit TCP ports").into());
        }
        // What may connect anywhere may still take connections only where it may listen.
        ruleset = match payload.connect_any {
            true => ruleset.handle_access(BitFlags::from(AccessNet::BindTcp))?,
            false => ruleset.handle_access(AccessNet::BindTcp | AccessNet::ConnectTcp)?,
        };
    }
    if version >= VERSION_FOR_SCOPES {
        ruleset = ruleset.scope(Scope::AbstractUnixSocket)?;
        // A `detach` right is there to stop, and ask after, what an earlier step left.
        if payload.view == View::Private {
            ruleset = ruleset.scope(Scope::Signal)?;
        }
    }
    let mut rules = ruleset.create()?;
    let read = BitFlags::from(AccessFs::ReadFile);
    let list = BitFlags::from(AccessFs::ReadDir);
    let write = every & !AccessFs::Execute & !AccessFs::MakeChar & !AccessFs::MakeBlock;
    let mut grant = |path: &Path, access: BitFlags<AccessFs>| -> Result<(), Box<dyn std::error::Error>> {
        // What is not there cannot be used either; what appears there later is not what was granted.
        let Ok(metadata) = std::fs::metadata(path) else { return Ok(()) };
        let access = if metadata.is_dir() { access } else { access & AccessFs::from_file(abi) };
        let rule =
            PathBeneath::new(PathFd::new(path)?, access).set_compatibility(CompatLevel::HardRequirement);
        (&mut rules).add_rule(rule)?;
        Ok(())
    };
    if payload.waived.namespaces {
        // The machine's own root: nothing of it is listed but what is granted.
        for path in LIBRARIES.iter().chain(&["/proc/self", "/dev/null", "/dev/urandom"]) {
            grant(Path::new(path), read | list)?;
        }
        for name in
            root::ETC_FILES.iter().chain(&root::ETC_FOLDERS).chain(&["hosts", "resolv.conf", "localtime"])
        {
            grant(&Path::new("/etc").join(name), read | list)?;
        }
    } else {
        grant(Path::new("/"), list)?;
        for path in LIBRARIES.iter().chain(&["/etc", "/proc", "/dev"]) {
            grant(Path::new(path), read | list)?;
        }
        grant(Path::new(root::SCRATCH), write)?;
        grant(Path::new(root::OWN), write)?;
    }
    for device in ["/dev/null", "/dev/zero", "/dev/full"] {
        grant(Path::new(device), read | AccessFs::WriteFile)?;
    }
    for path in &payload.read {
        grant(path, read | list)?;
    }
    for path in &payload.write {
        grant(path, write)?;
    }
    let programs: BTreeSet<&PathBuf> = payload.execute.iter().collect();
    for path in programs {
        grant(path, read | AccessFs::Execute)?;
    }
    if by_port {
        let connect: BTreeSet<u16> = payload.connect.iter().map(|peer| peer.port).collect();
        for port in connect.into_iter().filter(|_| !payload.connect_any) {
            rules = rules.add_rule(NetPort::new(port, AccessNet::ConnectTcp))?;
        }
        for port in &payload.listen {
            rules = rules.add_rule(NetPort::new(*port, AccessNet::BindTcp))?;
        }
    }
    Ok(rules)
}
