//! Finds the programs that a step may execute: by name on the operator's `PATH`, with what they need to start.
//!
//! A right to run `psql` is a right to every `psql` on the `PATH`: a wrapper that looks for the next one
//! must find it. A script brings its interpreter, a binary its loader. Other programs are named.
//!
//! Not here: enforcing it (`landlock`).

use std::collections::BTreeSet;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Bytes read from the front of a program: what `#!` lines and ELF program headers take.
const HEAD_MAX: u64 = 4096;

/// How deep a script's interpreter may be a script again. The kernel's own limit is 5.
const INTERPRETERS_MAX: usize = 5;

/// Finds programs on a `PATH`.
#[derive(Clone, Debug)]
pub(crate) struct Resolver {
    folders: Vec<PathBuf>,
    path: String,
}

impl Resolver {
    /// A resolver for this `PATH`. Folders that are not absolute are left out: they would depend on who looks.
    pub(crate) fn new(path: &str) -> Resolver {
        let folders = path.split(':').map(PathBuf::from).filter(|folder| folder.is_absolute()).collect();
        Resolver { folders, path: path.to_owned() }
    }

    /// The `PATH`.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Finds the program that a shell would start, or says where it was looked for.
    pub(crate) fn find(&self, name: &str) -> Result<PathBuf, String> {
        if let Some(found) = self.find_all(name).into_iter().next() {
            return Ok(found);
        }
        if name.contains('/') {
            return Err(match std::fs::metadata(name) {
                _ if !name.starts_with('/') => format!(
                    "the program `{name}` is not an absolute path; write its name alone, to find it on the PATH, \
                     or its path from the root"
                ),
                Ok(_) => format!("`{name}` is there but is not a program that this user may execute"),
                Err(error) => format!("the program `{name}` cannot be found: {error}"),
            });
        }
        Err(format!(
            "the program `{name}` was not found; the PATH searched is {}. Install it, or set PATH so that it is found",
            if self.path.is_empty() { "empty" } else { &self.path }
        ))
    }

    /// Every program of this name.
    pub(crate) fn find_all(&self, name: &str) -> Vec<PathBuf> {
        if name.starts_with('/') {
            return Some(PathBuf::from(name)).filter(|path| is_program(path)).into_iter().collect();
        }
        if name.contains('/') || name.is_empty() {
            return Vec::new();
        }
        let programs = self.folders.iter().map(|folder| folder.join(name)).filter(|path| is_program(path));
        programs.map(|path| behind_wrapper(&path, name).unwrap_or(path)).collect()
    }

    /// Everything that has to be executable for these names to be run.
    pub(crate) fn closure<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> BTreeSet<PathBuf> {
        let mut files = BTreeSet::new();
        for name in names {
            for path in self.find_all(name) {
                self.add(path, &mut files, 0);
            }
        }
        files
    }

    fn add(&self, path: PathBuf, files: &mut BTreeSet<PathBuf>, depth: usize) {
        if depth > INTERPRETERS_MAX || !files.insert(path.clone()) {
            return;
        }
        let Some(head) = head(&path) else { return };
        if let Some(loader) = elf_loader(&head) {
            files.insert(loader);
            return;
        }
        let Some((interpreter, argument)) = shebang(&head) else { return };
        let is_env = interpreter.file_name().is_some_and(|name| name == "env");
        self.add(interpreter, files, depth + 1);
        // `#!/usr/bin/env python3` finds its interpreter as we do.
        if let Some(name) = argument.filter(|_| is_env) {
            for path in self.find_all(&name) {
                self.add(path, files, depth + 1);
            }
        }
    }
}

/// The program that Debian's `pg_wrapper` would start: that of the newest installed version.
///
/// The wrapper is a Perl script that decides by files of the operator's home, which a payload does not see,
/// and starts a program by a path that nobody granted.
fn behind_wrapper(path: &Path, name: &str) -> Option<PathBuf> {
    let real = std::fs::canonicalize(path).ok()?;
    if real.file_name()? != "pg_wrapper" {
        return None;
    }
    let version = |folder: &Path| folder.file_name()?.to_str()?.parse::<f64>().ok();
    let entries = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut versions: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    versions.retain(|folder| version(folder).is_some() && is_program(&folder.join("bin").join(name)));
    versions.sort_by(|a, b| version(a).partial_cmp(&version(b)).unwrap_or(std::cmp::Ordering::Equal));
    Some(versions.pop()?.join("bin").join(name))
}

fn is_program(path: &Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

fn head(path: &Path) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    std::fs::File::open(path).ok()?.take(HEAD_MAX).read_to_end(&mut head).ok()?;
    Some(head)
}

fn shebang(head: &[u8]) -> Option<(PathBuf, Option<String>)> {
    let line = head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let interpreter = PathBuf::from(words.next()?);
    // With `env -S` and `env NAME=value` the program is the first word that is neither.
    let argument = words.find(|word| !word.starts_with('-') && !word.contains('='));
    Some((interpreter, argument))
}

/// The loader that a 64-bit ELF file names: its PT_INTERP.
fn elf_loader(head: &[u8]) -> Option<PathBuf> {
    const PT_INTERP: u32 = 3;
    if !head.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let number = |offset: usize, length: usize| -> Option<usize> {
        let bytes = head.get(offset..offset.checked_add(length)?)?;
        Some(bytes.iter().rev().fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte)))
    };
    let (table, size, count) = (number(0x20, 8)?, number(0x36, 2)?, number(0x38, 2)?);
    for index in 0..count {
        let header = table.checked_add(index.checked_mul(size)?)?;
        if number(header, 4)? == PT_INTERP as usize {
            let (offset, length) = (number(header + 8, 8)?, number(header + 32, 8)?);
            let name = head.get(offset..offset.checked_add(length)?)?;
            let name = name.split(|byte| *byte == 0).next()?;
            return Some(PathBuf::from(std::str::from_utf8(name).ok()?));
        }
    }
    None
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "writes a program to find")]
mod tests {
    use std::path::PathBuf;

    use super::{Resolver, shebang};

    #[test]
    fn a_binary_brings_its_loader_and_a_script_its_interpreter() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = folder.path().join("tool");
        std::fs::write(&script, "#!/usr/bin/env -S sh\ntrue\n").expect("written");
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("mode");
        let path = format!("{}:/usr/bin:/bin", folder.path().display());
        let files = Resolver::new(&path).closure(["tool"]);
        for part in [script.to_str().expect("text"), "/usr/bin/env", "/usr/bin/sh", "ld-linux"] {
            assert!(files.iter().any(|file| file.to_string_lossy().contains(part)), "{part} in {files:?}");
        }
    }

    #[test]
    fn a_missing_program_names_the_path_searched() {
        let why = Resolver::new("/a:/b").find("no-such-program").expect_err("missing");
        assert!(why.contains("`no-such-program`") && why.contains("/a:/b"), "{why}");
    }

    #[test]
    fn a_shebang_is_read_as_the_kernel_and_env_read_it() {
        let read = |text: &str| shebang(text.as_bytes());
        assert_eq!(read("#! /bin/sh -e\n"), Some((PathBuf::from("/bin/sh"), None)));
        let env = PathBuf::from("/usr/bin/env");
        assert_eq!(read("#!/usr/bin/env -S A=1 python3 -u\n"), Some((env, Some("python3".into()))));
        assert_eq!(read("\u{1}"), None);
    }
}
