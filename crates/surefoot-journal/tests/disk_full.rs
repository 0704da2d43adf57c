//! A disk that is really full: what was reserved can still be written, and nothing else can.
//!
//! The test mounts a small tmpfs, which takes a namespace of its own. Where neither root nor a user
//! namespace is to be had, it fails and says so: it never skips.

#![expect(clippy::disallowed_methods, reason = "the test starts itself again and fills a disk")]
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::env;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::Command;

use surefoot_journal::{
    AppendError, Event, Holder, Identity, Journal as _, ReserveError, RunId, Started, StateRoot, Timestamp,
    WorldKind, Writer,
};

/// Tells the second process where the small disk is.
const DISK: &str = "SUREFOOT_TEST_DISK";
const NOW: Timestamp = Timestamp(1_795_317_247_250);

#[test]
fn a_full_disk_stops_no_way_back() {
    if let Ok(disk) = env::var(DISK) {
        return on_a_small_disk(Path::new(&disk));
    }
    let folder = tempfile::tempdir().unwrap();
    let unshare: &[&str] = if rustix::process::getuid().is_root() { &["-m"] } else { &["-U", "-r", "-m"] };
    let script = r#"mount -t tmpfs -o size=4m,mode=700 tmpfs "$SUREFOOT_TEST_DISK" && exec "$0" --exact a_full_disk_stops_no_way_back --nocapture"#;
    let output = Command::new("unshare")
        .args(unshare)
        .args(["sh", "-c", script])
        .arg(env::current_exe().unwrap())
        .env(DISK, folder.path())
        .output()
        .expect("`unshare` (Debian package util-linux) is needed to make a small disk");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(output.status.success(), "on a small disk in a mount namespace:\n{text}");
    assert!(text.contains("1 passed"), "{text}");
}

fn on_a_small_disk(disk: &Path) {
    let root = StateRoot::new(disk.join("state"));
    let (_, mut reserved) = create(&root, "01KAM3X9V0AAAAAAAAAAAAAAAA");
    let (_, mut bare) = create(&root, "01KAM3X9V0BBBBBBBBBBBBBBBB");
    reserved.reserve(300 << 10).unwrap();
    fill(disk);

    let error = loop {
        if let Err(error) = bare.append(NOW, event()) {
            break error;
        }
    };
    assert!(matches!(&error, AppendError::Io(why) if why.kind() == ErrorKind::StorageFull), "{error}");

    let mut length = 0;
    while length < 300 << 10 {
        let before = fs::metadata(root.folder(&run("01KAM3X9V0AAAAAAAAAAAAAAAA")).journal()).unwrap().len();
        reserved.append(NOW, event()).expect("this was reserved");
        length = fs::metadata(root.folder(&run("01KAM3X9V0AAAAAAAAAAAAAAAA")).journal()).unwrap().len();
        assert!(length > before);
    }
    let error = reserved.reserve(4 << 20).unwrap_err();
    assert!(matches!(error, ReserveError::Full { .. }), "{error}");
    drop(reserved);
    let folder = root.folder(&run("01KAM3X9V0AAAAAAAAAAAAAAAA"));
    assert!(folder.read().unwrap().0.len() > 500, "and all of it can be read");

    // A torn line on a full disk can be dropped, and the run goes on.
    drop(bare);
    let folder = root.folder(&run("01KAM3X9V0BBBBBBBBBBBBBBBB"));
    let (records, torn) = folder.read().unwrap();
    let holder = Holder::here(folder.run(), "switchover", NOW);
    let opened = Writer::open(&folder, folder.lock(&holder).unwrap(), NOW).unwrap();
    assert_eq!(opened.records.len(), records.len() + usize::from(torn > 0));
}

fn run(id: &str) -> RunId {
    RunId(id.to_owned())
}

fn create(root: &StateRoot, id: &str) -> (Started, Writer) {
    let rights = serde_json::json!({
        "run": [], "detach": [], "connect": [], "listen": [], "read": [], "write": [], "users": []
    });
    let plan = serde_json::json!({
        "format": {"major": 1, "minor": 0}, "runbook": "switchover", "doc": "", "sources": [], "inputs": [],
        "about": {"owner": null, "reviewed": null, "review_every_ms": null, "severity": []},
        "constraints": [], "allow": rights, "questions": {}, "lets": [], "requires": [],
        "invariants": [], "body": [], "ensures": [], "on_failure": "rollback", "collect": []
    });
    let started = Started {
        run: run(id),
        plan: serde_json::from_value(plan).unwrap(),
        digest: String::new(),
        world: WorldKind::Real,
        operator: Identity { user: "anna".into(), uid: 1000, verified: false },
        host: String::new(),
        boot_id: String::new(),
        version: String::new(),
        waivers: Vec::new(),
        roles: [].into(),
        channels: [].into(),
    };
    let folder = root.create(&run(id)).unwrap();
    let lock = folder.lock(&Holder::here(&run(id), "switchover", NOW)).unwrap();
    let (writer, _) = Writer::create(&folder, lock, NOW, started.clone()).unwrap();
    (started, writer)
}

fn event() -> Event {
    Event::TurnedBack { why: "x".repeat(250) }
}

/// Writes until nothing more fits.
fn fill(disk: &Path) {
    let mut file = File::create(disk.join("filler")).unwrap();
    for size in [64 << 10, 4096, 1] {
        let block = vec![0; size];
        while let Ok(()) = file.write_all(&block) {}
    }
}
