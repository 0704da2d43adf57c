use serde_json::json;

use super::{Holder, LockError, Target};
use crate::testing::{NOW, anna, forgiven, owing, plan, run, started};
use crate::{Journal as _, LetGo, RunFolder, RunId, StateRoot, Writer};

fn holder(run: &RunId) -> Holder {
    Holder {
        run: run.clone(),
        runbook: "switchover".into(),
        by: anna(),
        since: NOW,
        pid: 4711,
        host: "db1".into(),
        boot_id: "b".into(),
    }
}

fn begin(root: &StateRoot, run: &RunId) -> (RunFolder, Writer) {
    let folder = root.create(run).unwrap();
    let lock = folder.lock(&holder(run)).unwrap();
    let (writer, _) = Writer::create(&folder, lock, NOW, started()).unwrap();
    (folder, writer)
}

fn other() -> RunId {
    RunId("01KAM3X9V0BBBBBBBBBBBBBBBB".into())
}

fn target(inputs: serde_json::Value) -> Target {
    let mut plan = plan();
    plan.inputs = serde_json::from_value(inputs).unwrap();
    Target::of(&plan)
}

fn input(name: &str, r#type: &str, value: serde_json::Value) -> serde_json::Value {
    json!({"name": name, "type": r#type, "doc": "", "value": {"bound": value}})
}

#[test]
fn a_run_has_one_writer() {
    let root = tempfile::tempdir().unwrap();
    let folder = StateRoot::new(root.path()).create(&run()).unwrap();
    assert_eq!(folder.holder().unwrap(), None);
    let lock = folder.lock(&holder(&run())).unwrap();
    insta::assert_snapshot!(folder.lock(&holder(&run())).unwrap_err(), @"run 01KAM3X9V0ZZZZZZZZZZZZZZZZ: anna is at work on it since 2026-11-22T03:14:07.250Z, in run 01KAM3X9V0ZZZZZZZZZZZZZZZZ (process 4711 on db1)");
    assert_eq!(folder.holder().unwrap(), Some(holder(&run())));
    drop(lock);
    assert_eq!(folder.holder().unwrap(), None, "who had it is not who has it");
    folder.lock(&holder(&run())).unwrap();
}

#[test]
fn a_target_is_worked_on_by_one_run() {
    let root = tempfile::tempdir().unwrap();
    let root = StateRoot::new(root.path());
    let target = target(json!([input("primary", "host", json!({"text": "db1"}))]));
    let lock = root.lock_target(&target, &holder(&run())).unwrap();
    let error = root.lock_target(&target, &holder(&other())).unwrap_err();
    assert!(matches!(error, LockError::Held { holder: Some(_), .. }));
    insta::assert_snapshot!(error, @"switchover (primary: db1) is locked: anna is at work on it since 2026-11-22T03:14:07.250Z, in run 01KAM3X9V0ZZZZZZZZZZZZZZZZ (process 4711 on db1)");
    drop(lock);
    root.lock_target(&target, &holder(&other())).expect("the first never began");
}

#[test]
fn a_run_that_is_not_finished_keeps_its_target() {
    let root = tempfile::tempdir().unwrap();
    let root = StateRoot::new(root.path());
    let target = target(json!([]));
    let lock = root.lock_target(&target, &holder(&run())).unwrap();
    let (_, mut writer) = begin(&root, &run());
    drop(lock); // as a crash would
    let error = root.lock_target(&target, &holder(&other())).unwrap_err();
    insta::assert_snapshot!(error, @r#"switchover is locked: run 01KAM3X9V0ZZZZZZZZZZZZZZZZ by anna is unfinished since 2026-11-22T03:14:07.250Z; go on with `surefoot resume 01KAM3X9V0ZZZZZZZZZZZZZZZZ`, take it back with `surefoot rollback 01KAM3X9V0ZZZZZZZZZZZZZZZZ`, or let go of what it owes with `surefoot forgive 01KAM3X9V0ZZZZZZZZZZZZZZZZ STEP --reason "…"`"#);
    // Being refused takes nothing away, and the run itself can go on.
    drop(root.lock_target(&target, &holder(&run())).unwrap());
    for event in owing() {
        writer.append(NOW, event).unwrap();
    }
    assert!(matches!(root.lock_target(&target, &holder(&other())), Err(LockError::Unfinished { .. })));
    writer.append(NOW, forgiven()).unwrap();
    root.lock_target(&target, &holder(&other())).expect("it owes nothing more");
}

#[test]
fn a_released_target_is_free_at_once() {
    let root = tempfile::tempdir().unwrap();
    let root = StateRoot::new(root.path());
    let target = target(json!([]));
    let (_, _writer) = begin(&root, &run());
    root.lock_target(&target, &holder(&run())).unwrap().release().unwrap();
    root.lock_target(&target, &holder(&other())).unwrap();
}

#[test]
fn where_counts_and_how_does_not() {
    let file = |inputs| target(inputs).file;
    let db1 = file(json!([input("primary", "host", json!({"text": "db1"}))]));
    let db2 = file(json!([input("primary", "host", json!({"text": "db2"}))]));
    assert_ne!(db1, db2);
    let patient = file(json!([
        input("primary", "host", json!({"text": "db1"})),
        input("limit", "duration", json!({"duration": 5000})),
        input("ticket", "text", json!({"text": "OPS-1"}))
    ]));
    assert_eq!(db1, patient);
    let ports = |port: i64| file(json!([input("port", "port", json!({"int": port}))]));
    assert_ne!(ports(5432), ports(5433));
    let many = |hosts: serde_json::Value| {
        file(
            json!([{"name": "all", "type": {"list": "host"}, "doc": "", "value": {"bound": {"list": hosts}}}]),
        )
    };
    assert_ne!(many(json!([{"text": "a"}])), many(json!([{"text": "b"}])));
}

#[test]
fn a_holder_that_a_crash_tore_leaves_the_one_before() {
    use std::io::Write as _;

    let root = tempfile::tempdir().unwrap();
    let root = StateRoot::new(root.path());
    let target = target(json!([]));
    drop(root.lock_target(&target, &holder(&run())).unwrap());
    let (_, _writer) = begin(&root, &run());
    let path = root.path().join("locks").join(&target.file);
    let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(b"\n{\"run\":\"01KAM3X9V0BB").unwrap();
    let error = root.lock_target(&target, &holder(&other())).unwrap_err();
    assert!(matches!(error, LockError::Unfinished { holder, .. } if holder.run == run()));
}

#[test]
fn a_run_whose_journal_cannot_be_read_keeps_its_target_until_a_person_lets_it_go() {
    use std::io::Write as _;

    for damage in [None, Some("hello\n"), Some("")] {
        let root = tempfile::tempdir().unwrap();
        let root = StateRoot::new(root.path());
        let target = target(json!([]));
        drop(root.lock_target(&target, &holder(&run())).unwrap());
        let (folder, writer) = begin(&root, &run());
        drop(writer);
        match damage {
            Some(text) => {
                let file = std::fs::OpenOptions::new().write(true).truncate(true).open(folder.journal());
                file.unwrap().write_all(text.as_bytes()).unwrap();
            }
            None => std::fs::remove_file(folder.journal()).unwrap(),
        }
        assert_eq!(root.runs().unwrap(), [run()], "it is still listed");
        let error = root.lock_target(&target, &holder(&other())).unwrap_err();
        assert!(matches!(error, LockError::Unreadable { .. }), "{error}");
        let how = "surefoot forgive 01KAM3X9V0ZZZZZZZZZZZZZZZZ --journal-damaged --reason";
        assert!(error.to_string().contains(how), "{error}");
        let said = LetGo { by: anna(), at: NOW, reason: "looked".into(), damage: "gone".into() };
        folder.let_go(&said).unwrap();
        assert_eq!(folder.was_let_go(), Some(said));
        root.lock_target(&target, &holder(&other())).expect("a person let it go");
    }
}
