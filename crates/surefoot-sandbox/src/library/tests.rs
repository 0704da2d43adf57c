//! The library against hands that answer as told, and against real files.

#![expect(clippy::disallowed_methods, reason = "the files that are written and read are real ones")]

use std::collections::{BTreeMap, VecDeque};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use surefoot_executor::{Exit, Granted, Piece};
use surefoot_plan::Value;

use super::{Arguments, Dial, Failure, Hands, Program, Ran, perform};

/// Answers as told, and remembers what was asked.
struct Scripted {
    dial: Dial,
    answers: VecDeque<Ran>,
    asked: Vec<Program>,
    rights: Granted,
    kept: PathBuf,
}

impl Scripted {
    fn new(dial: Dial, answers: &[(i32, &str)]) -> Self {
        let ran = |(code, out): &(i32, &str)| Ran {
            exit: Exit::Code(*code),
            stdout: out.as_bytes().to_vec(),
            stderr: "psql: error: it went wrong\n".to_owned(),
        };
        let answers = answers.iter().map(ran).collect();
        Self { dial, answers, asked: Vec::new(), rights: Granted::default(), kept: PathBuf::new() }
    }
}

impl Hands for Scripted {
    fn dial(&mut self, _: &str, _: u16, _: Duration) -> Dial {
        self.dial.clone()
    }
    fn run(&mut self, program: Program) -> Result<Ran, String> {
        self.asked.push(program);
        self.answers.pop_front().ok_or_else(|| "nothing more was expected to run".to_owned())
    }
    fn rights(&self) -> &Granted {
        &self.rights
    }
    fn kept(&self) -> &Path {
        &self.kept
    }
}

fn server() -> Arguments {
    let text = |text: &str| Value::Text(text.to_owned());
    BTreeMap::from([
        ("host".to_owned(), text("db1")),
        ("port".to_owned(), Value::Int(5432)),
        ("password".to_owned(), Value::Secret("password".to_owned())),
        ("user".to_owned(), text("postgres")),
        ("database".to_owned(), text("postgres")),
        ("primary_data".to_owned(), text("/data")),
        ("data".to_owned(), text("/data")),
        ("table".to_owned(), text("shop.\"orders")),
    ])
}

fn call(function: &str, dial: Dial, answers: &[(i32, &str)]) -> Result<Value, Failure> {
    perform(function, &server(), &mut Scripted::new(dial, answers))
}

#[test]
fn a_refused_connection_is_a_no_and_a_silence_is_unknown() {
    for function in ["postgres.is_primary", "postgres.in_recovery", "net.accepts"] {
        assert_eq!(call(function, Dial::Refused, &[]), Ok(Value::Bool(false)), "{function}");
        assert!(call(function, Dial::NoAnswer("silence".to_owned()), &[]).is_err(), "{function}");
    }
    assert_eq!(call("net.accepts", Dial::Accepted, &[]), Ok(Value::Bool(true)));
    assert_eq!(call("postgres.is_primary", Dial::Accepted, &[(0, "f\n")]), Ok(Value::Bool(true)));
    assert_eq!(call("postgres.in_recovery", Dial::Accepted, &[(0, "f\n")]), Ok(Value::Bool(false)));
}

#[test]
fn only_exactly_one_value_is_an_answer() {
    assert_eq!(call("postgres.lag", Dial::Accepted, &[(0, "16\n")]), Ok(Value::Size(16)));
    for printed in ["", "\n", "1\n2\n", "much\n"] {
        assert!(call("postgres.lag", Dial::Accepted, &[(0, printed)]).is_err(), "{printed:?}");
    }
    assert!(call("postgres.is_primary", Dial::Accepted, &[(0, "maybe\n")]).is_err());
    assert!(call("postgres.streaming_replicas", Dial::Refused, &[]).is_err());
}

#[test]
fn a_failed_connection_did_nothing_and_a_failed_promotion_may_have() {
    let promote = |dial, answers: &[(i32, &str)]| call("postgres.promote", dial, answers);
    assert_eq!(promote(Dial::Accepted, &[(0, "t\n")]), Ok(Value::None));
    assert!(matches!(promote(Dial::Refused, &[]), Err(Failure::NotPerformed(_))));
    assert!(matches!(promote(Dial::Accepted, &[(2, "")]), Err(Failure::NotPerformed(_))));
    assert!(matches!(promote(Dial::Accepted, &[(3, "")]), Err(Failure::Failed(_))));
    assert!(matches!(promote(Dial::Accepted, &[(0, "f\n")]), Err(Failure::Failed(_))));
}

#[test]
fn all_is_replayed_only_beyond_the_last_checkpoint_of_a_stopped_primary() {
    let stopped =
        "Database cluster state:               shut down\nLatest checkpoint location:           0/3000028\n";
    let running = "Database cluster state:               in production\nLatest checkpoint location:           0/3000028\n";
    let call = |control, answer| call("postgres.replayed_all", Dial::Accepted, &[(0, control), (0, answer)]);
    assert_eq!(call(stopped, "t\n"), Ok(Value::Bool(true)));
    assert_eq!(call(stopped, "f\n"), Ok(Value::Bool(false)));
    assert_eq!(call(running, "t\n"), Ok(Value::Bool(false)));
    assert!(call("nonsense", "t\n").is_err());
}

#[test]
fn values_are_never_part_of_a_query_and_a_password_never_of_the_arguments() {
    let mut hands = Scripted::new(Dial::Accepted, &[(0, "3\n")]);
    assert_eq!(perform("postgres.rows", &server(), &mut hands), Ok(Value::Int(3)));
    let asked = hands.asked.remove(0);
    assert_eq!(asked.stdin, "select count(*) from :\"schema\".:\"table\";\n");
    assert!(asked.arguments.contains(&"table=\"orders".to_owned()), "{:?}", asked.arguments);
    assert_eq!(asked.env.get("PGPASSWORD"), Some(&vec![Piece::Secret("password".to_owned())]));
}

#[test]
fn a_function_that_is_not_built_does_nothing() {
    assert!(matches!(call("postgres.vacuum", Dial::Accepted, &[]), Err(Failure::NotPerformed(_))));
}

/// A folder to write in, one for before-images, and one outside.
struct Folders {
    root: tempfile::TempDir,
    hands: Scripted,
}

impl Folders {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["granted", "kept", "outside"] {
            std::fs::create_dir(root.path().join(folder)).unwrap();
        }
        let mut hands = Scripted::new(Dial::Refused, &[]);
        hands.kept = root.path().join("kept");
        hands.rights.write = vec![root.path().join("granted").display().to_string()];
        Self { root, hands }
    }
    fn path(&self, below: &str) -> PathBuf {
        self.root.path().join(below)
    }
    fn call(&mut self, function: &str, path: &Path, text: &str) -> Result<Value, Failure> {
        let text = Value::Text(text.to_owned());
        let path = Value::Text(path.display().to_string());
        perform(
            function,
            &BTreeMap::from([("path".to_owned(), path), ("text".to_owned(), text)]),
            &mut self.hands,
        )
    }
    fn restore(&mut self, kept: Value) -> Result<Value, Failure> {
        perform("files.restore", &BTreeMap::from([("kept".to_owned(), kept)]), &mut self.hands)
    }
}

#[test]
fn a_written_file_is_restored_with_its_permissions() {
    let mut folders = Folders::new();
    let path = folders.path("granted/service.conf");
    std::fs::write(&path, "workers = 4\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let kept = folders.call("files.keep", &path, "").unwrap();
    folders.call("files.write", &path, "workers = 0\n").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "workers = 0\n");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    for _ in 0..2 {
        folders.restore(kept.clone()).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "workers = 4\n");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    }
    assert_eq!(std::fs::read_dir(folders.path("granted")).unwrap().count(), 1, "a draft was left");
}

#[test]
fn a_file_that_was_not_there_is_gone_again() {
    let mut folders = Folders::new();
    let path = folders.path("granted/new");
    let kept = folders.call("files.keep", &path, "").unwrap();
    folders.call("files.write", &path, "x").unwrap();
    assert_eq!(folders.call("files.exists", &path, ""), Ok(Value::Bool(true)));
    folders.restore(kept).unwrap();
    assert_eq!(folders.call("files.exists", &path, ""), Ok(Value::Bool(false)));
    folders.call("files.remove", &path, "").unwrap();
}

#[test]
fn nothing_outside_the_grant_is_reached() {
    let mut folders = Folders::new();
    let outside = folders.path("outside/secret");
    std::fs::write(&outside, "theirs").unwrap();
    std::os::unix::fs::symlink(folders.path("outside"), folders.path("granted/door")).unwrap();
    std::os::unix::fs::symlink(&outside, folders.path("granted/link")).unwrap();
    let ways = ["outside/secret", "granted/../outside/secret", "granted/door/secret", "granted/link"];
    for way in ways.map(|way| folders.path(way)) {
        for function in ["files.write", "files.remove", "files.keep", "files.content"] {
            let result = folders.call(function, &way, "ours");
            assert!(
                matches!(result, Err(Failure::NotPerformed(_))),
                "{function} {}: {result:?}",
                way.display()
            );
        }
    }
    assert_eq!(std::fs::read_to_string(&outside).unwrap(), "theirs");
}

#[test]
fn a_changed_before_image_is_not_restored() {
    let mut folders = Folders::new();
    let path = folders.path("granted/a");
    std::fs::write(&path, "before").unwrap();
    let kept = folders.call("files.keep", &path, "").unwrap();
    let copy = std::fs::read_dir(folders.path("kept")).unwrap().next().unwrap().unwrap().path();
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::write(&copy, "forged").unwrap();
    folders.call("files.write", &path, "after").unwrap();
    assert!(matches!(folders.restore(kept), Err(Failure::NotPerformed(_))));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "after");
}
