//! What a payload can and cannot do, tried for real; as whoever runs the tests, and again as an ordinary user.

use std::time::{Duration, Instant};

use crate::support::{Room, cmd, failed, script, sh};
use surefoot_executor::{Act, EffectRequest, World};
use surefoot_journal::{Exit, Outcome};
use surefoot_plan::{Decoder, Type, Value};

#[test]
fn a_command_acts_under_its_claim() {
    let room = Room::new();
    let report = room.act(sh("echo hello; echo oops >&2; exit 3"));
    assert_eq!((report.ok, report.exit), (false, Some(Exit::Code(3))));
    assert_eq!(report.why, "it ended with exit 3");
    assert_eq!(report.output[0].tail, "hello\n");
    assert_eq!(report.output[1].tail, "oops\n");
    let claim = room.folder.claim(&room.claim());
    for file in ["started", "exit", "stdout", "stderr"] {
        assert!(claim.join(file).exists(), "{file} in {}", claim.display());
    }
}

#[test]
fn a_probe_is_decoded() {
    let room = Room::new();
    let mut command = cmd(&["echo", "42"]);
    command.decoder = Decoder::Int;
    command.r#type = Some(Type::Int);
    let report = room.probe(command);
    assert_eq!(report.value, Some(Value::Int(42)), "{report:?}");
}

#[test]
fn a_missing_program_is_not_performed_and_names_the_path() {
    let mut room = Room::new();
    room.rights.run.insert("no-such-program".into());
    let why = room.not_performed(cmd(&["no-such-program"]));
    assert!(why.contains("no-such-program") && why.contains("/usr/bin"), "{why}");
    let why = room.not_performed(cmd(&["id"]));
    assert!(why.contains("`id` may not be run here"), "{why}");
}

#[test]
fn only_granted_paths_can_be_read() {
    let mut room = Room::new();
    let secret = room.file("outside/secret", "top");
    let open = room.file("inside/open", "fine");
    room.rights.read = vec![open.parent().expect("folder").display().to_string()];
    let report = room.act(sh(&format!("cat {}", open.display())));
    assert_eq!(report.output[0].tail, "fine", "{report:?}");
    for path in [secret.to_str().expect("text"), "/etc/shadow", "/root/.bashrc", "/proc/1/environ"] {
        failed(&room.act(sh(&format!("cat {path}"))), path);
        let report = room.act(sh(&format!("test -e {path} && echo seen || echo unseen")));
        if !path.starts_with("/proc") {
            assert_eq!(report.output[0].tail, "unseen\n", "{path}");
        }
    }
}

#[test]
fn only_granted_paths_can_be_written() {
    let mut room = Room::new();
    let outside = room.file("outside/file", "as it was");
    let inside = room.file("inside/file", "as it was");
    let readable = room.file("readable/file", "as it was");
    room.rights.write = vec![inside.parent().expect("folder").display().to_string()];
    room.rights.read = vec![readable.parent().expect("folder").display().to_string()];
    for tool in ["chmod", "touch", "ln", "mv"] {
        room.rights.run.insert(tool.into());
    }
    let report = room.act(sh(&format!("echo new > {}", inside.display())));
    assert!(report.ok, "{report:?}");
    assert_eq!(std::fs::read_to_string(&inside).expect("there"), "new\n");
    for path in [&outside, &readable] {
        let path = path.display();
        for attack in [
            format!("echo new > {path}"),
            format!("chmod 777 {path}"),
            format!("touch {path}"),
            format!("ln {path} {}/link", inside.parent().expect("folder").display()),
            format!("mv {path} {}/moved", inside.parent().expect("folder").display()),
        ] {
            failed(&room.act(sh(&attack)), &attack);
        }
        let text = std::fs::read_to_string(path.to_string()).expect("there");
        assert_eq!(text, "as it was");
    }
    for path in ["/usr/file", "/etc/file", "/file", "/dev/shm/../../file", "/proc/sys/kernel/core_pattern"] {
        failed(&room.act(sh(&format!("echo x > {path}"))), path);
    }
}

#[test]
fn a_link_in_a_writable_folder_leads_nowhere() {
    let mut room = Room::new();
    let outside = room.file("outside/file", "as it was");
    let inside = room.file("inside/file", "");
    let folder = inside.parent().expect("folder");
    room.rights.write = vec![folder.display().to_string()];
    room.rights.run.insert("ln".into());
    failed(
        &room.act(sh(&format!("cd {}; ln -s {} l; echo x > l", folder.display(), outside.display()))),
        "link",
    );
    assert_eq!(std::fs::read_to_string(&outside).expect("there"), "as it was");
}

#[test]
fn a_probe_can_write_nothing_but_its_scratch() {
    let mut room = Room::new();
    let inside = room.file("inside/file", "as it was");
    room.rights.write = vec![inside.parent().expect("folder").display().to_string()];
    failed(&room.probe(sh(&format!("echo new > {}", inside.display()))), "write");
    assert_eq!(std::fs::read_to_string(&inside).expect("there"), "as it was");
    let report = room
        .probe(sh(&format!("cat {}; echo x > ~/cache; cat ~/cache; pwd; echo y > file", inside.display())));
    assert_eq!(report.output[0].tail, "as it wasx\n/surefoot/work\n", "{report:?}");
}

#[test]
fn a_right_to_tmp_is_one_like_any_other() {
    let mut room = Room::new();
    let file = tempfile::Builder::new().prefix("sf-right-").tempfile_in("/tmp").expect("a file");
    let path = file.path().display();
    let look = || sh(&format!("cat {path}; pwd; echo x > $TMPDIR/own && cat $TMPDIR/own ~/../tmp/own"));
    std::fs::write(file.path(), "as it was ").expect("written");
    room.rights.read = vec!["/tmp".into()];
    let report = room.act(look());
    assert_eq!(report.output[0].tail, "as it was /surefoot/work\nx\nx\n", "{report:?}");
    failed(&room.act(sh(&format!("echo new > {path}"))), "write");
    room.rights.write = vec!["/tmp".into()];
    let report = room.act(sh(&format!("echo new > {path}; cat {path}")));
    assert_eq!(report.output[0].tail, "new\n", "{report:?}");
}

#[test]
fn only_granted_programs_can_be_executed() {
    let mut room = Room::new();
    let inside = room.file("inside/file", "");
    let folder = inside.parent().expect("folder").display().to_string();
    room.rights.write = vec![folder.clone()];
    room.rights.run.insert("cp".into());
    failed(&room.act(sh("id")), "id");
    failed(&room.act(sh("/usr/bin/id")), "/usr/bin/id");
    // The loader runs what it can read; a program that was not granted cannot be read.
    failed(&room.act(sh("for l in /lib64/ld-linux*; do $l /usr/bin/id; done")), "through the loader");
    // A copy of a granted program, in a place that can be written.
    failed(&room.act(sh(&format!("cp /bin/sh {folder}/sh; {folder}/sh -c true"))), "a copy");
    failed(&room.act(sh("cp /bin/sh /tmp/sh; /tmp/sh -c true")), "a copy in the scratch folder");
    failed(&room.act(sh("cp /bin/sh ~/sh; ~/sh -c true")), "a copy in its home");
    let copy =
        format!("cp /bin/sh {folder}/sh; for l in /lib64/ld-linux*; do $l {folder}/sh -c 'echo ran'; done");
    failed(&room.act(sh(&copy)), "a copy through the loader");
}

#[test]
fn a_script_in_a_writable_folder_can_be_granted_and_not_changed() {
    let mut room = Room::new();
    let script = room.program("bin/tool", "#!/bin/sh\necho ran\n");
    room.rights.write = vec![script.parent().expect("folder").display().to_string()];
    room.rights.run.insert(script.display().to_string());
    room.rights.run.insert("rm".into());
    let path = script.display();
    assert_eq!(room.act(sh(&path.to_string())).output[0].tail, "ran\n");
    failed(&room.act(sh(&format!("echo evil > {path}"))), "changing a granted program");
    failed(&room.act(sh(&format!("rm {path}"))), "removing a granted program");
}

#[test]
fn the_environment_and_the_descriptors_are_its_own() {
    let mut room = Room::new();
    room.rights.run.extend(["env".into(), "ls".into()]);
    let report = room.act(cmd(&["env"]));
    let mut names: Vec<&str> =
        report.output[0].tail.lines().filter_map(|line| line.split('=').next()).collect();
    names.sort_unstable();
    assert_eq!(names, ["HOME", "LANG", "PATH", "TMPDIR", "TZ"]);
    let report = room.act(sh("ls /proc/self/fd | wc -l; exec ls -l /proc/self/fd"));
    // Its three, and the one that `ls` reads the folder by.
    assert!(report.output[0].tail.contains("0 ->") && !report.output[0].tail.contains(" 4 ->"), "{report:?}");
}

#[test]
fn other_processes_are_out_of_sight_and_reach() {
    let room = Room::new();
    let me = std::process::id();
    failed(&room.act(sh(&format!("kill -9 {me}"))), "kill");
    failed(&room.act(sh("kill -9 1; sleep 5")), "kill process 1");
    let report = room.act(sh("set -- /proc/[0-9]*; echo $#"));
    let seen: u32 = report.output[0].tail.trim().parse().expect("a number");
    assert!(seen <= 3, "{seen} processes are seen");
}

#[test]
fn nothing_is_left_behind() {
    let room = Room::new();
    let mark = room.mark();
    let report = room.act(sh(&format!("setsid sh -c 'sleep 987{mark}; :' >/dev/null 2>&1 & echo started")));
    assert!(report.ok, "{report:?}");
    assert!(report.left_running.is_empty());
    assert!(!crate::support::is_running(&format!("987{mark}")), "a process lives on");
}

#[test]
fn a_fork_bomb_stops_at_its_deadline_and_leaves_nothing() {
    let mut room = Room::new();
    room.deadline_ms = 1_500;
    room.grace_ms = 100;
    let began = Instant::now();
    let report = room.act(sh("b() { b & b; }; b 2>/dev/null"));
    assert!(!report.ok);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[test]
fn time_is_enforced_first_gently() {
    let mut room = Room::new();
    room.deadline_ms = 300;
    room.grace_ms = 5_000;
    let report = room.act(sh("trap 'echo bye; exit 0' TERM; while :; do sleep 0.1; done"));
    assert_eq!((report.ok, report.exit), (false, Some(Exit::TimedOut)), "{report:?}");
    assert!(report.output[0].tail.contains("bye"), "{report:?}");
    let mut room = Room::new();
    room.deadline_ms = 300;
    room.grace_ms = 200;
    let began = Instant::now();
    let report = room.act(sh("trap '' TERM; while :; do sleep 0.1; done"));
    assert_eq!(report.exit, Some(Exit::TimedOut));
    assert!(began.elapsed() < Duration::from_secs(4));
}

#[test]
fn a_gigabyte_of_output_does_not_hurt() {
    let mut room = Room::new();
    room.rights.run.extend(["head".into(), "tail".into()]);
    let report = room.act(sh("head -c 300000000 /dev/zero; echo; echo the end"));
    let output = &report.output[0];
    assert_eq!(output.bytes, 300_000_009, "{report:?}");
    assert!(output.cut && output.tail.ends_with("the end\n"));
    let kept = room.folder.path().join(output.file.as_ref().expect("a file"));
    assert!(std::fs::metadata(kept).expect("there").len() < 9 << 20);
}

#[test]
fn secrets_arrive_by_environment_and_stdin_and_leave_by_no_way() {
    let mut room = Room::new();
    room.secret("password", "correct horse battery");
    let mut command =
        sh("echo $PW; echo ${PW#correct}; printf '%s' \"$PW\" | base64; cat; cat /proc/self/cmdline");
    room.rights.run.insert("base64".into());
    command.env.insert("PW".into(), crate::support::secret("password"));
    command.stdin = Some(crate::support::secret("password"));
    let report = room.act(command);
    let text = &report.output[0].tail;
    assert!(text.starts_with("***\nhorse battery\n***"), "{text}");
    let kept = std::fs::read_dir(room.folder.claim(&room.claim())).expect("a claim");
    for file in kept {
        let path = file.expect("a file").path();
        let text = String::from_utf8_lossy(&std::fs::read(&path).expect("read")).into_owned();
        assert!(!text.contains("correct horse"), "{}: {text}", path.display());
    }
}

#[test]
fn a_secret_stands_in_an_argument_only_where_it_is_revealed_and_stays_redacted() {
    let room = Room::new();
    room.secret("password", "correct horse battery");
    let mut command = cmd(&["sh", "-c", "test \"$1\" = 'correct horse battery' && echo \"got $1\"", "sh"]);
    let program = command.pipeline.first_mut().expect("a program");
    program.push(crate::support::secret("password"));
    let why = room.not_performed(command.clone());
    assert!(why.contains("a secret is among the arguments"), "{why}");
    command.revealed.insert("password".into(), "it takes no other".into());
    let report = room.act(command);
    assert_eq!((report.ok, report.output[0].tail.as_str()), (true, "got ***\n"), "{report:?}");
}

#[test]
fn a_secret_too_short_to_hide_refuses_the_step() {
    let room = Room::new();
    room.secret("pin", "1234");
    let mut command = sh("true");
    command.env.insert("PIN".into(), crate::support::secret("pin"));
    let why = room.not_performed(command);
    assert!(why.contains("`pin`") && why.contains("fewer than 6"), "{why}");
}

#[test]
fn every_member_of_a_pipeline_runs_and_counts() {
    let mut room = Room::new();
    room.rights.run.extend(["yes".into(), "head".into(), "wc".into(), "false".into()]);
    let mut command = cmd(&["yes"]);
    command.pipeline.push(crate::support::words(&["head", "-n", "3"]));
    command.pipeline.push(crate::support::words(&["wc", "-l"]));
    let report = room.act(command);
    assert!(report.ok && report.output[0].tail == "3\n", "{report:?}");
    let mut command = cmd(&["false"]);
    command.pipeline.push(crate::support::words(&["cat"]));
    assert_eq!(room.act(command).why, "`false` ended with exit 1");
}

#[test]
fn a_program_that_dies_says_by_what() {
    let room = Room::new();
    let report = room.act(sh("kill -SEGV $$"));
    assert_eq!(report.exit, Some(Exit::Signal(11)));
    assert!(report.why.contains("SIGSEGV"), "{}", report.why);
}

#[test]
fn a_claim_is_performed_once() {
    let room = Room::new();
    let file = room.file("inside/count", "");
    let mut rights = room.rights.clone();
    rights.write = vec![file.parent().expect("folder").display().to_string()];
    let request = || EffectRequest::Act {
        claim: room.claim(),
        act: Act::Command(sh(&format!("echo x >> {}", file.display()))),
        rights: rights.clone(),
        deadline_ms: 10_000,
        title: "count".into(),
    };
    for _ in 0..2 {
        let outcome = room.block_on(room.world().perform(request()));
        assert!(matches!(outcome, Outcome::Performed(ref report) if report.ok), "{outcome:?}");
    }
    assert_eq!(std::fs::read_to_string(&file).expect("there"), "x\n");
}

#[test]
fn what_was_never_started_never_will_be() {
    let room = Room::new();
    let claim = room.claim();
    let act = Act::Command(sh("true"));
    let outcome = room.block_on(room.world().perform(EffectRequest::Examine { claim: claim.clone(), act }));
    assert!(matches!(outcome, Outcome::NotPerformed { .. }), "{outcome:?}");
    let outcome = room.perform(sh("true"));
    assert!(matches!(outcome, Outcome::NotPerformed { .. }), "{outcome:?}");
}

#[test]
fn system_calls_that_lead_out_are_denied() {
    let mut room = Room::new();
    let attacker = room.base().join("attacker");
    std::fs::copy(env!("CARGO_BIN_EXE_surefoot-supervise-test"), &attacker).expect("copied");
    let attacker = attacker.display().to_string();
    room.rights.run.insert(attacker.clone());
    for detached in [false, true] {
        if detached {
            room.rights.detach.insert(attacker.clone());
        }
        let report = room.act(cmd(&[&attacker]));
        assert!(report.ok, "detached: {detached}: {report:?}");
        assert!(room.probe(cmd(&[&attacker])).ok, "a probe, detached: {detached}");
    }
}

#[test]
fn the_first_process_cannot_be_looked_into() {
    let room = Room::new();
    for file in ["environ", "mem", "maps", "fd/0", "root/etc/passwd"] {
        failed(&room.act(sh(&format!("cat /proc/1/{file}"))), file);
    }
}

#[test]
fn a_program_runs_as_another_user_only_with_the_right() {
    if !rustix::process::geteuid().is_root() {
        let mut room = Room::new();
        room.rights.users.insert("root".into());
        let why = room.not_performed(as_user("root", "true"));
        assert!(why.contains("run by root"), "{why}");
        return;
    }
    let mut room = Room::new();
    let theirs = room.file("theirs/file", "theirs");
    std::fs::set_permissions(&theirs, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("mode");
    room.rights.run.insert("id".into());
    room.rights.read = vec![room.base().display().to_string()];
    let why = room.not_performed(as_user("daemon", "id -u"));
    assert!(why.contains("may not run as `daemon`"), "{why}");
    room.rights.users.insert("daemon".into());
    assert_eq!(room.act(as_user("daemon", "id -u")).output[0].tail, "1\n");
    failed(&room.act(as_user("daemon", &format!("cat {}", theirs.display()))), "a file of root");
    assert_eq!(room.act(sh(&format!("cat {}", theirs.display()))).output[0].tail, "theirs");
}

fn as_user(user: &str, script: &str) -> surefoot_executor::Command {
    let mut command = sh(script);
    command.user = Some(user.to_owned());
    command
}

#[test]
fn output_that_cannot_be_kept_loses_no_outcome() {
    let mut room = Room::new();
    let mut command = sh("head -c 3000000 /dev/zero; exit 4");
    command.exits.insert(4);
    room.rights.run.insert("head".into());
    let stdout = room.folder.claim(&room.peek_claim()).join("stdout");
    std::fs::create_dir_all(&stdout).expect("in the way");
    let report = room.act(command);
    assert_eq!((report.ok, report.exit), (true, Some(Exit::Code(4))), "{report:?}");
    assert!(report.output[0].tail.contains("could not be kept"), "{report:?}");
}

#[test]
fn a_python_script_stops_at_its_first_error_and_gets_values_by_name() {
    let mut room = Room::new();
    room.rights.run.insert("python3".into());
    let mut command = script("python", "import os, sys\nprint(os.environ['who'] + sys.stdin.read())");
    command.env.insert("who".into(), vec![surefoot_executor::Piece::Plain("a'b".into())]);
    command.stdin = Some(vec![surefoot_executor::Piece::Plain("!".into())]);
    assert_eq!(room.act(command).output[0].tail, "a'b!\n");
    failed(&room.act(script("python", "print(1)\nraise SystemExit(3)")), "a script that fails");
}
