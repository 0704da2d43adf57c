//! The files that a payload sees: a small root of its own, with the system's libraries, the granted paths,
//! and nothing else.
//!
//! Everything is read-only but the paths that may be written and a private scratch folder, and nothing
//! that can be written can be executed. The mounts are made before anything of the payload runs, from
//! descriptors that were all opened first, so that one grant cannot hide or redirect another.
//!
//! Must hold: a granted path is what its name meant on the machine; a name that leads through symbolic
//! links still works.
//!
//! Not here: what may be done with a file that is seen (`domain`).

#![expect(clippy::disallowed_methods, reason = "builds the view of the files")]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CStr;
use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use rustix::fs::CWD;
use rustix::mount::{MountFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags};

use crate::policy::{Payload, View};
use crate::supervise::WAIVE_NAMESPACES;
use crate::sys;

/// Bytes of each private folder that a payload may write to. They are memory.
const SCRATCH_BYTES: &CStr = c"size=268435456,nr_inodes=65536,mode=1777";

/// Bytes of the root itself: it holds mount points and a few copied files.
const ROOT_BYTES: &CStr = c"size=8388608,nr_inodes=16384,mode=755";

/// Symbolic links followed in one path; the kernel's own limit.
const LINKS_MAX: usize = 40;

/// Processes and threads of one payload, as the pid namespace counts them.
const PROCESSES_MAX: &str = "2048";

/// Where the scratch folder is.
pub(crate) const SCRATCH: &str = "/tmp";

/// What a payload has for itself. It stands where no right leads, so that none can hide it.
pub(crate) const OWN: &str = "/surefoot";

/// The home of a payload.
pub(crate) const HOME: &str = "/surefoot/home";

/// Where a payload runs that names no folder.
pub(crate) const WORK: &str = "/surefoot/work";

/// Where a payload keeps temporary files, also where it was granted the machine's own `/tmp`.
pub(crate) const TEMPORARY: &str = "/surefoot/tmp";

/// Memory that its processes share.
const SHARED: &str = "/surefoot/shm";

/// Files of `/etc` that libraries read: users, names, zones, certificates. No secrets.
pub(crate) const ETC_FILES: [&str; 15] = [
    "passwd",
    "group",
    "nsswitch.conf",
    "host.conf",
    "gai.conf",
    "services",
    "protocols",
    "ld.so.cache",
    "ld.so.conf",
    "locale.alias",
    "timezone",
    "hostname",
    "os-release",
    "debian_version",
    "mime.types",
];

/// Folders of `/etc` that programs read.
pub(crate) const ETC_FOLDERS: [&str; 6] =
    ["ssl/certs", "pki/tls/certs", "ca-certificates", "alternatives", "ld.so.conf.d", "perl"];

/// Devices that hold nothing.
const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];

/// One mount to be made.
struct Mount {
    source: OwnedFd,
    is_folder: bool,
}

/// Builds the root and moves into it. An error says what could not be done.
pub(crate) fn enter(payload: &Payload, hosts: &str, pid_max: bool) -> Result<(), String> {
    rustix::mount::mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .map_err(|error| format!("its mounts could not be made private: {error}; {WAIVE_NAMESPACES}"))?;
    let mut plan = Plan::default();
    plan.base()?;
    plan.grants(payload)?;
    if payload.view == View::Host {
        plan.mount("/proc".into(), Path::new("/proc"), Flags::READ)?;
    }
    for device in DEVICES {
        let path = Path::new("/dev").join(device);
        plan.mount(path.clone(), &path, Flags::DEVICE)?;
    }
    let mut etc = read_etc();
    if payload.connect_any {
        // Who is asked for the addresses of names.
        let path = Path::new("/etc/resolv.conf");
        etc.extend(std::fs::read(path).ok().map(|content| (path.to_owned(), content)));
    }
    let stage = stage()?;
    plan.build(&stage, payload, &etc, hosts, pid_max)?;
    pivot(&stage)
}

#[derive(Clone, Copy)]
struct Flags {
    read_only: bool,
    no_exec: bool,
    no_dev: bool,
}

impl Flags {
    const PROGRAMS: Flags = Flags { read_only: true, no_exec: false, no_dev: true };
    const READ: Flags = Flags { read_only: true, no_exec: true, no_dev: true };
    const WRITE: Flags = Flags { read_only: false, no_exec: true, no_dev: true };
    const DEVICE: Flags = Flags { read_only: false, no_exec: true, no_dev: false };
}

/// What the root will hold.
#[derive(Default)]
struct Plan {
    links: BTreeMap<PathBuf, PathBuf>,
    mounts: BTreeMap<PathBuf, Mount>,
}

impl Plan {
    /// The system's programs and libraries.
    fn base(&mut self) -> Result<(), String> {
        for name in ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "nix/store", "gnu/store"] {
            let path = Path::new("/").join(name);
            match std::fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_symlink() => {
                    if let Ok(target) = std::fs::read_link(&path) {
                        self.links.insert(path, target);
                    }
                }
                Ok(metadata) if metadata.is_dir() => self.mount(path.clone(), &path, Flags::PROGRAMS)?,
                Ok(_) | Err(_) => {}
            }
        }
        for folder in ETC_FOLDERS {
            let path = Path::new("/etc").join(folder);
            if path.is_dir() {
                self.mount(path.clone(), &path, Flags::READ)?;
            }
        }
        Ok(())
    }

    fn grants(&mut self, payload: &Payload) -> Result<(), String> {
        let programs =
            payload.execute.iter().map(|path| self.follow(path)).collect::<Result<BTreeSet<_>, _>>()?;
        let mut writable = Vec::new();
        for path in &payload.write {
            let real = self.follow(path)?;
            if std::fs::symlink_metadata(&real).is_err() {
                return Err(format!(
                    "the path {} may be written but does not exist, and a right cannot be given to what is not \
                     there; let a step before this one make it, or name the folder that it is to be in",
                    path.display()
                ));
            }
            writable.push(real);
        }
        writable.sort();
        writable.dedup();
        for path in &payload.read {
            let real = self.follow(path)?;
            // What may be written below may be read too; what is not there cannot be read.
            let covered = writable.iter().any(|folder| real.starts_with(folder));
            if covered || std::fs::symlink_metadata(&real).is_err() {
                continue;
            }
            let holds_programs = programs.iter().any(|program| program.starts_with(&real));
            self.mount(real.clone(), &real, if holds_programs { Flags::PROGRAMS } else { Flags::READ })?;
        }
        for real in &writable {
            self.mount(real.clone(), real, Flags::WRITE)?;
        }
        for program in &programs {
            // A program in a place that may be written is laid over it, so that it cannot be changed.
            let seen = self.mounts.keys().rfind(|folder| program.starts_with(folder));
            let in_writable = writable.iter().any(|folder| program.starts_with(folder));
            if (seen.is_none() || in_writable) && program.is_file() {
                self.mount(program.clone(), program, Flags::PROGRAMS)?;
            }
        }
        Ok(())
    }

    /// Follows a path to what it means, and remembers the links on the way.
    fn follow(&mut self, path: &Path) -> Result<PathBuf, String> {
        let mut real = PathBuf::from("/");
        let mut rest: Vec<PathBuf> = reversed(path);
        let mut links = 0;
        while let Some(part) = rest.pop() {
            if part.as_os_str() == ".." {
                real.pop();
                continue;
            }
            let next = real.join(&part);
            match std::fs::read_link(&next) {
                Ok(target) => {
                    links += 1;
                    if links > LINKS_MAX {
                        return Err(format!("{} leads through too many symbolic links", path.display()));
                    }
                    if target.is_absolute() {
                        real = PathBuf::from("/");
                    }
                    rest.extend(reversed(&target));
                    self.links.insert(next, target);
                }
                Err(_) => real = next,
            }
        }
        if real == Path::new("/") {
            return Err(
                "a right to the whole file system is no confinement; name the folders that are needed".into(),
            );
        }
        for own in ["/proc", "/dev", "/sys"] {
            if real.starts_with(own) && !path.starts_with("/dev/fd") {
                return Err(format!(
                    "{} cannot be granted: a payload has a {own} of its own",
                    path.display()
                ));
            }
        }
        Ok(real)
    }

    fn mount(&mut self, at: PathBuf, from: &Path, flags: Flags) -> Result<(), String> {
        let failed = |error: io::Error| format!("{} could not be shown to it: {error}", from.display());
        let is_folder = std::fs::metadata(from).map_err(failed)?.is_dir();
        let open =
            OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_RECURSIVE;
        let source = rustix::mount::open_tree(CWD, from, open).map_err(|error| failed(error.into()))?;
        let flags =
            sys::MountFlags { read_only: flags.read_only, no_exec: flags.no_exec, no_dev: flags.no_dev };
        sys::set_mount_flags(&source, flags).map_err(failed)?;
        self.mounts.insert(at, Mount { source, is_folder });
        Ok(())
    }

    fn build(
        self,
        stage: &Path,
        payload: &Payload,
        etc: &[(PathBuf, Vec<u8>)],
        hosts: &str,
        pid_max: bool,
    ) -> Result<(), String> {
        let failed = |what: &Path| {
            let what = what.to_owned();
            move |error: io::Error| format!("{} could not be made in its root: {error}", what.display())
        };
        let at = |path: &Path| stage.join(path.strip_prefix("/").unwrap_or(path));
        for folder in ["/etc", "/dev", SCRATCH, OWN, "/proc", "/run", "/var/tmp"] {
            make_folders(&at(Path::new(folder))).map_err(failed(Path::new(folder)))?;
        }
        for folder in [SCRATCH, OWN] {
            rustix::mount::mount("surefoot", at(Path::new(folder)), "tmpfs", writable_flags(), SCRATCH_BYTES)
                .map_err(|error| format!("its folder {folder} could not be made: {error}"))?;
        }
        for (folder, mode) in [(HOME, 0o777), (WORK, 0o777), (TEMPORARY, 0o1777), (SHARED, 0o1777)] {
            let path = at(Path::new(folder));
            make_folders(&path).map_err(failed(Path::new(folder)))?;
            set_mode(&path, mode).map_err(failed(Path::new(folder)))?;
        }
        for (path, content) in etc {
            write_file(&at(path), content).map_err(failed(path))?;
        }
        write_file(&at(Path::new("/etc/hosts")), hosts.as_bytes())
            .map_err(failed(Path::new("/etc/hosts")))?;
        if let Ok(zone) = std::fs::read_link("/etc/localtime") {
            let _ = symlink(zone, at(Path::new("/etc/localtime")));
        }
        for (name, target) in [
            ("fd", "/proc/self/fd"),
            ("stdin", "/proc/self/fd/0"),
            ("stdout", "/proc/self/fd/1"),
            ("stderr", "/proc/self/fd/2"),
            ("shm", SHARED),
        ] {
            symlink(target, at(&Path::new("/dev").join(name))).map_err(failed(Path::new("/dev")))?;
        }
        // Links first, where nothing is mounted yet: below a mount they exist already.
        let covered = |path: &Path| self.mounts.keys().any(|mount| path.starts_with(mount));
        for (path, target) in self.links.iter().filter(|(path, _)| !covered(path)) {
            if let Some(parent) = path.parent() {
                make_folders(&at(parent)).map_err(failed(path))?;
            }
            match symlink(target, at(path)) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(failed(path)(error));
                }
                Ok(()) | Err(_) => {}
            }
        }
        // In the order of their paths, so that what is deeper comes later.
        for (path, mount) in &self.mounts {
            let place = at(path);
            if mount.is_folder {
                make_folders(&place).map_err(failed(path))?;
            } else {
                if let Some(parent) = place.parent() {
                    make_folders(parent).map_err(failed(path))?;
                }
                make_empty(&place).map_err(failed(path))?;
            }
            rustix::mount::move_mount(
                &mount.source,
                "",
                CWD,
                &place,
                MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH,
            )
            .map_err(|error| failed(path)(error.into()))?;
        }
        if payload.view == View::Private {
            mount_proc(&at(Path::new("/proc")), pid_max)?;
        }
        Ok(())
    }
}

/// Mounts the processes of this pid namespace, and lets nothing be changed through it: as root, even in a
/// user namespace, the kernel would let `/proc/sys` be written.
fn mount_proc(at: &Path, pid_max: bool) -> Result<(), String> {
    rustix::mount::mount("proc", at, "proc", writable_flags(), None).map_err(|error| {
        format!(
            "a /proc of its own could not be mounted: {error}; in a container this takes an unmasked /proc; {WAIVE_NAMESPACES}"
        )
    })?;
    if pid_max {
        // Before Linux 6.14 this number belonged to the whole machine, so the caller looked at the version.
        std::fs::write(at.join("sys/kernel/pid_max"), PROCESSES_MAX)
            .map_err(|error| format!("the number of its processes could not be limited: {error}"))?;
    }
    let open = OpenTreeFlags::OPEN_TREE_CLOEXEC;
    let mount = rustix::mount::open_tree(CWD, at, open)
        .map_err(|error| format!("its /proc could not be opened: {error}"))?;
    sys::set_mount_flags(mount, sys::MountFlags { read_only: true, no_exec: true, no_dev: true })
        .map_err(|error| format!("its /proc could not be made read-only: {error}"))
}

/// Mounts an empty root on a folder that every machine has.
fn stage() -> Result<PathBuf, String> {
    let stage = ["/tmp", "/run", "/mnt", "/var"]
        .into_iter()
        .map(PathBuf::from)
        .find(|path| path.is_dir())
        .ok_or("its root has no place: none of /tmp, /run, /mnt and /var is a folder")?;
    rustix::mount::mount("surefoot", &stage, "tmpfs", writable_flags(), ROOT_BYTES).map_err(|error| {
        format!(
            "its root could not be mounted: {error}; user namespaces may be stripped of their rights here; {WAIVE_NAMESPACES}"
        )
    })?;
    Ok(stage)
}

/// Makes the stage the root, lets go of the old one, and makes the new one read-only.
fn pivot(stage: &Path) -> Result<(), String> {
    let steps = || -> rustix::io::Result<OwnedFd> {
        rustix::process::chdir(stage)?;
        rustix::process::pivot_root(".", ".")?;
        // Both roots are at the same place now; the old one is on top.
        rustix::mount::unmount(".", UnmountFlags::DETACH)?;
        rustix::process::chdir("/")?;
        rustix::mount::open_tree(CWD, "/", OpenTreeFlags::OPEN_TREE_CLOEXEC)
    };
    let root = steps().map_err(|error| format!("its root could not be entered: {error}"))?;
    rustix::mount::mount_remount(
        "/",
        MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV,
        "",
    )
    .map_err(|error| format!("its root could not be made read-only: {error}"))?;
    drop(root);
    Ok(())
}

/// Copies the small files of `/etc`: a copy costs less than a mount.
fn read_etc() -> Vec<(PathBuf, Vec<u8>)> {
    ETC_FILES
        .iter()
        .filter_map(|name| {
            let path = Path::new("/etc").join(name);
            std::fs::read(&path).ok().map(|content| (path, content))
        })
        .collect()
}

fn writable_flags() -> MountFlags {
    MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC
}

fn reversed(path: &Path) -> Vec<PathBuf> {
    let mut parts: Vec<PathBuf> = path
        .components()
        .filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir))
        .map(|part| PathBuf::from(part.as_os_str()))
        .collect();
    parts.reverse();
    parts
}

fn make_folders(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(path)
}

fn make_empty(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o644).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn write_file(path: &Path, content: &[u8]) -> io::Result<()> {
    std::fs::write(path, content)?;
    set_mode(path, 0o644)
}

fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))
}
