use super::{Standing, examine, take};
use crate::ending::Ending;

#[test]
fn a_claim_is_taken_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let claim = folder.path().join("c");
    let taken = take(&claim).expect("free");
    assert!(take(&claim).expect_err("taken").taken_before);
    assert_eq!(examine(&claim).expect("read"), Standing::Running(std::process::id()));
    let ending = Ending { elapsed_ms: 7, ..Ending::default() };
    taken.end(&ending).expect("written");
    assert_eq!(examine(&claim).expect("read"), Standing::Ended(ending));
}

#[test]
fn who_examines_a_free_claim_closes_it_for_ever() {
    let folder = tempfile::tempdir().expect("a folder");
    let claim = folder.path().join("c");
    assert_eq!(examine(&claim).expect("closed"), Standing::Closed);
    assert!(take(&claim).is_err());
    assert_eq!(examine(&claim).expect("closed"), Standing::Closed);
}

#[test]
fn a_folder_without_a_start_is_free() {
    let folder = tempfile::tempdir().expect("a folder");
    let claim = folder.path().join("c");
    std::fs::create_dir(&claim).expect("made");
    assert_eq!(examine(&claim).expect("closed"), Standing::Closed);
}

#[test]
fn a_start_from_another_boot_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let claim = folder.path().join("c");
    take(&claim).expect("free");
    let started = claim.join("started");
    let text = std::fs::read_to_string(&started).expect("read");
    std::fs::write(&started, text.replace(&super::this_boot(), "another")).expect("written");
    let Standing::Lost(why) = examine(&claim).expect("read") else { panic!("not lost") };
    assert!(why.contains("restarted"), "{why}");
}

#[test]
fn a_pid_that_was_given_to_another_process_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let claim = folder.path().join("c");
    take(&claim).expect("free");
    let started = claim.join("started");
    let text = std::fs::read_to_string(&started).expect("read");
    let (front, _) = text.split_once("\"start_time\":").expect("there");
    std::fs::write(&started, format!("{front}\"start_time\":1}}}}")).expect("written");
    let Standing::Lost(why) = examine(&claim).expect("read") else { panic!("not lost") };
    assert!(why.contains("killed"), "{why}");
}

#[test]
fn a_report_that_is_not_whole_is_no_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let claim = folder.path().join("c");
    take(&claim).expect("free").end(&Ending::default()).expect("written");
    for file in ["exit", "started"] {
        let whole = std::fs::read(claim.join(file)).expect("read");
        for bad in [vec![0; whole.len()], whole[..whole.len() - 1].to_vec(), Vec::new()] {
            std::fs::write(claim.join(file), bad).expect("written");
            assert!(matches!(examine(&claim).expect("read"), Standing::Lost(_)));
        }
        std::fs::write(claim.join(file), whole).expect("written");
    }
}
