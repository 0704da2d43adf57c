//! Words for times, statements and verdicts: one phrase for one thing, wherever it is shown.

use surefoot_journal::{
    Answer, Answered, AnsweredBy, Choice, Debt, Effect, Ended, Exit, FactsVerdict, ForwardVerdict, Identity,
    Phase, Reading, ResolvedBy, RunState, Scope, Timestamp, WayBackVerdict,
};
use surefoot_plan::{
    Class, Each, Exec, Expr, Formula, LibraryCall, Names, Parallel, PersonQuestion, Plan, Read, Require,
    ScopeEnd, Source, Statement, Step, StepId, Tri, TurnsBack, Value, Values, Waived, Wave, Word,
    decide_formula,
};

/// Most lines of a script that are shown; the file has the rest.
const SCRIPT_LINES_MAX: usize = 12;

/// A length of time as it is written in a runbook.
pub(crate) fn duration(ms: u64) -> String {
    Value::Duration(ms).to_string()
}

/// How long something took, or has to go, to the precision that a person uses.
pub(crate) fn elapsed(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0 if ms == 0 => "0s".to_owned(),
        0..10 => format!("{}.{}s", seconds, ms % 1000 / 100),
        10..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// A moment, for people.
pub(crate) fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    let day = text.get(..10).unwrap_or_default();
    format!("{day} {} UTC", clock(at))
}

/// The time of day of a moment, to the second.
pub(crate) fn clock(at: Timestamp) -> String {
    at.to_string().get(11..19).unwrap_or_default().to_owned()
}

/// Whose yes is needed, as "a lead", or "2 more of dba".
pub(crate) fn whose_yes(role: &str, people: u32, missing: u32) -> String {
    match (people, missing == people) {
        (1, _) => format!("a {role}"),
        (_, true) => format!("{people} of {role}"),
        (_, false) => format!("{missing} more of {role}"),
    }
}

/// Who has said yes, and until when that counts; nothing if nobody has.
pub(crate) fn given<'a>(yeses: impl Iterator<Item = (&'a Identity, Timestamp)>) -> Vec<String> {
    yeses.map(|(by, until)| format!("{} has said yes, good until {} UTC", who(by), clock(until))).collect()
}

/// Those of a role who have not said yes yet.
pub(crate) fn others<'a>(people: &[String], given: impl Iterator<Item = &'a Identity> + Clone) -> String {
    let has_said = |name: &String| given.clone().any(|by| by.user == *name);
    let names: Vec<&str> = people.iter().filter(|name| !has_said(name)).map(String::as_str).collect();
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}

/// A value that an approver is shown; one without a name is a text that speaks for itself.
pub(crate) fn shown_value(text: &str, value: &impl std::fmt::Display) -> String {
    if text.is_empty() { value.to_string() } else { format!("{text} is {value}") }
}

/// How often, and how long, a condition is asked.
pub(crate) fn patience(every_ms: u64, within_ms: u64) -> String {
    match within_ms {
        0 => String::new(),
        _ => format!(", within {} (asked every {})", duration(within_ms), duration(every_ms)),
    }
}

/// What an `if` asks. Where the inputs decide it, only its author's words say what it was.
pub(crate) fn condition(names: &Names<'_>, formula: &Formula, text: &str) -> String {
    if !formula.cells().is_empty() || text.is_empty() {
        return names.formula(formula);
    }
    match decide_formula(formula, &Values::default()) {
        Tri::True => format!("{text} (the inputs say: true)"),
        Tri::False => format!("{text} (the inputs say: false)"),
        Tri::Unknown => text.to_owned(),
    }
}

/// A condition with its patience and its reason.
pub(crate) fn require(names: &Names<'_>, require: &Require) -> String {
    let reason = reason(&require.message);
    format!("{}{}{reason}", names.formula(&require.formula), patience(require.every_ms, require.within_ms))
}

/// The author's reason, in quotes; nothing if none was given.
pub(crate) fn reason(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(" \"{message}\"") }
}

/// A finding that is not minded for a while.
pub(crate) fn waived(waived: &Waived) -> String {
    let Waived { code, within, until, by, why } = waived;
    format!("{code} in {within}, until {until}, by {by}:{}", reason(why))
}

/// What a class means for a repetition.
pub(crate) fn class(class: Class) -> &'static str {
    match class {
        Class::Read => "changes nothing",
        Class::Idempotent => "can be repeated",
        Class::Verified => "its facts tell whether it took effect",
        Class::Once => "only a person can tell whether it took effect",
    }
}

/// A statement, as it would stand in a runbook; a script takes several lines.
pub(crate) fn statement(plan: &Plan, statement: &Statement) -> Vec<String> {
    match statement {
        Statement::Command { exec, name } => {
            let mut lines = command(exec);
            if let (Some(name), Some(first)) = (name, lines.first_mut()) {
                *first = format!("let {name} = {first}");
            }
            lines
        }
        Statement::Library(call) => vec![library(plan, call)],
        Statement::Read(read) => vec![self::read(plan, read)],
        Statement::Manual(question) => vec![person("by hand", question)],
        Statement::Note(text) => vec![format!("note {text}")],
        Statement::Notify { channel, text } => vec![format!("notify {channel} {text}")],
    }
}

/// What is read, and its name.
pub(crate) fn read(plan: &Plan, read: &Read) -> String {
    let source = match &read.source {
        Source::Command(exec) => command(exec).join(" "),
        Source::Library(call) => library(plan, call),
        Source::Person(question) => person("ask", question),
        Source::Fact(cell) => Names::of(plan).cell(cell),
        Source::Value(expr) => expr.to_string(),
    };
    format!("{} = {source}", read.name)
}

/// A call of the library.
fn library(plan: &Plan, call: &LibraryCall) -> String {
    let _ = plan;
    let arguments: Vec<String> =
        call.arguments.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("{}({})", call.function, arguments.join(", "))
}

/// A question to a person.
fn person(verb: &str, question: &PersonQuestion) -> String {
    let who = question.by.as_deref().map(|role| format!(" {role}")).unwrap_or_default();
    let limit = question.within_ms.map(|ms| format!(", within {}", duration(ms))).unwrap_or_default();
    let default = question.default.as_ref().map(|value| format!(", else {value}")).unwrap_or_default();
    let see: Vec<String> = question
        .see
        .iter()
        .map(|(place, normal)| match *normal == Expr::Literal(Value::Text(String::new())) {
            true => format!("; see {place}"),
            false => format!("; see {place} (normal: {normal})"),
        })
        .collect();
    format!("{verb}{who}: {}{limit}{default}{}", question.text, see.join(""))
}

/// A command, as it would stand in a runbook.
pub(crate) fn command(exec: &Exec) -> Vec<String> {
    let mut start = String::new();
    if let Some(folder) = &exec.folder {
        start.push_str(&format!("in {folder} "));
    }
    if !exec.env.is_empty() {
        let env: Vec<String> = exec.env.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        start.push_str(&format!("env {{ {} }} ", env.join(", ")));
    }
    if let Some(user) = &exec.user {
        start.push_str(&format!("as {user} "));
    }
    if !exec.exits.iter().eq(&[0]) {
        let exits: Vec<String> = exec.exits.iter().map(ToString::to_string).collect();
        start.push_str(&format!("exit {} ", exits.join(", ")));
    }
    start.push_str(exec.decoder.before_command());
    if let Some(script) = &exec.script {
        let values: Vec<String> =
            script.arguments.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let mut lines = vec![format!("{start}{}({})", script.language, values.join(", "))];
        let text: Vec<&str> = script.text.lines().collect();
        lines.extend(text.iter().take(SCRIPT_LINES_MAX).map(|line| format!("    {line}")));
        if text.len() > SCRIPT_LINES_MAX {
            lines.push(format!("    ... {} more lines", text.len() - SCRIPT_LINES_MAX));
        }
        lines.extend(stdin(exec));
        return lines;
    }
    let programs: Vec<String> =
        exec.pipeline.iter().map(|words| words.iter().map(argument).collect::<Vec<_>>().join(" ")).collect();
    let mut lines = vec![format!("{start}$ {}", programs.join(" | "))];
    lines.extend(stdin(exec));
    lines
}

/// What a command reads from standard input, as lines of their own.
fn stdin(exec: &Exec) -> Vec<String> {
    let text = match &exec.stdin {
        None => return Vec::new(),
        Some(Expr::Literal(Value::Text(text))) => text.clone(),
        Some(expr) => expr.to_string(),
    };
    let lines: Vec<&str> = text.lines().collect();
    let indent = |line: &&&str| line.len() - line.trim_start().len();
    let common =
        lines.iter().filter(|line| !line.trim().is_empty()).map(|line| indent(&line)).min().unwrap_or(0);
    let mut shown: Vec<String> = lines
        .iter()
        .take(SCRIPT_LINES_MAX)
        .map(|line| format!("    stdin| {}", line.get(common..).unwrap_or_default()))
        .collect();
    if lines.len() > SCRIPT_LINES_MAX {
        shown.push(format!("    ... {} more lines", lines.len() - SCRIPT_LINES_MAX));
    }
    shown
}

/// One word of a command. What is one argument looks like one.
fn argument(word: &Word) -> String {
    match word {
        Word::Each(Expr::Literal(Value::List(items))) => {
            items.iter().map(|item| self::word(&item.to_string())).collect::<Vec<_>>().join(" ")
        }
        Word::Each(Expr::List(items)) => {
            items.iter().map(|item| argument(&Word::One(item.clone()))).collect::<Vec<_>>().join(" ")
        }
        Word::Each(list) => format!("${{{list}...}}"),
        Word::One(Expr::Literal(value)) => self::word(&value.to_string()),
        Word::Revealing { text, .. } => argument(&Word::One(text.clone())),
        Word::One(Expr::Join(parts)) => {
            let mut text = String::new();
            for part in parts {
                match part {
                    Expr::Literal(value) => text.push_str(&value.to_string()),
                    Expr::Input(_)
                    | Expr::Item { .. }
                    | Expr::Local(_)
                    | Expr::Argument(_)
                    | Expr::Fact(_)
                    | Expr::Now
                    | Expr::RunId
                    | Expr::Join(_)
                    | Expr::List(_)
                    | Expr::Record(_)
                    | Expr::Field(..)
                    | Expr::Unary(..)
                    | Expr::Binary(..)
                    | Expr::Call(..)
                    | Expr::If(..)
                    | Expr::Comprehension { .. } => text.push_str(&format!("${{{part}}}")),
                }
            }
            self::word(&text)
        }
        Word::One(expr) => format!("${{{expr}}}"),
    }
}

/// Puts quotes around a word that would not read as one.
pub(crate) fn word(word: &str) -> String {
    let simple = |letter: char| letter.is_alphanumeric() || "-_./:=@%+,${}[]".contains(letter);
    match !word.is_empty() && word.chars().all(simple) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// A person, with what is not proved about them.
pub(crate) fn who(identity: &Identity) -> String {
    match identity.verified {
        true => identity.user.clone(),
        false => format!("{} (uid {}, unverified)", identity.user, identity.uid),
    }
}

/// What was asked, and who answered.
pub(crate) fn answered(answered: &Answered) -> Vec<String> {
    let by = match &answered.by {
        AnsweredBy::Person(identity) => {
            format!("answered by {}{}", who(identity), reason(&answered.comment))
        }
        AnsweredBy::Default { within_ms } => {
            format!("the default was taken: nobody answered within {}", duration(*within_ms))
        }
    };
    vec![format!("asked: {}", answered.question), by]
}

/// What a probe found.
pub(crate) fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Known(value) => value.to_string(),
        Answer::Unknown(why) => format!("unknown: {why}"),
    }
}

/// A fact, and what was found.
pub(crate) fn reading(names: &Names<'_>, reading: &Reading) -> String {
    format!("{} is {}", names.cell(&reading.cell), answer(&reading.answer))
}

/// How a program ended.
pub(crate) fn exit(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exit {code}"),
        Exit::Signal(signal) => format!("killed by signal {signal}"),
        Exit::TimedOut => "its time was over".to_owned(),
    }
}

/// What a step did, as far as is known.
pub(crate) fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::None => "nothing was done",
        Effect::Full => "it took effect",
        Effect::Part => "it is over, and may be half done",
        Effect::Unknown => "nobody can tell what it did",
    }
}

/// Who ended a doubt.
pub(crate) fn resolved_by(by: &ResolvedBy) -> String {
    match by {
        ResolvedBy::Claim => "its supervisor's record".to_owned(),
        ResolvedBy::Class => "its class: it can be repeated".to_owned(),
        ResolvedBy::Facts => "its facts".to_owned(),
        ResolvedBy::Person(identity) => who(identity),
    }
}

/// How a held run goes on.
pub(crate) fn choice(choice: Choice) -> &'static str {
    match choice {
        Choice::GoOn => "go on",
        Choice::RollBack => "roll back",
        Choice::Stop => "stop here and keep what is owed",
        Choice::RetryRollback => "try the rollback again",
    }
}

/// What a step, or its rollback, is called: the ends of a scope are each other's rollback.
pub(crate) fn title<'a>(plan: &'a Plan, step: &'a Step, phase: Phase) -> &'a str {
    let other = match (&step.scope, phase) {
        (
            Some(ScopeEnd::Enters { leave: other, .. } | ScopeEnd::Leaves { enter: other }),
            Phase::Rollback,
        ) => other,
        (Some(_) | None, _) => return &step.title,
    };
    plan.step(other).map_or(step.title.as_str(), |other| &other.title)
}

/// The scopes that are open, each for how long it may be: silenced alerts do not stay so by accident.
pub(crate) fn open_scopes(state: &RunState, now: Timestamp) -> Vec<String> {
    let said = |scope: &Scope| {
        let open = scope.since.map_or(0, |since| now.since(since));
        let most = Value::Duration(scope.max_ms);
        let over = if open > scope.max_ms { "LONGER than" } else { "at most" };
        format!("{}: for {} now, {over} {most}", scope.title, elapsed(open))
    };
    state.open_scopes().map(said).collect()
}

/// The step whose rollback is owed.
pub(crate) fn debt(debt: &Debt) -> &str {
    let Debt::Rollback(step) = debt;
    &step.0
}

/// How far a run came.
pub(crate) fn forward(verdict: ForwardVerdict) -> &'static str {
    match verdict {
        ForwardVerdict::Done => "done",
        ForwardVerdict::DoneWithFailures => "done, but for turns of a loop that failed and were taken back",
        ForwardVerdict::Stopped => "ended early, and well",
        ForwardVerdict::Failed => "failed",
        ForwardVerdict::Cancelled => "cancelled",
        ForwardVerdict::Refused => "not begun, because a condition at the start did not hold",
    }
}

/// What became of what was owed.
pub(crate) fn way_back(ended: &Ended) -> &'static str {
    match ended.way_back {
        WayBackVerdict::NoneNeeded
            if matches!(ended.forward, ForwardVerdict::Failed | ForwardVerdict::Cancelled) =>
        {
            "not needed, nothing was owed"
        }
        WayBackVerdict::NoneNeeded => "not needed",
        WayBackVerdict::Complete => "complete, everything that was owed was taken back",
        WayBackVerdict::LetGo => {
            "not all of it was gone: a person let go what was owed, and that stays as it is"
        }
        WayBackVerdict::ToTheSeal => "back to the point of no return; what came before it stays done",
        WayBackVerdict::Stuck => "STUCK, a rollback failed and is still owed, with what is below it",
        WayBackVerdict::Owing => "STILL OWED",
    }
}

/// How the facts stand.
pub(crate) fn facts(plan: &Plan, ended: &Ended) -> &'static str {
    // Where none are stated, none were looked at.
    let stated = plan.ensures.len() + plan.steps().map(|step| step.ensures.len()).sum::<usize>() > 0;
    match ended.facts {
        FactsVerdict::AsEnsured | FactsVerdict::AsBefore | FactsVerdict::AsBeforeExcept if !stated => {
            "the runbook states none, so nothing was compared"
        }
        FactsVerdict::AsEnsured => "as the runbook ensures",
        FactsVerdict::NotAsked => "as its steps ensure; what the runbook ensures at its end was not asked",
        FactsVerdict::AsBefore if ended.way_back == WayBackVerdict::ToTheSeal => {
            "as they were right after the point of no return"
        }
        FactsVerdict::AsBeforeExcept if ended.way_back == WayBackVerdict::ToTheSeal => {
            "as they were right after the point of no return, except for what the runbook leaves"
        }
        FactsVerdict::NotAsBefore if ended.way_back == WayBackVerdict::ToTheSeal => {
            "NOT as they were right after the point of no return"
        }
        FactsVerdict::AsBeforeExcept if ended.way_back == WayBackVerdict::LetGo => {
            "as they were before the run, except for what the runbook leaves or a person let go"
        }
        FactsVerdict::AsBefore => "as they were before the run",
        FactsVerdict::AsBeforeExcept => "as they were before the run, except for what the runbook leaves",
        FactsVerdict::Unknown => "some cannot be told",
        FactsVerdict::NotAsBefore => "NOT as they were before the run",
        FactsVerdict::Untouched => "untouched, nothing was done",
    }
}

/// A loop, as its author wrote it.
pub(crate) fn turns(each: &Each) -> String {
    format!("for {} in {}", each.item, each.text)
}

/// How a loop goes in waves, and what it takes back, in sentences.
pub(crate) fn waves(each: &Each) -> Vec<String> {
    let size = |wave: &Wave| match wave {
        Wave::Count(count) => count.to_string(),
        Wave::Percent(percent) => format!("{percent}%"),
    };
    let mut lines = Vec::new();
    if !each.waves.is_empty() {
        let sizes: Vec<String> = each.waves.iter().map(size).collect();
        let pause = match each.pause_ms {
            0 => String::new(),
            ms => format!("; between two of them the run waits {}", duration(ms)),
        };
        lines.push(format!("in waves of {} items, the last size repeats{pause}", sizes.join(", ")));
    }
    if each.on_failure == TurnsBack::Wave {
        lines.push(
            "if a turn fails, what its wave did is taken back; then a person decides how it goes on"
                .to_owned(),
        );
    }
    lines
}

/// Items in a row.
pub(crate) fn listed(items: &[Value]) -> String {
    let named: Vec<String> = items.iter().take(ITEMS_MAX).map(ToString::to_string).collect();
    let more = if items.len() > ITEMS_MAX {
        format!(" and {} more", items.len() - ITEMS_MAX)
    } else {
        String::new()
    };
    format!("{}{more}", named.join(", "))
}

/// What a loop goes through.
pub(crate) fn items(items: &[Value]) -> String {
    let named = listed(items);
    match items.len() {
        0 => "its list is empty: nothing is done".to_owned(),
        1 => format!("its list holds one item: {named}"),
        count => format!("its list holds {count} items: {named}"),
    }
}

/// Most items of a list that are named in a sentence; the journal has all.
pub(crate) const ITEMS_MAX: usize = 12;

/// What begins when the branches of a block do, in words.
pub(crate) fn branches_begin(plan: &Plan, id: &StepId) -> String {
    let block = plan.parallels().find(|block| block.id == *plan.general(id));
    match block {
        Some(block) => format!("{} begin, at the same time", branches(block)),
        None => "its branches begin, at the same time".to_owned(),
    }
}

/// How many branches a block has, in words.
pub(crate) fn branches(block: &Parallel) -> String {
    match block.branches.len() {
        1 => "one branch".to_owned(),
        count => format!("{count} branches"),
    }
}

/// How the parts of a branch are numbered, behind the number of its block: `a` for the first.
pub(crate) fn branch_letter(at: usize) -> char {
    char::from(b'a' + u8::try_from(at % 26).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::elapsed;

    #[test]
    fn times_are_said_as_a_person_would() {
        let said: Vec<String> =
            [0, 40, 950, 9_900, 12_345, 61_000, 3_661_000, 90_000_000].into_iter().map(elapsed).collect();
        assert_eq!(said, ["0s", "0.0s", "0.9s", "9.9s", "12s", "1m 01s", "1h 01m", "1d 1h"]);
    }

    #[test]
    fn a_word_looks_like_one() {
        for (text, shown) in
            [("-c", "-c"), ("SELECT 1", "'SELECT 1'"), ("", "''"), ("it's", "'it'\\''s'"), ("a;b", "'a;b'")]
        {
            assert_eq!(super::word(text), shown);
        }
    }
}
