//! Machines that can enforce less: refused, unless it was waived. And the library, through real programs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::support::{Room, failed, script, sh};
use surefoot_executor::{Act, Address, Command, EffectRequest, Piece, ReadFrom, World};
use surefoot_journal::{Outcome, Report};
use surefoot_plan::Value;
use surefoot_sandbox::{Launcher, Waivers, probe_machine};

/// A supervisor on a machine that offers less.
fn lesser(room: &Room, name: &str) -> Launcher {
    let program = room.base().join(name);
    if !program.exists() {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_surefoot-supervise-test"), &program).expect("linked");
    }
    Launcher { program }
}

fn act(room: &Room, machine: &str, waivers: &Waivers, command: Command) -> Outcome {
    let claim = room.next_claim();
    let world = room.world().with_launcher(lesser(room, machine)).with_waivers(waivers);
    room.block_on(world.perform(EffectRequest::Act {
        claim,
        act: Act::Command(command),
        rights: room.rights.clone(),
        deadline_ms: 10_000,
        title: "a step".into(),
    }))
}

fn performed(outcome: Outcome) -> Report {
    match outcome {
        Outcome::Performed(report) => report,
        other @ (Outcome::NotPerformed { .. } | Outcome::Unknown { .. }) => {
            panic!("not performed: {other:?}")
        }
    }
}

#[test]
fn what_cannot_be_enforced_is_refused_and_says_how_to_go_on() {
    for (machine, waiver) in
        [("without-namespaces", "--waive namespaces"), ("without-landlock", "--waive landlock")]
    {
        let room = Room::new();
        let outcome = act(&room, machine, &Waivers::default(), sh("true"));
        assert!(matches!(outcome, Outcome::NotPerformed { ref why } if why.contains(waiver)), "{outcome:?}");
    }
}

#[test]
fn a_waiver_gives_up_one_layer_and_keeps_the_other() {
    let mut room = Room::new();
    let (outside, inside) = (room.file("outside/file", "theirs"), room.file("inside/file", "ours"));
    room.rights.write = vec![inside.parent().expect("a folder").display().to_string()];
    let read_outside = || sh(&format!("cat {}", outside.display()));
    let write_inside = || sh(&format!("echo new > {}; echo done", inside.display()));
    let cases = [
        ("without-namespaces", Waivers { namespaces: true, landlock: false }),
        ("without-landlock", Waivers { namespaces: false, landlock: true }),
    ];
    for (machine, waivers) in cases {
        let report = performed(act(&room, machine, &waivers, write_inside()));
        assert!(report.ok, "{machine}: {report:?}");
        failed(&performed(act(&room, machine, &waivers, read_outside())), machine);
        failed(&performed(act(&room, machine, &waivers, sh("cat /etc/shadow"))), machine);
    }
    // What a lost layer held is not held by another: nothing of it may be taken for granted.
    let mark = format!("943{}", room.mark());
    let waivers = Waivers { namespaces: true, landlock: false };
    let left = sh(&format!("setsid sleep {mark} >/dev/null 2>&1 & echo done"));
    assert!(performed(act(&room, "without-namespaces", &waivers, left)).ok);
    assert!(!crate::support::is_running(&mark), "a process lives on");
}

#[test]
fn a_machine_is_tried_out() {
    let room = Room::new();
    let missing = |name: &str| -> Vec<&'static str> {
        let found = probe_machine(&lesser(&room, name));
        found.into_iter().filter(|layer| layer.missing.is_some()).map(|layer| layer.name).collect()
    };
    assert_eq!(missing("with-everything"), Vec::<&str>::new());
    assert_eq!(missing("without-namespaces"), ["namespaces", "detach"]);
    assert_eq!(missing("without-landlock"), ["landlock", "detach"]);
}

#[test]
fn a_folder_that_cannot_take_a_claim_keeps_everything_from_acting() {
    let room = Room::new();
    std::fs::remove_dir_all(room.folder.claims()).expect("removed");
    let why = room.not_performed(sh("true"));
    assert!(why.contains("the claim cannot be written"), "{why}");
}

fn arguments(given: &[(&str, Value)]) -> BTreeMap<String, Value> {
    given.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn text(path: impl Into<PathBuf>) -> Value {
    Value::Text(path.into().display().to_string())
}

fn ask(room: &Room, function: &str, given: &[(&str, Value)]) -> Report {
    let from = ReadFrom::Library { function: function.into(), arguments: arguments(given) };
    let request =
        EffectRequest::Read { label: "fact".into(), from, rights: room.rights.clone(), deadline_ms: 10_000 };
    performed(room.block_on(room.world().perform(request)))
}

fn call(room: &Room, function: &str, given: &[(&str, Value)]) -> Outcome {
    let act = Act::Library { function: function.into(), arguments: arguments(given) };
    room.block_on(room.world().perform(EffectRequest::Act {
        claim: room.next_claim(),
        act,
        rights: room.rights.clone(),
        deadline_ms: 10_000,
        title: "a step".into(),
    }))
}

#[test]
fn the_library_keeps_writes_and_restores_a_file_under_a_claim() {
    let mut room = Room::new();
    let path = room.file("inside/app.conf", "before\n");
    room.rights.write = vec![path.parent().expect("a folder").display().to_string()];
    let kept = ask(&room, "files.keep", &[("path", text(&path))]).value.expect("kept");
    let outcome = call(&room, "files.write", &[("path", text(&path)), ("text", text("after"))]);
    assert!(performed(outcome).ok);
    assert!(room.folder.claim(&room.claim()).join("exit").exists(), "without a claim");
    assert_eq!(std::fs::read_to_string(&path).expect("there"), "after");
    assert!(performed(call(&room, "files.restore", &[("kept", kept)])).ok);
    assert_eq!(
        ask(&room, "files.content", &[("path", text(&path))]).value,
        Some(Value::Text("before\n".into()))
    );
    let outside = room.file("outside/app.conf", "theirs");
    let outcome = call(&room, "files.remove", &[("path", text(&outside))]);
    assert!(matches!(outcome, Outcome::NotPerformed { .. }), "{outcome:?}");
    assert!(outside.exists());
}

#[test]
fn the_library_dials_granted_peers_only() {
    let mut room = Room::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let port = listener.local_addr().expect("bound").port();
    let given = [("host", text("127.0.0.1")), ("port", Value::Int(i64::from(port)))];
    let report = ask(&room, "net.accepts", &given);
    assert!(!report.ok && report.why.contains("may not connect"), "{report:?}");
    room.rights.connect_any = true;
    assert_eq!(ask(&room, "net.accepts", &given).value, Some(Value::Bool(true)));
    room.rights.connect_any = false;
    room.rights.connect = vec![Address { host: "127.0.0.1".into(), port }];
    assert_eq!(ask(&room, "net.accepts", &given).value, Some(Value::Bool(true)));
    drop(listener);
    assert_eq!(ask(&room, "net.accepts", &given).value, Some(Value::Bool(false)));
}

/// PostgreSQL, which does not run as root: this runs when the tests run again.
fn sql_quotes_its_values_and_stops_at_the_first_error(room: &Room, port: u16) {
    let plain = |value: &str| vec![Piece::Plain(value.to_owned())];
    let sql = |text: &str| {
        let mut command = script("sql", text);
        for (name, value) in [("PGHOST", "127.0.0.1"), ("PGUSER", "postgres"), ("who", r"o'neill \'; drop")] {
            command.env.insert(name.into(), plain(value));
        }
        command.env.insert("PGPORT".into(), plain(&port.to_string()));
        command.env.insert("PGPASSWORD".into(), crate::support::secret("password"));
        command.script.as_mut().expect("a script").arguments.push("who".into());
        command
    };
    let printed = |report: &Report| report.output.first().map(|output| output.tail.clone());
    let report = room.act(sql("select :'who';\nselect 1, 2;\n"));
    assert_eq!(printed(&report).as_deref(), Some("o'neill \\'; drop\n1|2\n"), "{report:?}");
    let report = room.act(sql("select 1;\nselect no;\nselect 2;\n"));
    failed(&report, "a script with an error");
    assert_eq!(printed(&report).as_deref(), Some("1\n"), "{report:?}");
}

#[test]
fn the_library_asks_a_real_server() {
    if rustix::process::geteuid().is_root() {
        return;
    }
    let mut room = Room::new();
    room.secret("password", "correct horse battery");
    let lab = room.base().join("lab");
    std::fs::create_dir_all(&lab).expect("made");
    room.file("lab/password", "correct horse battery\n");
    let port = crate::support::free_port();
    room.rights.run.extend(["initdb", "postgres", "pg_ctl", "psql", "pg_controldata"].map(String::from));
    room.rights.detach.insert("pg_ctl".into());
    room.rights.write = vec![lab.display().to_string()];
    room.rights.listen = vec![port];
    let lab = lab.display();
    let script = format!(
        "initdb -D {lab}/data -U postgres -A scram-sha-256 --pwfile={lab}/password -N >/dev/null; \
         pg_ctl start -w -D {lab}/data -l {lab}/log -o '-p {port} -c unix_socket_directories=' >/dev/null"
    );
    room.deadline_ms = 60_000;
    let report = room.act(sh(&script));
    assert!(report.ok, "{report:?}");
    room.rights.connect = vec![Address { host: "127.0.0.1".into(), port }];
    let server = [
        ("host", text("127.0.0.1")),
        ("port", Value::Int(i64::from(port))),
        ("password", Value::Secret("password".into())),
        ("user", text("postgres")),
        ("database", text("postgres")),
    ];
    assert_eq!(ask(&room, "postgres.is_primary", &server).value, Some(Value::Bool(true)));
    assert_eq!(ask(&room, "postgres.streaming_replicas", &server).value, Some(Value::Int(0)));
    let lag = ask(&room, "postgres.lag", &server);
    assert!(!lag.ok && lag.why.contains("no row"), "{lag:?}");
    // A server that is no standby cannot be promoted: it says no, and that is told.
    let outcome = call(&room, "postgres.promote", &server);
    assert!(matches!(outcome, Outcome::Performed(ref report) if !report.ok), "{outcome:?}");
    sql_quotes_its_values_and_stops_at_the_first_error(&room, port);
    let report = room.act(sh(&format!("pg_ctl stop -m fast -w -D {lab}/data")));
    assert!(report.ok, "{report:?}");
    assert_eq!(ask(&room, "postgres.is_primary", &server).value, Some(Value::Bool(false)));
    let data = [("data", text(room.base().join("lab/data")))];
    assert_eq!(ask(&room, "postgres.shut_down_in_recovery", &data).value, Some(Value::Bool(false)));
}
