use std::collections::BTreeSet;

use surefoot_executor::Command;
use surefoot_journal::{Exit, Outcome, Report};
use surefoot_plan::{Decoder, Type, Value};

use super::judge;
use crate::ending::{Ending, MemberEnding};

fn command(decoder: Decoder, r#type: Option<Type>) -> Command {
    Command {
        pipeline: Vec::new(),
        revealed: std::collections::BTreeMap::new(),
        script: None,
        folder: None,
        env: Default::default(),
        stdin: None,
        user: None,
        exits: BTreeSet::from([0]),
        decoder,
        r#type,
    }
}

fn ending(members: &[(&str, Exit)]) -> Ending {
    let members = members
        .iter()
        .map(|(program, exit)| MemberEnding { program: (*program).into(), exit: Some(*exit), failure: None })
        .collect();
    Ending { members, ..Ending::default() }
}

fn judged(command: &Command, ending: Ending, printed: &[u8]) -> Report {
    match judge(command, ending, printed) {
        Outcome::Performed(report) => report,
        other @ (Outcome::NotPerformed { .. } | Outcome::Unknown { .. }) => {
            panic!("not performed: {other:?}")
        }
    }
}

#[test]
fn an_exit_that_is_not_accepted_is_not_well() {
    let report = judged(&command(Decoder::Nothing, None), ending(&[("cp", Exit::Code(1))]), b"");
    assert_eq!((report.ok, report.why.as_str()), (false, "it ended with exit 1"));
}

#[test]
fn an_accepted_exit_with_unreadable_output_is_not_well() {
    let command = command(Decoder::Int, Some(Type::Int));
    assert!(!judged(&command, ending(&[("wc", Exit::Code(0))]), b"").ok);
    let report = judged(&command, ending(&[("wc", Exit::Code(0))]), b"12\n");
    assert_eq!(report.value, Some(Value::Int(12)));
}

#[test]
fn every_member_of_a_pipeline_counts() {
    let command = command(Decoder::Nothing, None);
    let report = judged(&command, ending(&[("pg_dump", Exit::Code(1)), ("gzip", Exit::Code(0))]), b"");
    assert_eq!(report.why, "`pg_dump` ended with exit 1");
    assert!(judged(&command, ending(&[("yes", Exit::Signal(13)), ("head", Exit::Code(0))]), b"").ok);
    assert!(judged(&command, ending(&[("grep", Exit::Code(1)), ("wc", Exit::Code(0))]), b"").ok);
    assert!(!judged(&command, ending(&[("cat", Exit::Code(0)), ("grep", Exit::Code(1))]), b"").ok);
}

#[test]
fn an_exit_may_be_the_answer() {
    let command = command(Decoder::Exit { false_on: BTreeSet::from([1]) }, Some(Type::Bool));
    let answer = |code| judged(&command, ending(&[("test", Exit::Code(code))]), b"");
    assert_eq!(answer(0).value, Some(Value::Bool(true)));
    assert_eq!(answer(1).value, Some(Value::Bool(false)));
    assert!(!answer(2).ok && answer(2).value.is_none());
}

#[test]
fn a_timeout_says_so_whatever_the_exit() {
    let ending = Ending { timed_out: true, ..ending(&[("sleep", Exit::Signal(15))]) };
    let report = judged(&command(Decoder::Nothing, None), ending, b"");
    assert_eq!(report.exit, Some(Exit::TimedOut));
    assert!(!report.ok && report.why.contains("time was over"));
}
