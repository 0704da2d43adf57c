#![expect(clippy::disallowed_methods, reason = "the tests look at the files, and damage them")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{FILE_NAME_BYTES_MAX, FindError, Needs, StateRoot, file_name, run_id};
use crate::testing::{NOW, claim, forgiven, owing, run, started};
use crate::{Holder, Journal as _, RunFolder, RunId, Timestamp, Writer};

fn create(root: &StateRoot, run: &RunId) -> (RunFolder, Writer) {
    let folder = root.create(run).unwrap();
    let lock = folder.lock(&Holder::here(run, "switchover", NOW)).unwrap();
    let (writer, _) = Writer::create(&folder, lock, NOW, started()).unwrap();
    (folder, writer)
}

#[test]
fn ids_sort_by_time_and_differ() {
    let early = run_id(Timestamp(NOW.0), [0xFF; 10]);
    let late = run_id(Timestamp(NOW.0 + 1), [0; 10]);
    assert_eq!(early.0, "01M80KYB8JZZZZZZZZZZZZZZZZ");
    assert!(early < late);
    let root = StateRoot::new("/nowhere");
    let (one, two) = (root.new_run(NOW).unwrap(), root.new_run(NOW).unwrap());
    assert_ne!(one, two);
    assert!(super::is_run_id(&one.0), "{one:?}");
}

#[test]
fn others_may_pass_and_add_but_not_read() {
    let root = tempfile::tempdir().unwrap();
    let root = StateRoot::new(root.path().join("state"));
    let (folder, _writer) = create(&root, &run());
    let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o7777;
    let modes: Vec<(&str, u32)> = ["", "claims", "outputs", "kept", "asked", "inbox", "journal.jsonl"]
        .map(|name| (name, mode(name)))
        .into();
    let expected = [
        ("", 0o711),
        ("claims", 0o700),
        ("outputs", 0o700),
        ("kept", 0o700),
        ("asked", 0o755),
        ("inbox", 0o1733),
        ("journal.jsonl", 0o600),
    ];
    assert_eq!(modes, expected);
}

#[test]
fn a_run_is_found_by_the_start_of_its_id() {
    let root = tempfile::tempdir().unwrap();
    let root = StateRoot::new(root.path());
    assert!(root.runs().unwrap().is_empty());
    let ids = ["01KAM3X9V0AAAAAAAAAAAAAAAA", "01KAM3X9V0BBBBBBBBBBBBBBBB"].map(|id| RunId(id.into()));
    for id in &ids {
        create(&root, id);
    }
    root.create(&RunId("01KAM3X9V0CCCCCCCCCCCCCCCC".into())).unwrap();
    fs::create_dir(root.path().join("runs/notes")).unwrap();
    assert_eq!(root.runs().unwrap(), ids, "what never began, and what is no run, is not listed");
    assert_eq!(root.find("01KAM3X9V0A").unwrap().run(), &ids[0]);
    assert_eq!(root.find("01kam3x9v0b").unwrap().run(), &ids[1], "in either case");
    insta::assert_snapshot!(root.find("01K").unwrap_err(), @"2 runs begin with `01K`: 01KAM3X9V0AAAAAAAAAAAAAAAA, 01KAM3X9V0BBBBBBBBBBBBBBBB");
    insta::assert_snapshot!(root.find("02").unwrap_err(), @"no run begins with `02`; `surefoot runs` lists them");
    assert!(matches!(root.find(""), Err(FindError::None(_))));
    assert!(matches!(root.find("../notes"), Err(FindError::None(_))));
}

#[test]
fn a_folder_is_made_once() {
    let root = tempfile::tempdir().unwrap();
    let root = StateRoot::new(root.path());
    root.create(&run()).unwrap();
    assert!(root.create(&run()).is_err());
}

#[test]
fn names_of_files_are_readable_and_differ() {
    for (text, name) in [
        ("promote", "promote"),
        ("drain[db2]", "drain[db2]"),
        ("failover/promote", "failover%2Fpromote"),
        ("..", "%2E%2E"),
        ("a%2Fb", "a%252Fb"),
        ("Ü", "%C3%9C"),
    ] {
        assert_eq!(file_name(text), name);
    }
    let (long, longer) = ("x".repeat(300), "x".repeat(301));
    assert_eq!(file_name(&long).len(), FILE_NAME_BYTES_MAX);
    assert_ne!(file_name(&long), file_name(&longer));
    assert!(!file_name("").is_empty());
    let folder = StateRoot::new("/s").folder(&run());
    assert!(folder.claim(&claim("a/b")).ends_with("claims/a%2Fb.forward.1.0"));
}

#[test]
fn a_run_is_over_when_it_ended_and_owes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let root = StateRoot::new(root.path());
    assert_eq!(root.folder(&run()).needs(), Needs::Nothing, "it never was");
    assert_eq!(root.create(&run()).unwrap().needs(), Needs::Nothing, "it never began");
    fs::remove_dir_all(root.folder(&run()).path()).unwrap();
    let (folder, mut writer) = create(&root, &run());
    assert_eq!(folder.needs(), Needs::More);
    for event in owing() {
        writer.append(NOW, event).unwrap();
    }
    assert_eq!(folder.needs(), Needs::More, "it owes");
    writer.append(NOW, forgiven()).unwrap();
    assert_eq!(folder.needs(), Needs::Nothing);
    let text = fs::read(folder.journal()).unwrap();
    fs::write(folder.journal(), &text[..text.len() - 1]).unwrap();
    assert_eq!(folder.needs(), Needs::More, "whoever cannot read its end does not know");
    fs::remove_file(folder.journal()).unwrap();
    assert_eq!(folder.needs(), Needs::Unreadable, "it began, and nobody can tell more");
}

#[test]
fn what_is_set_aside_is_given_back() {
    use std::os::unix::fs::MetadataExt as _;

    let root = tempfile::tempdir().unwrap();
    let folder = StateRoot::new(root.path()).create(&run()).unwrap();
    folder.set_aside(1 << 20).unwrap();
    assert!(fs::metadata(folder.path().join("ballast")).unwrap().blocks() * 512 >= 1 << 20);
    folder.give_back().unwrap();
    folder.give_back().unwrap();
    assert!(!folder.path().join("ballast").exists());
}
