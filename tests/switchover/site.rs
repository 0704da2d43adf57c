//! A place to try on: a lab of two servers, a folder of runs, and the two users.
//!
//! Everything of a site lies in one folder that goes when the site is dropped, servers first. What a
//! test asserts, it asks the servers themselves.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Who owns the lab and runs.
const OPERATOR: &str = "surefoot-operator";
/// Who approves: the one who runs cannot.
const APPROVER: &str = "surefoot-approver";
/// How long a command of ours may take: the longest run takes a tenth of it.
const COMMAND_MAX: Duration = Duration::from_secs(150);
/// How long servers may take to become what they should be, once a run is over.
const SETTLE_MAX: Duration = Duration::from_secs(20);
/// Between two looks.
const POLL: Duration = Duration::from_millis(50);

/// A user of this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// How a command of ours ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Its exit code; none if a signal ended it.
    pub(crate) code: Option<i32>,
    /// The signal that ended it.
    pub(crate) signal: Option<i32>,
    /// What it printed, both streams.
    pub(crate) output: String,
}

impl Ran {
    /// Says that it must have ended with this code, and shows what it printed if not.
    #[track_caller]
    pub(crate) fn expect_code(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "exit code; it printed:\n{}", self.output);
        self
    }
}

/// What a server is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    Primary,
    Standby,
    Down,
}

/// One of the lab's servers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Server {
    Alpha,
    Beta,
}

/// A place to try on.
pub(crate) struct Site {
    dir: TempDir,
    pub(crate) operator: User,
    pub(crate) approver: User,
    pub(crate) alpha_port: u16,
    pub(crate) beta_port: u16,
    pub(crate) password: String,
}

impl Site {
    /// Makes a site whose operator has this password.
    pub(crate) fn new(password: &str) -> Site {
        let operator = user(OPERATOR);
        let approver = user(APPROVER);
        // Not in the build folder: the users may not be able to go there.
        let dir = tempfile::Builder::new().prefix("sf-").tempdir_in("/tmp").expect("make a folder in /tmp");
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755))
            .expect("open the folder to the users");
        let (alpha_port, beta_port) = free_ports();
        let site = Site { dir, operator, approver, alpha_port, beta_port, password: password.to_owned() };
        for (name, mode) in [("book", 0o755), ("wrap", 0o755), ("l", 0o755), ("home", 0o700), ("tmp", 0o1777)]
        {
            let path = site.path(name);
            fs::create_dir(&path).expect("make a folder");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("set its mode");
            chown(&path, Some(operator.uid), Some(operator.gid)).expect("give it to the operator");
        }
        let example = example();
        copy(&surefoot_binary(), &site.path("surefoot"), 0o755);
        copy(&example.join("lab"), &site.path("lab.sh"), 0o755);
        copy(&example.join("switchover.runbook"), &site.runbook(), 0o644);
        let configuration = format!("[roles]\nlead = [\"{APPROVER}\"]\n");
        fs::write(site.path("book/surefoot.toml"), configuration).expect("write surefoot.toml");
        let ran = site.lab("up");
        assert_eq!(ran.code, Some(0), "lab up: {}", ran.output);
        site
    }

    /// A path in the site.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The site's copy of the runbook.
    pub(crate) fn runbook(&self) -> PathBuf {
        self.path("book/switchover.runbook")
    }

    /// The lab's folder.
    pub(crate) fn lab_path(&self, name: &str) -> PathBuf {
        self.path("l/lab").join(name)
    }

    /// Does something with the lab, as the operator.
    pub(crate) fn lab(&self, verb: &str) -> Ran {
        let mut command = self.command_as(self.operator, &self.path("lab.sh"));
        command
            .arg(verb)
            .arg(self.lab_path(""))
            .env("LAB_PORTS", format!("{} {}", self.alpha_port, self.beta_port));
        finish(command)
    }

    /// Both servers as they were at first, the writer writing, whatever happened since.
    pub(crate) fn restore(&self) {
        let ran = self.lab("restore");
        assert_eq!(ran.code, Some(0), "lab restore: {}", ran.output);
    }

    /// A command of a user, with a clean environment; stand-ins, then the lab's programs, come first in its `PATH`.
    pub(crate) fn command_as(&self, who: User, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env(
                "PATH",
                format!("{}:{}:/usr/bin:/bin", self.path("wrap").display(), self.lab_path("bin").display()),
            )
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .env("LC_ALL", "C.UTF-8")
            .current_dir(self.path("book"))
            .stdin(Stdio::null())
            .uid(who.uid)
            .gid(who.gid);
        if who.uid == self.operator.uid {
            command.env("PGPASSWORD", &self.password);
        }
        command
    }

    /// `surefoot` as the operator, its runs kept in a folder of the site.
    pub(crate) fn surefoot(&self, state: &str, arguments: &[&str]) -> Command {
        let mut command = self.command_as(self.operator, &self.path("surefoot"));
        command.env("SUREFOOT_STATE", self.state(state)).args(arguments);
        command
    }

    /// `surefoot VERB switchover.runbook` with the lab's arguments.
    pub(crate) fn on_lab(&self, state: &str, verb: &[&str]) -> Command {
        let mut command = self.surefoot(state, verb);
        command.arg(self.runbook());
        for (name, value) in [
            ("primary_port", self.alpha_port.to_string()),
            ("standby_port", self.beta_port.to_string()),
            ("primary_home", self.lab_path("alpha").display().to_string()),
            ("standby_home", self.lab_path("beta").display().to_string()),
            ("passfile", self.lab_path("replicator.pgpass").display().to_string()),
        ] {
            command.arg("-p").arg(format!("{name}={value}"));
        }
        command
    }

    /// A folder of runs; other users may pass through it, as the operator would have to arrange.
    pub(crate) fn state(&self, name: &str) -> PathBuf {
        let path = self.path(&format!("state-{name}"));
        if !path.exists() {
            fs::create_dir(&path).expect("make the folder of runs");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("set its mode");
            chown(&path, Some(self.operator.uid), Some(self.operator.gid)).expect("give it to the operator");
        }
        path
    }

    /// The folder of the only run kept there.
    pub(crate) fn run_folder(&self, state: &str) -> Option<PathBuf> {
        let mut folders: Vec<PathBuf> = fs::read_dir(self.state(state).join("runs"))
            .ok()?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        folders.retain(|folder| folder.join("journal.jsonl").exists());
        assert!(folders.len() <= 1, "one run was meant to be in {state}: {folders:?}");
        folders.pop()
    }

    /// The id of the only run kept there.
    pub(crate) fn run_id(&self, state: &str) -> String {
        let folder = self.run_folder(state).expect("a run was started");
        folder.file_name().expect("it has a name").to_string_lossy().into_owned()
    }

    /// Its journal, as it is on the disk.
    pub(crate) fn journal(&self, state: &str) -> String {
        self.run_folder(state)
            .map(|folder| fs::read_to_string(folder.join("journal.jsonl")).expect("read the journal"))
            .unwrap_or_default()
    }

    /// What a server answers to the role that may only look.
    pub(crate) fn ask(&self, server: Server, sql: &str) -> Result<String, String> {
        let mut command = self.command_as(self.operator, &postgres_bin().join("psql"));
        command
            .env_remove("PGPASSWORD")
            .env("PGPASSFILE", self.lab_path("lab.pgpass"))
            .env("PGCONNECT_TIMEOUT", "5")
            .args(["-XAtq", "-h", "127.0.0.1", "-U", "lab", "-d", "postgres", "-c", sql, "-p"])
            .arg(self.port(server).to_string());
        let ran = finish(command);
        if ran.code == Some(0) { Ok(ran.output.trim().to_owned()) } else { Err(ran.output) }
    }

    /// A server's port.
    pub(crate) fn port(&self, server: Server) -> u16 {
        match server {
            Server::Alpha => self.alpha_port,
            Server::Beta => self.beta_port,
        }
    }

    /// What a server is.
    pub(crate) fn role(&self, server: Server) -> Role {
        match self.ask(server, "select pg_is_in_recovery()").as_deref() {
            Ok("f") => Role::Primary,
            Ok("t") => Role::Standby,
            Ok(_) | Err(_) => Role::Down,
        }
    }

    /// The ids of all orders a server has.
    pub(crate) fn orders(&self, server: Server) -> BTreeSet<u64> {
        numbers(&self.ask(server, "select id from orders").unwrap_or_default())
    }

    /// The ids the writer was told are committed.
    pub(crate) fn committed(&self) -> BTreeSet<u64> {
        numbers(&fs::read_to_string(self.lab_path("writer.committed")).unwrap_or_default())
    }

    /// Stops the writer and waits until its last row is where it goes.
    pub(crate) fn stop_writer(&self) {
        let mut command = self.command_as(self.operator, &self.path("lab.sh"));
        command.arg("writer").arg(self.lab_path("")).arg("stop");
        let ran = finish(command);
        assert_eq!(ran.code, Some(0), "lab writer stop: {}", ran.output);
    }

    /// Stops one of the servers.
    pub(crate) fn stop_server(&self, server: Server) {
        self.pg_ctl(server, &["stop", "--mode=fast", "--wait"]);
    }

    /// Starts one of the servers.
    pub(crate) fn start_server(&self, server: Server) {
        let log = format!("--log={}", self.home(server).join("server.log").display());
        self.pg_ctl(server, &["start", "--wait", &log]);
    }

    fn pg_ctl(&self, server: Server, arguments: &[&str]) {
        let mut command = self.command_as(self.operator, &postgres_bin().join("pg_ctl"));
        command.env_remove("PGPASSWORD").args(arguments).arg("--pgdata").arg(self.home(server).join("data"));
        let ran = finish(command);
        assert_eq!(ran.code, Some(0), "pg_ctl {arguments:?}: {}", ran.output);
    }

    fn home(&self, server: Server) -> PathBuf {
        match server {
            Server::Alpha => self.lab_path("alpha"),
            Server::Beta => self.lab_path("beta"),
        }
    }

    /// The switchover happened: roles swapped, no committed row lost, the old primary follows, clients
    /// are let in.
    #[track_caller]
    pub(crate) fn assert_switched(&self, context: &str) {
        self.assert_shape(context, Server::Beta, Server::Alpha, "2");
    }

    /// All is as before: the old primary serves, the standby follows it, clients are let in.
    #[track_caller]
    pub(crate) fn assert_as_before(&self, context: &str) {
        self.assert_shape(context, Server::Alpha, Server::Beta, "1");
    }

    #[track_caller]
    fn assert_shape(&self, context: &str, primary: Server, standby: Server, timeline: &str) {
        self.stop_writer();
        assert_eq!(self.role(primary), Role::Primary, "{context}: {primary:?}");
        self.settle(context, &format!("{standby:?} is a standby"), || self.role(standby) == Role::Standby);
        self.settle(context, &format!("{standby:?} streams from {primary:?}"), || {
            self.ask(primary, "select count(*) from pg_stat_replication where state = 'streaming'").as_deref()
                == Ok("1")
        });
        let limit = self.ask(primary, "select rolconnlimit from pg_roles where rolname = 'app'");
        assert_eq!(limit.as_deref(), Ok("20"), "{context}: the clients' limit");
        let found = self.ask(
            primary,
            "select ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int",
        );
        assert_eq!(
            found.as_deref(),
            Ok(timeline),
            "{context}: the timeline says whether anybody was promoted"
        );
        let orders = self.orders(primary);
        let first: BTreeSet<u64> = (1..=1000).collect();
        let lost: Vec<u64> =
            first.union(&self.committed()).filter(|id| !orders.contains(id)).copied().collect();
        assert!(lost.is_empty(), "{context}: committed rows are lost: {lost:?}");
        self.settle(context, &format!("{standby:?} has the same rows"), || self.orders(standby) == orders);
    }

    /// Waits until something holds; says what, if it never does.
    #[track_caller]
    pub(crate) fn settle(&self, context: &str, what: &str, holds: impl Fn() -> bool) {
        let started = Instant::now();
        while !holds() {
            assert!(
                started.elapsed() < SETTLE_MAX,
                "{context}: waited in vain until {what}\n{}",
                self.lab("show").output
            );
            thread::sleep(POLL);
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.lab("down");
        if thread::panicking() {
            // What a failed test leaves is what its reader needs.
            self.dir.disable_cleanup(true);
        }
    }
}

/// Runs a command to its end, or kills it and panics when it takes too long.
pub(crate) fn finish(mut command: Command) -> Ran {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    wait(child, COMMAND_MAX)
}

/// Waits for a command whose streams are pipes.
pub(crate) fn wait(mut child: Child, limit: Duration) -> Ran {
    let readers = [
        child.stdout.take().map(|stream| read_all(Box::new(stream))),
        child.stderr.take().map(|stream| read_all(Box::new(stream))),
    ];
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("wait for a child") {
            break status;
        }
        if started.elapsed() > limit {
            child.kill().expect("kill a child");
            break child.wait().expect("wait for a child");
        }
        thread::sleep(Duration::from_millis(5));
    };
    let late = started.elapsed() > limit;
    let output: String = readers
        .into_iter()
        .flatten()
        .map(|reader| reader.join().expect("read what a child printed"))
        .collect();
    assert!(!late, "a command took longer than {limit:?} and was killed; it had printed:\n{output}");
    Ran { code: status.code(), signal: status.signal(), output }
}

fn read_all(mut stream: Box<dyn std::io::Read + Send>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("read a pipe");
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The folder of PostgreSQL's programs, the newest there is.
pub(crate) fn postgres_bin() -> PathBuf {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_string_lossy().parse().ok()?;
            let bin = entry.path().join("bin");
            bin.join("initdb").exists().then_some((version, bin))
        })
        .collect();
    found.sort();
    let Some((_, bin)) = found.pop() else {
        panic!(
            "PostgreSQL's programs are not installed (no /usr/lib/postgresql/*/bin/initdb). Run tests/run as root, or: apt-get install postgresql"
        );
    };
    bin
}

fn user(name: &str) -> User {
    let me = fs::metadata("/proc/self").expect("read /proc/self").uid();
    assert_eq!(
        me, 0,
        "these tests need root, to act as two ordinary users: PostgreSQL refuses to run as root, and the one who runs cannot approve. Run tests/run as root"
    );
    let passwd = fs::read_to_string("/etc/passwd").expect("read /etc/passwd");
    let found = passwd.lines().find_map(|line| {
        // name:password:uid:gid:…
        let mut fields = line.split(':');
        let named = fields.next() == Some(name);
        let mut ids = fields.skip(1).map(str::parse);
        match (named, ids.next(), ids.next()) {
            (true, Some(Ok(uid)), Some(Ok(gid))) => Some(User { uid, gid }),
            _ => None,
        }
    });
    found.unwrap_or_else(|| {
        panic!("there is no user {name}. Run tests/run as root, or: useradd --create-home {name}")
    })
}

/// Two ports that nobody listens on at this moment.
fn free_ports() -> (u16, u16) {
    let one = TcpListener::bind(("127.0.0.1", 0)).expect("listen");
    let other = TcpListener::bind(("127.0.0.1", 0)).expect("listen");
    let port = |listener: &TcpListener| listener.local_addr().expect("its address").port();
    (port(&one), port(&other))
}

/// Copies a file by a program of its own. A descriptor of this process that may write it would be in each child
/// that another test is about to start, and while it is open nobody can start the copy ("text file busy").
pub(crate) fn copy(from: &Path, to: &Path, mode: u32) {
    let mut install = Command::new("install");
    install.arg(format!("--mode={mode:o}")).arg(from).arg(to);
    let ran = finish(install);
    assert_eq!(ran.code, Some(0), "copy {} to {}: {}", from.display(), to.display(), ran.output);
}

/// The example under test.
pub(crate) fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/postgres-switchover")
}

/// The command under test, built beside this test.
fn surefoot_binary() -> PathBuf {
    let test = std::env::current_exe().expect("the test's own path");
    let built = test.ancestors().nth(2).expect("target/debug").join("surefoot");
    assert!(built.exists(), "{} is not built: cargo build -p surefoot-cli", built.display());
    built
}

fn numbers(text: &str) -> BTreeSet<u64> {
    text.lines().filter_map(|line| line.trim().parse().ok()).collect()
}
