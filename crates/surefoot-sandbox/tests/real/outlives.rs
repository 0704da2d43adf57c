//! What outlives what: outcomes their executor, daemons their step, nothing its supervisor; and the network.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Pid;
use surefoot_executor::{Act, Address, EffectRequest, World};
use surefoot_journal::{Claim, Exit, Outcome};
use surefoot_sandbox::Launcher;

use crate::support::{Room, cmd, failed, sh};

/// Says that this process is to be an executor on this folder, and to be killed.
const EXECUTOR: &str = "SUREFOOT_TEST_EXECUTOR";

fn wait_for(what: &str, mut there: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !there() {
        assert!(Instant::now() < until, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn examine(room: &Room, claim: Claim, script: &str) -> Outcome {
    room.block_on(room.world().perform(EffectRequest::Examine { claim, act: Act::Command(sh(script)) }))
}

const SLOW: &str = "echo begun; sleep 0.7; echo done >> $OUT; exit 3";

fn slow(out: &Path) -> surefoot_executor::Command {
    let mut command = sh(SLOW);
    let out = surefoot_executor::Piece::Plain(out.display().to_string());
    command.env.insert("OUT".into(), vec![out]);
    command
}

/// The executor that is killed. Does nothing unless it is asked to.
#[test]
fn an_executor_on_its_own() {
    let Some(base) = std::env::var_os(EXECUTOR) else { return };
    let base = Path::new(&base);
    let mut room = Room::open(base);
    room.rights.write = vec![base.join("inside").display().to_string()];
    let _ = room.perform(slow(&base.join("inside/out")));
}

#[test]
fn an_executor_that_is_killed_loses_no_outcome() {
    for when in ["at its start", "while it runs", "when it is over"] {
        let room = Room::new();
        let out = room.file("inside/out", "");
        let claim = room.folder.claim(&room.claim());
        let mut executor = std::process::Command::new(std::env::current_exe().expect("a program"))
            .args(["outlives::an_executor_on_its_own", "--exact"])
            .env(EXECUTOR, room.base())
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("started");
        wait_for("the start", || claim.join("started").exists());
        match when {
            "while it runs" => wait_for("its output", || claim.join("stdout").exists()),
            "when it is over" => wait_for("its end", || claim.join("exit").exists()),
            _ => {}
        }
        executor.kill().expect("killed");
        executor.wait().expect("reaped");
        // Twice: asking changes nothing.
        for _ in 0..2 {
            let outcome = examine(&room, room.claim(), SLOW);
            let Outcome::Performed(report) = outcome else { panic!("{when}: {outcome:?}") };
            assert_eq!((report.ok, report.exit), (false, Some(Exit::Code(3))), "{when}");
            assert_eq!(report.output[0].tail, "begun\n", "{when}");
        }
        assert_eq!(std::fs::read_to_string(&out).expect("there"), "done\n", "{when}");
    }
}

#[test]
fn a_supervisor_that_is_killed_leaves_a_doubt_and_no_process() {
    let room = Room::new();
    let mark = format!("976{}", room.mark());
    let script = format!("sleep {mark}");
    let claim = room.folder.claim(&room.claim());
    std::thread::scope(|scope| {
        let killer = scope.spawn(|| {
            wait_for("the process", || crate::support::is_running(&mark));
            rustix::process::kill_process(supervisor(&claim), rustix::process::Signal::KILL).expect("killed");
        });
        let outcome = room.perform(sh(&script));
        killer.join().expect("killed");
        assert!(matches!(outcome, Outcome::Unknown { over: true, .. }), "{outcome:?}");
    });
    wait_for("its end", || !crate::support::is_running(&mark));
    let outcome = examine(&room, room.claim(), &script);
    assert!(
        matches!(outcome, Outcome::Unknown { over: true, ref why } if why.contains("killed")),
        "{outcome:?}"
    );
}

/// The supervisor under a claim that was taken.
fn supervisor(claim: &Path) -> Pid {
    let started = std::fs::read_to_string(claim.join("started")).expect("there");
    let started: serde_json::Value = serde_json::from_str(&started).expect("JSON");
    let pid = started.pointer("/supervisor/pid").and_then(serde_json::Value::as_i64).expect("a pid");
    Pid::from_raw(i32::try_from(pid).expect("a pid")).expect("a pid")
}

#[test]
fn no_signal_of_the_terminal_reaches_a_supervisor_from_its_first_moment_on() {
    let room = Room::new();
    let group = room.file("group", "");
    // Before the supervisor can do anything for itself, it is in a group of its own.
    let begins = room.program(
        "begins",
        &format!(
            "#!/bin/sh\ncut -d ' ' -f 5 /proc/$$/stat > {}\nexec {} \"$@\"\n",
            group.display(),
            env!("CARGO_BIN_EXE_surefoot-supervise-test")
        ),
    );
    let world = room.world().with_launcher(Launcher { program: begins });
    let claim = room.folder.claim(&room.claim());
    std::thread::scope(|scope| {
        let looks = scope.spawn(|| {
            wait_for("the start", || claim.join("started").exists());
            let supervisor = supervisor(&claim);
            (supervisor, rustix::process::getsid(Some(supervisor)).expect("its session"))
        });
        let outcome = room.block_on(world.perform(room.request(sh("sleep 1"))));
        assert!(matches!(&outcome, Outcome::Performed(report) if report.ok), "{outcome:?}");
        let (supervisor, session) = looks.join().expect("looked");
        assert_eq!(session, supervisor, "later it has a session of its own");
        let group = std::fs::read_to_string(group).expect("there");
        assert_eq!(group.trim(), supervisor.as_raw_nonzero().to_string(), "it leads its group");
    });
}

#[test]
fn what_runs_can_be_stopped_by_another_executor() {
    for (level, script) in [
        (2, "trap 'exit 0' TERM; while :; do sleep 0.05; done"),
        (3, "trap '' TERM; while :; do sleep 0.05; done"),
    ] {
        let mut room = Room::new();
        room.grace_ms = 60_000;
        let claim = room.claim();
        let folder = room.folder.claim(&claim);
        let world = room.world();
        let request = room.request(sh(script));
        let outcome = room.block_on(async {
            let acting = world.perform(request);
            let stopping = async {
                while !folder.join("started").exists() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
                room.world().perform(EffectRequest::Interrupt { claim: claim.clone(), level }).await
            };
            let (outcome, stopped) = tokio::join!(acting, stopping);
            assert!(matches!(stopped, Outcome::Performed(_)), "{stopped:?}");
            outcome
        });
        let Outcome::Performed(report) = outcome else { panic!("{outcome:?}") };
        assert!(!report.ok && report.why.contains("somebody asked"), "{report:?}");
    }
}

/// A server that answers each connection with a word.
fn server(word: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let mut connection = connection;
            let mut asked = [0; 5];
            let _ = connection.read_exact(&mut asked);
            let _ = connection.write_all(word.as_bytes());
        }
    });
    port
}

fn ask(host: &str, port: u16) -> surefoot_executor::Command {
    cmd(&["bash", "-c", &format!("exec 3<>/dev/tcp/{host}/{port} && echo ping >&3 && cat <&3")])
}

#[test]
fn only_granted_peers_can_be_reached() {
    let mut room = Room::new();
    room.rights.run.insert("bash".into());
    let (granted, other) = (server("granted"), server("other"));
    let peer = |host: &str, port| Address { host: host.into(), port };
    failed(&room.act(ask("127.0.0.1", granted)), "without any grant");
    room.rights.connect = vec![peer("127.0.0.1", granted)];
    for report in [room.act(ask("127.0.0.1", granted)), room.probe(ask("127.0.0.1", granted))] {
        assert!(report.ok && report.output[0].tail == "granted", "{report:?}");
    }
    failed(&room.act(ask("127.0.0.1", other)), "another port");
    failed(&room.act(ask("127.0.0.2", granted)), "another address");
    room.rights.connect = vec![peer("localhost", granted)];
    let report = room.act(ask("localhost", granted));
    assert_eq!(report.output.first().map(|output| output.tail.as_str()), Some("granted"), "{report:?}");
    // A name that leads here, as the machine's own name does.
    let name = surefoot_journal::person::host();
    room.rights.connect = vec![peer(&name, other)];
    let report = room.act(cmd(&["bash", "-c", "while read -r line; do echo \"$line\"; done < /etc/hosts"]));
    assert!(report.output[0].tail.contains(&format!("127.77.0.1 {name}")), "{report:?}");
    failed(&room.act(ask("elsewhere.test", other)), "a name that was not granted");
}

#[test]
fn with_the_right_to_connect_anywhere_it_does_and_may_do_nothing_else() {
    let mut room = Room::new();
    room.rights.run.extend(["bash".into(), "python3".into()]);
    let port = server("anybody");
    room.rights.connect_any = true;
    for report in [room.act(ask("127.0.0.1", port)), room.probe(ask("localhost", port))] {
        assert!(report.ok && report.output[0].tail == "anybody", "{report:?}");
    }
    // Names are found by UDP.
    let datagram = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b'x', ('127.0.0.1', 9))";
    let report = room.act(cmd(&["python3", "-c", datagram]));
    assert!(report.ok, "{report:?}");
    // It takes no connections, and sees and stops no process of the machine.
    let listens = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()";
    failed(&room.act(cmd(&["python3", "-c", listens])), "listening");
    failed(&room.act(sh(&format!("kill -0 {}", std::process::id()))), "a signal");
    let report = room.act(sh("set -- /proc/[0-9]*; test $# -le 3"));
    assert!(report.ok, "{report:?}");
    // What it starts does not outlive it.
    let mark = room.mark();
    let report = room.act(sh(&format!("setsid sh -c 'sleep 986{mark}; :' >/dev/null 2>&1 & echo started")));
    assert!(report.ok && report.left_running.is_empty(), "{report:?}");
    assert!(!crate::support::is_running(&format!("986{mark}")), "a process lives on");
}

#[test]
fn a_peer_that_refuses_is_seen_to() {
    let mut room = Room::new();
    room.rights.run.insert("bash".into());
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let port = listener.local_addr().expect("bound").port();
    drop(listener);
    room.rights.connect = vec![Address { host: "127.0.0.1".into(), port }];
    failed(&room.act(ask("127.0.0.1", port)), "nobody listens");
}

#[test]
fn the_machines_sockets_are_out_of_reach() {
    let mut room = Room::new();
    room.rights.run.insert("bash".into());
    failed(
        &room.act(cmd(&["bash", "-c", "exec 3<>/dev/udp/127.0.0.1/53 && echo x >&3 && read -t 1 -u 3 x"])),
        "UDP",
    );
    failed(&room.act(sh("test -e /run/systemd || test -e /var/run/docker.sock")), "sockets");
}

#[test]
fn what_a_detach_right_names_lives_on() {
    let mut room = Room::new();
    let mark = format!("965{}", room.mark());
    let daemon = room.program(
        "bin/daemon",
        &format!("#!/bin/sh\nsetsid sleep {mark} </dev/null >/dev/null 2>&1 &\nsleep 0.2\n"),
    );
    let daemon = daemon.display().to_string();
    room.rights.run.insert(daemon.clone());
    // Without the right it ends with its step.
    let report = room.act(cmd(&[&daemon]));
    assert!(report.ok && report.left_running.is_empty(), "{report:?}");
    wait_for("its end", || !crate::support::is_running(&mark));
    room.rights.detach.insert(daemon.clone());
    let report = room.act(cmd(&[&daemon]));
    assert!(report.ok, "{report:?}");
    assert!(report.left_running[0].starts_with("sleep (pid "), "{report:?}");
    assert!(crate::support::is_running(&mark), "it does not live on");
    // A probe may ask whether it lives, and not end it; a changing step with the right may.
    let pid: String = report.left_running[0].chars().filter(char::is_ascii_digit).collect();
    room.rights.detach.insert("sh".into());
    assert!(room.probe(cmd(&["sh", "-c", &format!("kill -0 {pid}")])).ok);
    failed(&room.probe(cmd(&["sh", "-c", &format!("kill -9 {pid}")])), "a probe kills");
    assert!(crate::support::is_running(&mark));
    let report = room.act(cmd(&["sh", "-c", &format!("kill {pid}")]));
    assert!(report.ok, "{report:?}");
    wait_for("its end", || !crate::support::is_running(&mark));
}

#[test]
fn a_detached_program_is_confined_all_the_same() {
    let mut room = Room::new();
    let outside = room.file("outside/file", "as it was");
    room.rights.detach.insert("sh".into());
    room.rights.run.insert("bash".into());
    room.rights.detach.insert("bash".into());
    let (granted, other) = (server("granted"), server("other"));
    room.rights.connect = vec![Address { host: "127.0.0.1".into(), port: granted }];
    let report = room.act(ask("127.0.0.1", granted));
    assert!(report.ok && report.output[0].tail == "granted", "{report:?}");
    failed(&room.act(ask("127.0.0.1", other)), "another port");
    let path = outside.display();
    for attack in [
        format!("cat {path}"),
        format!("echo x > {path}"),
        format!("cat /proc/{}/environ", std::process::id()),
        format!("cat /proc/{}/root{path}", std::process::id()),
        "id".to_owned(),
        "cat /etc/shadow".to_owned(),
        "echo x > /proc/sys/kernel/core_pattern".to_owned(),
    ] {
        failed(&room.act(cmd(&["sh", "-c", &attack])), &attack);
    }
    // Its time ends it, with all that it started.
    room.deadline_ms = 300;
    room.grace_ms = 200;
    let mark = format!("954{}", room.mark());
    let report = room.act(cmd(&["sh", "-c", &format!("setsid sleep {mark} & sleep {mark}")]));
    assert_eq!(report.exit, Some(Exit::TimedOut));
    wait_for("its end", || !crate::support::is_running(&mark));
}

/// PostgreSQL, which does not run as root: this runs when the tests run again.
#[test]
fn a_database_is_started_asked_after_and_stopped() {
    if rustix::process::geteuid().is_root() {
        return;
    }
    let mut room = Room::new();
    room.deadline_ms = 60_000;
    let data = room.base().join("lab/data");
    std::fs::create_dir_all(room.base().join("lab")).expect("made");
    let port = crate::support::free_port();
    room.rights.run.extend(["initdb", "postgres", "pg_ctl", "sh"].map(String::from));
    room.rights.write = vec![room.base().join("lab").display().to_string()];
    room.rights.listen = vec![port];
    let data = data.display().to_string();
    let report = room.act(cmd(&["initdb", "-D", &data, "-U", "postgres", "-A", "trust", "-N"]));
    assert!(report.ok, "{report:?}");
    room.rights.detach.insert("pg_ctl".into());
    let options = format!("-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''");
    let log = room.base().join("lab/log").display().to_string();
    let report = room.act(cmd(&["pg_ctl", "start", "-w", "-D", &data, "-l", &log, "-o", &options]));
    assert!(report.ok, "{report:?} {}", std::fs::read_to_string(&log).unwrap_or_default());
    assert!(report.left_running[0].starts_with("postgres (pid "), "{report:?}");
    assert!(room.probe(cmd(&["pg_ctl", "status", "-D", &data])).ok, "it runs, and is not seen");
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok(), "it runs, and is not reached");
    let report = room.act(cmd(&["pg_ctl", "stop", "-m", "fast", "-w", "-D", &data]));
    assert!(report.ok, "{report:?}");
    assert!(!room.probe(cmd(&["pg_ctl", "status", "-D", &data])).ok, "it is stopped, and said to run");
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
}
