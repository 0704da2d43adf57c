//! The canary: a password that must appear in no file, no process list entry and no terminal output.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::approver::{Approver, Says};
use crate::site::{Ran, Site, finish};
use crate::wrapper::{self, Fault, When};

/// A password in which every kind of escaping shows, and which is in no source and no program.
fn canary() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    format!("Ka\"{:x}/vogel+7 ä&x=3'", now.as_nanos())
}

#[test]
fn the_password_appears_nowhere() {
    let secret = canary();
    let site = Site::new(&secret);
    let shapes = shapes(&secret);
    let over = AtomicBool::new(false);
    let mut printed = Vec::new();
    let seen = thread::scope(|scope| {
        let watcher = scope.spawn(|| watch_processes(&shapes, &over));
        printed.extend(everything(&site));
        over.store(true, Ordering::Relaxed);
        watcher.join().expect("the watcher")
    });
    assert_eq!(seen, BTreeSet::new(), "in a process list entry");
    for ran in &printed {
        assert_eq!(found(ran.output.as_bytes(), &shapes), None, "in what was printed: {}", ran.output);
    }
    let everywhere = ["/tmp", "/var/tmp", "/dev/shm"].map(PathBuf::from);
    assert_eq!(search(&everywhere, &shapes), "", "in a file");
    // The control: it would have been found.
    let planted = site.lab_path("alpha/planted");
    fs::write(&planted, format!("x{secret}y")).expect("write a file");
    assert_eq!(search(&everywhere, &shapes).trim(), planted.to_string_lossy());
}

/// The control: the search finds what is there, in every shape it claims to know.
#[test]
fn the_search_finds_each_shape() {
    let shapes = shapes(&canary());
    for shape in &shapes {
        let hay = [b"before ".as_slice(), shape, b" after"].concat();
        assert!(found(&hay, &shapes).is_some(), "{}", String::from_utf8_lossy(shape));
    }
    assert_eq!(found(b"nothing to see", &shapes), None);
}

/// A plan, a dry run, a run that fails and rolls back, one that succeeds, and all that is told of them.
fn everything(site: &Site) -> Vec<Ran> {
    let mut printed = vec![
        finish(site.on_lab("runs", &["plan"])),
        finish(site.on_lab("runs", &["plan", "--format", "json"])),
    ];
    printed.push(finish(site.on_lab("runs", &["dry-run", "--probe"])));
    for ran in &printed {
        ran.expect_code(0);
    }
    wrapper::install(site, Some(Fault { act: "stop", when: When::After }));
    let failed = finish(site.on_lab("failed", &["run"]));
    failed.expect_code(10);
    printed.push(failed);
    site.restore();
    wrapper::install(site, None);
    let approver = Approver::of(site, "done", site.approver, Says::Yes);
    let done = finish(site.on_lab("done", &["run", "--format", "json"]));
    printed.extend(approver.finish());
    done.expect_code(0);
    printed.push(done);
    for state in ["failed", "done"] {
        for verb in [
            &["status"][..],
            &["runs"],
            &["journal"],
            &["transcript"],
            &["transcript", "--format", "json"],
            &["transcript", "--format", "markdown"],
        ] {
            printed.push(finish(site.surefoot(state, verb)));
        }
    }
    printed
}

/// The secret as it is, and as tools write it: JSON, URL, base64 at each of its three offsets, SQL.
fn shapes(secret: &str) -> Vec<Vec<u8>> {
    let json = serde_json::to_string(secret).expect("text is JSON");
    let url: String =
        secret
            .bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect();
    let mut shapes = vec![
        secret.as_bytes().to_vec(),
        json.trim_matches('"').as_bytes().to_vec(),
        url.into_bytes(),
        secret.replace('\'', "''").into_bytes(),
    ];
    for offset in 0..3 {
        let padded = [vec![0; offset], secret.as_bytes().to_vec()].concat();
        // The first and the last group depend on what stands around it.
        let text = base64(&padded);
        let inner = text.get(4..text.len() - 4).unwrap_or_default();
        shapes.push(inner.as_bytes().to_vec());
    }
    shapes
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks(3)
        .flat_map(|group| {
            let word =
                group.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
            (0..4).map(move |digit| word >> (18 - 6 * digit) & 63)
        })
        .map(|digit| DIGITS.get(digit as usize).copied().map_or('=', char::from))
        .collect()
}

fn found(hay: &[u8], shapes: &[Vec<u8>]) -> Option<String> {
    shapes
        .iter()
        .find(|shape| hay.windows(shape.len()).any(|window| window == shape.as_slice()))
        .map(|shape| String::from_utf8_lossy(shape).into_owned())
}

/// Looks at every process's command line, again and again, until told to stop.
fn watch_processes(shapes: &[Vec<u8>], over: &AtomicBool) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    while !over.load(Ordering::Relaxed) {
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            // A process may be gone before it is looked at.
            let Ok(line) = fs::read(entry.path().join("cmdline")) else { continue };
            if found(&line, shapes).is_some() {
                seen.insert(String::from_utf8_lossy(&line).replace('\0', " "));
            }
        }
        thread::sleep(Duration::from_millis(2));
    }
    seen
}

/// The files below these folders that hold one of the shapes. The patterns go by standard input: an
/// argument would be a process list entry.
fn search(folders: &[PathBuf], shapes: &[Vec<u8>]) -> String {
    let mut command = Command::new("grep");
    command.args([
        "--recursive",
        "--devices=skip",
        "--text",
        "--fixed-strings",
        "--files-with-matches",
        "--file=-",
        "--",
    ]);
    command.args(folders).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("start grep");
    let mut patterns = child.stdin.take().expect("its input is a pipe");
    patterns.write_all(&shapes.join(&b'\n')).expect("tell grep what to look for");
    drop(patterns);
    let output = child.wait_with_output().expect("wait for grep");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
