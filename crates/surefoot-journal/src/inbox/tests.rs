#![expect(clippy::disallowed_methods, reason = "the tests look at the files, and damage them")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use surefoot_plan::{StepId, Value};

use super::{Asks, Given, InboxError, LETTER_BYTES_MAX, LETTERS_MAX, Letter, Notice, Says};
use crate::testing::{NOW, anna, run};
use crate::{Identity, Inbox, RunFolder, RunId, StateRoot, Timestamp, person};

fn folder() -> (tempfile::TempDir, RunFolder) {
    let root = tempfile::tempdir().unwrap();
    let folder = StateRoot::new(root.path()).create(&run()).unwrap();
    (root, folder)
}

fn notice() -> Notice {
    Notice {
        run: run(),
        runbook: "switchover".into(),
        plan: "ab".repeat(32),
        step: Some(StepId("promote".into())),
        title: "Promote the standby".into(),
        operators: vec![anna()],
        since: NOW,
        waived: Vec::new(),
        asks: Asks::Approval {
            role: "lead".into(),
            people: vec!["bert".into()],
            wanted: 1,
            given: Vec::new(),
            shown: Vec::new(),
            expires_ms: 600_000,
            irreversible: "two primaries".into(),
            assumes: Vec::new(),
            reveals: Vec::new(),
            anywhere: String::new(),
        },
    }
}

#[test]
fn two_who_answer_at_the_same_time_answer_one_notice() {
    let (before, mut after) = (notice(), notice());
    if let Asks::Approval { given, .. } = &mut after.asks {
        let by = Identity { user: "carla".into(), uid: 1002, verified: false };
        given.push(Given { by, until: Timestamp(5) });
    }
    assert_ne!(before, after);
    assert_eq!(before.digest(), after.digest());
}

fn yes(at: u64) -> Letter {
    Letter {
        run: run(),
        notice: notice().digest(),
        at: Timestamp(at),
        says: Says::Approval { step: StepId("promote".into()), approved: true, comment: "go".into() },
    }
}

/// What is in the inbox: what the letters say, and why others were thrown away.
fn read(inbox: &Inbox) -> (Vec<Letter>, Vec<String>) {
    let (letters, rejected) = inbox.letters().unwrap();
    (
        letters.into_iter().map(|found| found.letter).collect(),
        rejected.iter().map(ToString::to_string).collect(),
    )
}

/// Puts a file into the inbox by hand.
fn put(folder: &RunFolder, name: &str, text: &[u8]) -> PathBuf {
    let path = folder.path().join("inbox").join(name);
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_letter_is_read_until_it_is_discarded() {
    let (_root, folder) = folder();
    let inbox = folder.inbox();
    inbox.send(&yes(2)).unwrap();
    inbox.send(&yes(1)).unwrap();
    assert_eq!(read(&inbox), (vec![yes(1), yes(2)], vec![]), "oldest first");
    let (mut letters, _) = inbox.letters().unwrap();
    let first = letters.remove(0);
    assert_eq!(first.from, person::operator(), "who owns the file left it");
    assert!(!first.from.verified);
    first.discard().unwrap();
    assert_eq!(read(&inbox).0, vec![yes(2)]);
}

#[test]
fn what_is_asked_can_be_read_and_withdrawn() {
    let (_root, folder) = folder();
    let inbox = folder.inbox();
    assert!(inbox.notices().unwrap().is_empty());
    inbox.ask(&notice()).unwrap();
    let mut again = notice();
    again.since = Timestamp(NOW.0 + 60_000);
    inbox.ask(&again).unwrap();
    assert_eq!(inbox.notices().unwrap(), vec![again.clone()], "the last for a step counts");
    assert_ne!(again.digest(), notice().digest(), "and an answer to the first does not fit it");
    let whole = Notice { step: None, ..notice() };
    inbox.ask(&whole).unwrap();
    assert_eq!(inbox.notices().unwrap().len(), 2);
    inbox.withdraw(whole.step.as_ref()).unwrap();
    inbox.withdraw(notice().step.as_ref()).unwrap();
    inbox.withdraw(notice().step.as_ref()).unwrap();
    assert!(inbox.notices().unwrap().is_empty());
}

#[test]
fn what_is_no_letter_is_thrown_away_and_told() {
    let (root, folder) = folder();
    let inbox = folder.inbox();
    let letter = serde_json::to_vec(&yes(1)).unwrap();
    let refused = |what: &str| {
        let (letters, rejected) = read(&inbox);
        assert!(letters.is_empty(), "{what}");
        let [why] = &rejected[..] else { panic!("{what}: {rejected:?}") };
        assert!(why.contains(what), "{what}: {why}");
        assert_eq!(read(&inbox), (vec![], vec![]), "{what}: it is gone");
    };
    put(&folder, "1", b"yes!");
    refused("it is no letter");
    put(&folder, "1", &vec![b' '; LETTER_BYTES_MAX as usize + 1]);
    refused("it is longer than");
    let path = put(&folder, "1", &letter);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    refused("others than its owner can write it");
    let other = Letter { run: RunId("other".into()), ..yes(1) };
    put(&folder, "1", &serde_json::to_vec(&other).unwrap());
    refused("it is for run other");

    let elsewhere = root.path().join("mine");
    fs::write(&elsewhere, &letter).unwrap();
    symlink(&elsewhere, folder.path().join("inbox/1")).unwrap();
    refused("it cannot be opened");
    fs::hard_link(&elsewhere, folder.path().join("inbox/1")).unwrap();
    refused("more than one name");
    assert_eq!(fs::read(&elsewhere).unwrap(), letter, "what it pointed to is untouched");
    let pipe = folder.path().join("inbox/1");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o644.into(), 0).unwrap();
    refused("it is no regular file");
}

#[test]
fn a_letter_that_is_being_written_is_left_alone() {
    let (_root, folder) = folder();
    let path = put(&folder, "new.0123", b"{\"run\":");
    assert_eq!(read(&folder.inbox()), (vec![], vec![]));
    assert!(path.exists());
}

#[test]
fn a_flood_is_read_in_parts() {
    let (_root, folder) = folder();
    for at in 0..LETTERS_MAX as u64 + 3 {
        folder.inbox().send(&yes(at)).unwrap();
    }
    let (letters, _) = folder.inbox().letters().unwrap();
    assert_eq!(letters.len(), LETTERS_MAX);
    for letter in letters {
        letter.discard().unwrap();
    }
    assert_eq!(folder.inbox().letters().unwrap().0.len(), 3);
}

#[test]
fn too_much_is_not_sent() {
    let (_root, folder) = folder();
    let letter = Letter {
        says: Says::Answer { step: None, value: Value::Text("x".repeat(70_000)), comment: String::new() },
        ..yes(1)
    };
    assert!(matches!(folder.inbox().send(&letter), Err(InboxError::TooLong)));
}

/// Another user leaves a letter: what a second person's approval is. Needs root, as CI has.
#[test]
fn another_user_may_answer_and_not_look() {
    use rustix::process::Uid;

    assert!(rustix::process::getuid().is_root(), "this test acts as another user, so it must run as root");
    let (root, folder) = folder();
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder.inbox().ask(&notice()).unwrap();
    fs::write(folder.outputs().join("x"), "secret").unwrap();
    let (inbox, path) = (folder.inbox(), folder.path().to_owned());
    // Only this thread becomes another user, and it ends with the closure.
    std::thread::spawn(move || {
        let uid = Uid::from_raw(54_321);
        rustix::thread::set_thread_res_gid(
            rustix::process::Gid::from_raw(54_321),
            rustix::process::Gid::from_raw(54_321),
            rustix::process::Gid::from_raw(54_321),
        )
        .unwrap();
        rustix::thread::set_thread_res_uid(uid, uid, uid).unwrap();
        assert_eq!(inbox.notices().unwrap(), vec![notice()]);
        inbox.send(&yes(1)).unwrap();
        for hidden in ["outputs", "kept", "claims", "inbox"] {
            assert!(fs::read_dir(path.join(hidden)).is_err(), "{hidden} can be listed");
        }
        assert!(fs::read(path.join("outputs/x")).is_err());
        assert!(fs::File::open(path.join("journal.jsonl")).is_err());
        assert!(fs::write(path.join("asked/promote.json"), "lies").is_err());
        assert!(fs::write(path.join("lock"), "mine").is_err());
    })
    .join()
    .unwrap();
    let (mut letters, rejected) = folder.inbox().letters().unwrap();
    assert!(rejected.is_empty(), "{rejected:?}");
    let letter = letters.remove(0);
    assert_eq!((letter.from.uid, letter.from.user.as_str()), (54_321, "uid 54321"));
    letter.discard().unwrap();
}
