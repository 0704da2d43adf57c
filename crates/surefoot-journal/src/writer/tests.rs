#![expect(clippy::disallowed_methods, reason = "the tests look at the files, and damage them")]

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use super::{Journal, MemoryJournal, OpenError, Writer};
use crate::testing::{NOW, bound, run, started, step};
use crate::{Event, Holder, RunFolder, StateRoot, Timestamp};

fn folder() -> (tempfile::TempDir, RunFolder) {
    let root = tempfile::tempdir().unwrap();
    let folder = StateRoot::new(root.path()).create(&run()).unwrap();
    (root, folder)
}

fn create(folder: &RunFolder) -> Writer {
    let lock = folder.lock(&Holder::here(&run(), "switchover", NOW)).unwrap();
    Writer::create(folder, lock, NOW, started()).unwrap().0
}

fn open(folder: &RunFolder) -> Result<super::Opened, OpenError> {
    let lock = folder.lock(&Holder::here(&run(), "switchover", NOW)).unwrap();
    Writer::open(folder, lock, Timestamp(NOW.0 + 1000))
}

#[test]
fn a_run_is_continued_where_it_stopped() {
    let (_root, folder) = folder();
    let mut writer = create(&folder);
    let mut events = vec![Event::Started(Box::new(started()))];
    for event in step("promote") {
        assert_eq!(writer.append(NOW, event.clone()).unwrap().event, event);
        events.push(event);
    }
    let chain = writer.chain();
    drop(writer);
    let mut opened = open(&folder).unwrap();
    assert_eq!(opened.writer.chain(), chain);
    opened.writer.append(NOW, bound("x")).unwrap();
    events.push(bound("x"));
    let (records, torn) = folder.read().unwrap();
    assert_eq!((records.into_iter().map(|record| record.event).collect::<Vec<_>>(), torn), (events, 0));
}

#[test]
fn a_torn_line_is_dropped_and_told() {
    let (_root, folder) = folder();
    let mut writer = create(&folder);
    writer.append(NOW, bound("kept")).unwrap();
    writer.append(NOW, bound("torn")).unwrap();
    drop(writer);
    let text = fs::read(folder.journal()).unwrap();
    fs::write(folder.journal(), &text[..text.len() - 9]).unwrap();
    let torn = text.split_inclusive(|byte| *byte == b'\n').next_back().unwrap().len() as u64 - 9;
    assert_eq!(folder.read().unwrap().1, torn, "reading alone changes nothing");
    let opened = open(&folder).unwrap();
    assert_eq!(opened.records.len(), 3);
    assert_eq!(opened.records[2].event, Event::Recovered { bytes: torn });
    assert_eq!(folder.read().unwrap(), (opened.records, 0), "and it is in the file");
}

#[test]
fn a_damaged_journal_is_not_touched() {
    let (_root, folder) = folder();
    let mut writer = create(&folder);
    writer.append(NOW, bound("one")).unwrap();
    drop(writer);
    let mut text = fs::read(folder.journal()).unwrap();
    let at = text.len() - 90;
    text[at] ^= 1;
    fs::write(folder.journal(), &text).unwrap();
    let error = open(&folder).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2 of the journal is damaged: its text was changed: its hash is not that of its text"
    );
    assert_eq!(fs::read(folder.journal()).unwrap(), text);
}

#[test]
fn a_journal_is_created_once() {
    let (_root, folder) = folder();
    drop(create(&folder));
    let lock = folder.lock(&Holder::here(&run(), "switchover", NOW)).unwrap();
    assert!(matches!(Writer::create(&folder, lock, NOW, started()), Err(OpenError::Io(_))));
    assert_eq!(folder.read().unwrap().0.len(), 1);
}

#[test]
fn what_is_reserved_is_on_disk_and_not_in_the_file() {
    let (_root, folder) = folder();
    let mut writer = create(&folder);
    let before = fs::metadata(folder.journal()).unwrap();
    writer.reserve(1 << 20).unwrap();
    let after = fs::metadata(folder.journal()).unwrap();
    assert_eq!(after.len(), before.len(), "nothing is added that a reader would see");
    assert!(after.blocks() * 512 >= 1 << 20, "{} blocks", after.blocks());
    writer.reserve(1 << 20).unwrap();
    assert_eq!(fs::metadata(folder.journal()).unwrap().blocks(), after.blocks(), "asked again, it is there");
}

#[test]
fn a_failed_write_is_final() {
    let (_root, folder) = folder();
    let mut writer = create(&folder);
    // A descriptor that cannot be written stands for a disk that cannot.
    writer.file = fs::File::open(folder.journal()).unwrap();
    assert!(matches!(writer.append(NOW, bound("x")), Err(super::AppendError::Io(_))));
    writer.file = fs::OpenOptions::new().append(true).open(folder.journal()).unwrap();
    assert!(matches!(writer.append(NOW, bound("x")), Err(super::AppendError::Broken)), "also when it could");
    assert_eq!(folder.read().unwrap().0.len(), 1);
}

#[test]
fn an_event_at_fault_breaks_nothing() {
    let (_root, folder) = folder();
    let mut writer = create(&folder);
    assert!(matches!(
        writer.append(NOW, Event::Started(Box::new(started()))),
        Err(super::AppendError::Encode(_))
    ));
    writer.append(NOW, bound("x")).unwrap();
    assert_eq!(folder.read().unwrap().0.len(), 2);
}

#[test]
fn a_journal_in_memory_has_the_same_bytes() {
    let (_root, folder) = folder();
    let mut writer = create(&folder);
    let mut memory = MemoryJournal::new();
    memory.append(NOW, Event::Started(Box::new(started()))).unwrap();
    for event in step("promote") {
        writer.append(NOW, event.clone()).unwrap();
        memory.append(NOW, event).unwrap();
    }
    assert_eq!(memory.text(), fs::read(folder.journal()).unwrap());
    assert_eq!(memory.records(), folder.read().unwrap().0);
    let again = MemoryJournal::with(memory.records().to_vec()).unwrap();
    assert_eq!(again.text(), memory.text());
}
