//! `postgres`: asks servers through `psql`, and stopped ones through `pg_controldata`.
//!
//! An answer counts only if it is exactly one value: an empty answer, or two rows, is no answer.

use std::collections::BTreeMap;

use surefoot_executor::{Exit, Piece};
use surefoot_plan::Value;

use super::net::DIAL_WITHIN;
use super::{Arguments, Dial, Failure, Hands, Program, maybe_secret, port, text};

/// How long `psql` may take to connect, in seconds. The port was just seen to accept.
const CONNECT_TIMEOUT_S: &str = "5";

/// How long the server may take to promote itself, in seconds, before `pg_promote` gives up waiting.
/// The promotion goes on then; the step's `ensures` finds out.
const PROMOTE_WAIT_S: &str = "60";

/// What a server answered.
enum Asked {
    /// This one value.
    Value(String),
    /// Nobody listens there.
    Refused,
}

/// Whether the server takes writes. In recovery, or refused: no.
pub(super) fn is_primary(arguments: &Arguments, hands: &mut dyn Hands) -> Result<Value, Failure> {
    match ask(arguments, hands, "select pg_is_in_recovery()", &[])? {
        Asked::Value(answer) => Ok(Value::Bool(!boolean(&answer)?)),
        Asked::Refused => Ok(Value::Bool(false)),
    }
}

/// Whether the server runs as a standby. A primary, or refused: no.
pub(super) fn in_recovery(arguments: &Arguments, hands: &mut dyn Hands) -> Result<Value, Failure> {
    match ask(arguments, hands, "select pg_is_in_recovery()", &[])? {
        Asked::Value(answer) => Ok(Value::Bool(boolean(&answer)?)),
        Asked::Refused => Ok(Value::Bool(false)),
    }
}

/// How many standbys stream from this server.
pub(super) fn streaming_replicas(arguments: &Arguments, hands: &mut dyn Hands) -> Result<Value, Failure> {
    let sql = "select count(*) from pg_stat_replication where state = 'streaming'";
    number(&answered(ask(arguments, hands, sql, &[])?)?).map(Value::Int)
}

/// How many bytes of log the one streaming standby has still to replay. None or several: unknown.
pub(super) fn lag(arguments: &Arguments, hands: &mut dyn Hands) -> Result<Value, Failure> {
    let sql = "select greatest(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn), 0)::bigint \
               from pg_stat_replication where state = 'streaming'";
    let bytes = number(&answered(ask(arguments, hands, sql, &[])?)?)?;
    u64::try_from(bytes).map(Value::Size).map_err(|_| unreadable("a size", &bytes.to_string()))
}

/// Whether the standby has replayed all that the stopped primary ever wrote.
///
/// The last record of a server that was shut down cleanly is its shutdown checkpoint, and
/// `pg_controldata` tells where that begins: a standby whose replay is beyond has it all.
pub(super) fn replayed_all(arguments: &Arguments, hands: &mut dyn Hands) -> Result<Value, Failure> {
    let control = control_data(text(arguments, "primary_data")?, hands)?;
    if cluster_state(&control)? != "shut down" {
        return Ok(Value::Bool(false));
    }
    let checkpoint = control
        .get("Latest checkpoint location")
        .ok_or_else(|| Failure::NotPerformed("pg_controldata names no checkpoint".to_owned()))?;
    let sql = "select pg_last_wal_replay_lsn() > :'checkpoint'::pg_lsn";
    let answer = ask(arguments, hands, sql, &[("checkpoint", checkpoint)])?;
    boolean(&answered(answer)?).map(Value::Bool)
}

/// How far the standby has replayed.
pub(super) fn replay_position(arguments: &Arguments, hands: &mut dyn Hands) -> Result<Value, Failure> {
    answered(ask(arguments, hands, "select pg_last_wal_replay_lsn()", &[])?).map(Value::Text)
}

/// How many rows a table has; it may be named with its schema.
pub(super) fn rows(arguments: &Arguments, hands: &mut dyn Hands) -> Result<Value, Failure> {
    let table = text(arguments, "table")?;
    let answer = match table.split_once('.') {
        Some((schema, table)) => {
            let sql = "select count(*) from :\"schema\".:\"table\"";
            ask(arguments, hands, sql, &[("schema", schema), ("table", table)])?
        }
        None => ask(arguments, hands, "select count(*) from :\"table\"", &[("table", table)])?,
    };
    number(&answered(answer)?).map(Value::Int)
}

/// Whether the server with this data folder was shut down while it was still a standby.
pub(super) fn shut_down_in_recovery(arguments: &Arguments, hands: &mut dyn Hands) -> Result<Value, Failure> {
    let control = control_data(text(arguments, "data")?, hands)?;
    let state = cluster_state(&control)?;
    Ok(Value::Bool(state == "shut down in recovery"))
}

/// Makes the standby a primary. Twice is refused by the server, not harmful.
pub(super) fn promote(arguments: &Arguments, hands: &mut dyn Hands) -> Result<Value, Failure> {
    let sql = format!("select pg_promote(true, {PROMOTE_WAIT_S})");
    match ask(arguments, hands, &sql, &[])? {
        Asked::Value(answer) if answer == "t" => Ok(Value::None),
        Asked::Value(_) => {
            Err(Failure::Failed(format!("the server was not promoted within {PROMOTE_WAIT_S} s")))
        }
        Asked::Refused => Err(Failure::NotPerformed("the server refuses the connection".to_owned())),
    }
}

/// Asks a server one question that has one value for an answer.
///
/// Values stand in the query as variables of `psql`, which quotes them; the query is constant.
fn ask(
    arguments: &Arguments,
    hands: &mut dyn Hands,
    sql: &str,
    variables: &[(&str, &str)],
) -> Result<Asked, Failure> {
    let host = text(arguments, "host")?;
    let port = port(arguments)?;
    // A refusal is an answer of its own, and `psql` tells it from a silence only in words.
    match hands.dial(host, port, DIAL_WITHIN) {
        Dial::Accepted => {}
        Dial::Refused => return Ok(Asked::Refused),
        Dial::NoAnswer(why) => return Err(Failure::NotPerformed(why)),
    }
    let plain = |text: &str| vec![Piece::Plain(text.to_owned())];
    let mut words: Vec<String> =
        ["psql", "-X", "-A", "-t", "-q", "-w", "-v", "ON_ERROR_STOP=1"].map(str::to_owned).into();
    for (name, value) in variables {
        words.extend(["-v".to_owned(), format!("{name}={value}")]);
    }
    words.extend(["-h".to_owned(), host.to_owned(), "-p".to_owned(), port.to_string()]);
    words.extend(["-U".to_owned(), text(arguments, "user")?.to_owned()]);
    words.extend(["-d".to_owned(), text(arguments, "database")?.to_owned(), "-f".to_owned(), "-".to_owned()]);
    let env = BTreeMap::from([
        ("PGPASSWORD".to_owned(), maybe_secret(arguments, "password")?),
        ("PGCONNECT_TIMEOUT".to_owned(), plain(CONNECT_TIMEOUT_S)),
        ("PGAPPNAME".to_owned(), plain("surefoot")),
    ]);
    let ran = hands
        .run(Program { arguments: words, env, stdin: format!("{sql};\n") })
        .map_err(Failure::NotPerformed)?;
    if ran.exit != Exit::Code(0) {
        // 2: the connection failed, and so the query was never sent.
        let why = format!("psql: {}", last_line(&ran.stderr));
        return Err(if ran.exit == Exit::Code(2) {
            Failure::NotPerformed(why)
        } else {
            Failure::Failed(why)
        });
    }
    let answer = String::from_utf8_lossy(&ran.stdout).into_owned();
    let mut lines = answer.lines();
    match (lines.next(), lines.next()) {
        (Some(value), None) if !value.is_empty() => Ok(Asked::Value(value.to_owned())),
        (None, _) => Err(Failure::Failed("the query returned no row".to_owned())),
        (Some(_), None) => Err(Failure::Failed("the query returned no value".to_owned())),
        (Some(_), Some(_)) => Err(Failure::Failed("the query returned more than one row".to_owned())),
    }
}

/// What `pg_controldata` says about a data folder, by label.
fn control_data(data: &str, hands: &mut dyn Hands) -> Result<BTreeMap<String, String>, Failure> {
    let program = Program {
        arguments: vec!["pg_controldata".to_owned(), "-D".to_owned(), data.to_owned()],
        // Its labels are translated otherwise.
        env: BTreeMap::from([("LC_ALL".to_owned(), vec![Piece::Plain("C".to_owned())])]),
        stdin: String::new(),
    };
    let ran = hands.run(program).map_err(Failure::NotPerformed)?;
    if ran.exit != Exit::Code(0) {
        return Err(Failure::NotPerformed(format!("pg_controldata: {}", last_line(&ran.stderr))));
    }
    let printed = String::from_utf8_lossy(&ran.stdout).into_owned();
    let pairs = printed.lines().filter_map(|line| line.split_once(':'));
    Ok(pairs.map(|(label, value)| (label.trim().to_owned(), value.trim().to_owned())).collect())
}

/// What a server is doing, or did last.
fn cluster_state(control: &BTreeMap<String, String>) -> Result<&str, Failure> {
    let state = control.get("Database cluster state").map(String::as_str);
    state.ok_or_else(|| Failure::NotPerformed("pg_controldata names no state".to_owned()))
}

/// A refusal is no answer to a question about what a server holds.
fn answered(asked: Asked) -> Result<String, Failure> {
    match asked {
        Asked::Value(value) => Ok(value),
        Asked::Refused => Err(Failure::NotPerformed("the server refuses the connection".to_owned())),
    }
}

fn boolean(answer: &str) -> Result<bool, Failure> {
    match answer {
        "t" => Ok(true),
        "f" => Ok(false),
        other => Err(unreadable("yes or no", other)),
    }
}

fn number(answer: &str) -> Result<i64, Failure> {
    answer.parse().map_err(|_| unreadable("a whole number", answer))
}

fn unreadable(wanted: &str, given: &str) -> Failure {
    Failure::Failed(format!("the server's answer is not {wanted}: `{given}`"))
}

fn last_line(text: &str) -> &str {
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing").trim()
}
