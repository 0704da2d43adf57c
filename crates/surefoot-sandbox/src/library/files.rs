//! `files`: reads, keeps, writes and restores single files.
//!
//! Paths are resolved by the kernel below the granted path (`openat2`), never compared as text alone: a
//! link that leads out of the grant is refused. A file is replaced by a complete one, or not at all.
//!
//! Not kept: extended attributes, ACLs and times. Links and special files are refused.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, RenameFlags, ResolveFlags, Stat, Uid};
use rustix::io::Errno;
use sha2::{Digest, Sha256};
use surefoot_plan::Value;

use super::{Arguments, Failure, Hands, mistyped, text};

/// The largest file that is read or kept, in bytes. A file that steps edit is a configuration, not a
/// database: keeping a larger one twice could fill the disk that the way back needs.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// The permissions of a file that did not exist before.
const MODE_NEW: u32 = 0o644;

/// Whether there is a file.
pub(super) fn exists(arguments: &Arguments, hands: &mut dyn Hands) -> Result<Value, Failure> {
    let place = Place::find(text(arguments, "path")?, &readable(hands))?;
    Ok(Value::Bool(place.status()?.is_some()))
}

/// What a file says, as text.
pub(super) fn content(arguments: &Arguments, hands: &mut dyn Hands) -> Result<Value, Failure> {
    let place = Place::find(text(arguments, "path")?, &readable(hands))?;
    let bytes = place.read()?.ok_or_else(|| place.failed("does not exist"))?;
    String::from_utf8(bytes).map(Value::Text).map_err(|_| place.failed("is not UTF-8 text"))
}

/// Keeps what a file is now, for [`restore`]. A file that does not exist is kept as that.
pub(super) fn keep(arguments: &Arguments, hands: &mut dyn Hands) -> Result<Value, Failure> {
    let place = Place::find(text(arguments, "path")?, &readable(hands))?;
    let mut kept = BTreeMap::from([("path".to_owned(), Value::Text(place.shown.clone()))]);
    let before = match place.status()? {
        None => None,
        Some(status) => place.read()?.map(|bytes| (status, bytes)),
    };
    kept.insert("exists".to_owned(), Value::Bool(before.is_some()));
    if let Some((status, bytes)) = before {
        let sha256 = hex(&Sha256::digest(&bytes));
        save(hands.kept(), &sha256, &bytes)
            .map_err(|why| Failure::NotPerformed(format!("cannot keep {}: {why}", place.shown)))?;
        kept.insert("sha256".to_owned(), Value::Text(sha256));
        kept.insert("mode".to_owned(), Value::Int(i64::from(status.st_mode & 0o7777)));
        kept.insert("uid".to_owned(), Value::Int(i64::from(status.st_uid)));
        kept.insert("gid".to_owned(), Value::Int(i64::from(status.st_gid)));
    }
    Ok(Value::Record(kept))
}

/// Replaces a file by this text. Its permissions and owner stay.
pub(super) fn write(arguments: &Arguments, hands: &mut dyn Hands) -> Result<Value, Failure> {
    let place = Place::find(text(arguments, "path")?, &writable(hands))?;
    let text = text(arguments, "text")?;
    let keep = place.status()?.map(|status| Owned::of(&status));
    place.replace(text.as_bytes(), keep)?;
    Ok(Value::None)
}

/// Removes a file. It is well if there is none.
pub(super) fn remove(arguments: &Arguments, hands: &mut dyn Hands) -> Result<Value, Failure> {
    Place::find(text(arguments, "path")?, &writable(hands))?.remove()?;
    Ok(Value::None)
}

/// Brings back what [`keep`] kept: content, permissions, owner, or that there was no file.
pub(super) fn restore(arguments: &Arguments, hands: &mut dyn Hands) -> Result<Value, Failure> {
    let given = arguments.get("kept");
    let Some(Value::Record(kept)) = given else {
        return Err(mistyped("kept", "what `files.keep` gave", given));
    };
    let place = Place::find(text(kept, "path")?, &writable(hands))?;
    if kept.get("exists") != Some(&Value::Bool(true)) {
        place.remove()?;
        return Ok(Value::None);
    }
    let sha256 = text(kept, "sha256")?;
    let bytes =
        load(hands.kept(), sha256).map_err(|why| place.failed(&format!("cannot be restored: {why}")))?;
    let number = |name: &str| match kept.get(name) {
        Some(Value::Int(number)) => {
            u32::try_from(*number).map_err(|_| mistyped(name, "a number", kept.get(name)))
        }
        other => Err(mistyped(name, "a number", other)),
    };
    let owned = Owned { mode: number("mode")?, uid: number("uid")?, gid: number("gid")? };
    place.replace(&bytes, Some(owned))?;
    Ok(Value::None)
}

/// Permissions and owner of a file.
#[derive(Clone, Copy)]
struct Owned {
    mode: u32,
    uid: u32,
    gid: u32,
}

impl Owned {
    fn of(status: &Stat) -> Self {
        Self { mode: status.st_mode & 0o7777, uid: status.st_uid, gid: status.st_gid }
    }
}

/// A file below a granted path: its folder, opened, and its name there.
struct Place {
    /// The path as the runbook has it, for messages.
    shown: String,
    /// The folder; none if it does not exist.
    folder: Option<OwnedFd>,
    name: PathBuf,
}

impl Place {
    /// Opens the folder of a path, below the granted path that covers it.
    fn find(path: &str, granted: &[PathBuf]) -> Result<Self, Failure> {
        let refuse = |why: &str| Failure::NotPerformed(format!("{path} {why}"));
        let wanted = Path::new(path);
        if !wanted.is_absolute() || wanted.components().any(|part| part == Component::ParentDir) {
            return Err(refuse("must be an absolute path without `..`"));
        }
        let grant = granted.iter().find(|grant| wanted.starts_with(grant));
        let grant = grant.ok_or_else(|| refuse("is outside what the step may touch"))?;
        let name = wanted.file_name().map(OsStr::to_owned).ok_or_else(|| refuse("is no file"))?;
        // A grant of the file itself is entered by its folder.
        let root = if grant == wanted { wanted.parent().unwrap_or(grant) } else { grant };
        let below =
            wanted.parent().and_then(|folder| folder.strip_prefix(root).ok()).unwrap_or(Path::new(""));
        let below = if below.as_os_str().is_empty() { Path::new(".") } else { below };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(root, flags, Mode::empty()).and_then(|root| {
            let inside = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
            rustix::fs::openat2(root, below, flags, Mode::empty(), inside)
        });
        let folder = match folder {
            Ok(folder) => Some(folder),
            Err(Errno::NOENT) => None,
            Err(Errno::XDEV | Errno::LOOP) => {
                return Err(refuse("leads out of what the step may touch, through a link"));
            }
            Err(error) => return Err(refuse(&format!("cannot be reached: {error}"))),
        };
        Ok(Self { shown: path.to_owned(), folder, name: PathBuf::from(name) })
    }

    /// What the file is; none if there is none. Anything but a plain file is refused.
    fn status(&self) -> Result<Option<Stat>, Failure> {
        let Some(folder) = &self.folder else { return Ok(None) };
        match rustix::fs::statat(folder, &self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(status) => {
                let kind = FileType::from_raw_mode(status.st_mode);
                if kind.is_symlink() {
                    return Err(self.failed("is a link; name the file it leads to"));
                }
                if !kind.is_file() {
                    return Err(self.failed("is not a plain file"));
                }
                Ok(Some(status))
            }
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(self.failed(&format!("cannot be looked at: {error}"))),
        }
    }

    /// The bytes of the file; none if there is none.
    fn read(&self) -> Result<Option<Vec<u8>>, Failure> {
        let Some(folder) = &self.folder else { return Ok(None) };
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = match rustix::fs::openat(folder, &self.name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(self.failed("is a link; name the file it leads to")),
            Err(error) => return Err(self.failed(&format!("cannot be read: {error}"))),
        };
        let mut bytes = Vec::new();
        let read = file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
        read.map_err(|error| self.failed(&format!("cannot be read: {error}")))?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(self.failed(&format!("is larger than {} MiB", FILE_BYTES_MAX >> 20)));
        }
        Ok(Some(bytes))
    }

    /// Puts a complete new file in place of the old one.
    fn replace(&self, bytes: &[u8], owned: Option<Owned>) -> Result<(), Failure> {
        let Some(folder) = &self.folder else {
            return Err(self.failed("cannot be written: its folder does not exist"));
        };
        // One fixed name: a run has one writer, and what a crash left here is replaced by the next try.
        let mut draft = OsStr::new(".").to_owned();
        draft.push(&self.name);
        draft.push(".surefoot");
        let not_written = |error: &dyn std::fmt::Display| self.failed(&format!("cannot be written: {error}"));
        match rustix::fs::unlinkat(folder, &draft, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(not_written(&error)),
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let draft_fd = rustix::fs::openat(folder, &draft, flags, Mode::from_raw_mode(0o600))
            .map_err(|error| not_written(&error))?;
        let written = || -> std::io::Result<()> {
            let mut file = File::from(draft_fd);
            file.write_all(bytes)?;
            if let Some(owned) = owned {
                let status = rustix::fs::fstat(&file)?;
                if (status.st_uid, status.st_gid) != (owned.uid, owned.gid) {
                    rustix::fs::fchown(
                        &file,
                        Some(Uid::from_raw(owned.uid)),
                        Some(Gid::from_raw(owned.gid)),
                    )?;
                }
            }
            rustix::fs::fchmod(&file, Mode::from_raw_mode(owned.map_or(MODE_NEW, |owned| owned.mode)))?;
            file.sync_all()
        };
        if let Err(error) = written() {
            // The old file stands untouched; a draft that cannot be removed harms nobody.
            let _ = rustix::fs::unlinkat(folder, &draft, AtFlags::empty());
            return Err(not_written(&error));
        }
        rustix::fs::renameat_with(folder, &draft, folder, &self.name, RenameFlags::empty())
            .map_err(|error| not_written(&error))?;
        rustix::fs::fsync(folder).map_err(|error| {
            Failure::Failed(format!("{} was written, but may not last: {error}", self.shown))
        })
    }

    fn remove(&self) -> Result<(), Failure> {
        let Some(folder) = &self.folder else { return Ok(()) };
        if self.status()?.is_none() {
            return Ok(());
        }
        rustix::fs::unlinkat(folder, &self.name, AtFlags::empty())
            .map_err(|error| self.failed(&format!("cannot be removed: {error}")))?;
        rustix::fs::fsync(folder).map_err(|error| {
            Failure::Failed(format!("{} was removed, but may come back: {error}", self.shown))
        })
    }

    /// A failure before anything was changed.
    fn failed(&self, why: &str) -> Failure {
        Failure::NotPerformed(format!("{} {why}", self.shown))
    }
}

fn readable(hands: &dyn Hands) -> Vec<PathBuf> {
    let rights = hands.rights();
    rights.read.iter().chain(&rights.write).map(PathBuf::from).collect()
}

fn writable(hands: &dyn Hands) -> Vec<PathBuf> {
    hands.rights().write.iter().map(PathBuf::from).collect()
}

/// Saves a before-image under its digest, readable to the operator alone.
fn save(kept: &Path, sha256: &str, bytes: &[u8]) -> std::io::Result<()> {
    let folder = rustix::fs::open(kept, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let draft = format!("{sha256}.draft");
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::openat(&folder, &draft, flags, Mode::from_raw_mode(0o600))?);
    file.write_all(bytes)?;
    file.sync_all()?;
    rustix::fs::renameat(&folder, &draft, &folder, sha256)?;
    rustix::fs::fsync(&folder)?;
    Ok(())
}

/// Loads a before-image and checks that it is the one that was kept.
fn load(kept: &Path, sha256: &str) -> Result<Vec<u8>, String> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err("its record is damaged".to_owned());
    }
    let file = rustix::fs::open(kept.join(sha256), flags, Mode::empty())
        .map_err(|error| format!("its copy cannot be opened: {error}"))?;
    let mut bytes = Vec::new();
    File::from(file)
        .take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("its copy cannot be read: {error}"))?;
    if hex(&Sha256::digest(&bytes)) != sha256 {
        return Err("its copy in the run's folder was changed".to_owned());
    }
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
