//! What a run asks of other people: an approval, an answer, a decision.
//!
//! A notice was written by another user, and is shown to someone who is to trust it: everything in it is
//! made safe to show.

use surefoot_journal::{Asks, Given, Limit, Notice, Timestamp};

use crate::say;
use crate::style::{Page, Style};

/// The width of the labels.
const LABEL: usize = 9;

/// Shows what is asked, and of whom. `short`: how the run is called in commands.
pub fn notice(notice: &Notice, short: &str, now: Timestamp, style: &Style) -> String {
    let mut page = Page::new(style);
    let step = match (&notice.step, notice.title.is_empty()) {
        (Some(step), false) => format!("{step}: {}", notice.title),
        (Some(step), true) => step.0.clone(),
        (None, _) => notice.title.clone(),
    };
    let operators: Vec<String> = notice.operators.iter().map(say::who).collect();
    let by = if operators.is_empty() { String::new() } else { format!(", by {}", operators.join(", ")) };
    page.field(0, "run", LABEL, &format!("{short} of {}{by}", notice.runbook));
    page.field(0, "plan", LABEL, &notice.plan);
    if !step.is_empty() {
        page.field(0, "step", LABEL, &step);
    }
    let ago = say::elapsed(now.since(notice.since));
    page.field(0, "asked", LABEL, &format!("{}, {ago} ago", say::moment(notice.since)));
    let name = notice.step.as_ref().map(|step| say::word(&step.0)).unwrap_or_default();
    match &notice.asks {
        Asks::Approval {
            role,
            people,
            wanted,
            given,
            shown,
            expires_ms,
            irreversible,
            assumes,
            reveals,
            anywhere,
        } => {
            let people = say::others(people, given.iter().map(|given| &given.by));
            page.field(
                0,
                "needs",
                LABEL,
                &format!("the yes of {} ({people})", whose_yes(role, *wanted, given)),
            );
            for yes in yeses(given) {
                page.field(0, "", LABEL, &yes);
            }
            if !irreversible.is_empty() {
                page.field(0, "FOR GOOD", LABEL, &format!("it cannot be taken back: {irreversible}"));
            }
            for (at, assumed) in assumes.iter().enumerate() {
                page.field(0, if at == 0 { "ASSUMED" } else { "" }, LABEL, assumed);
            }
            for (at, revealed) in reveals.iter().enumerate() {
                page.field(0, if at == 0 { "REVEALS" } else { "" }, LABEL, revealed);
            }
            if !anywhere.is_empty() {
                page.field(0, "ANYWHERE", LABEL, &format!("what runs may connect anywhere: {anywhere}"));
            }
            for (at, shown) in shown.iter().enumerate() {
                let label = if at == 0 { "shown" } else { "" };
                let text = say::shown_value(&shown.fact, &say::answer(&shown.answer));
                page.field(0, label, LABEL, &text);
            }
            for (at, waived) in notice.waived.iter().enumerate() {
                page.field(0, if at == 0 { "waived" } else { "" }, LABEL, &say::waived(waived));
            }
            page.field(0, "good for", LABEL, &say::duration(*expires_ms));
            let rows = [
                (format!("surefoot approve {short} {name}"), "says yes".to_owned()),
                (format!("surefoot approve {short} {name} --no"), "says no".to_owned()),
            ];
            page.columns("type", LABEL, &rows);
        }
        Asks::Answer { text, answer, see, role, limit: open, is_fact } => {
            let who = role.as_ref().map_or_else(|| "the operator".to_owned(), |role| format!("a {role}"));
            page.field(0, "asks", LABEL, &format!("{who}: {text}"));
            for (at, (look, normal)) in see.iter().enumerate() {
                let label = if at == 0 { "look at" } else { "" };
                page.field(0, label, LABEL, &format!("{look}; normal is: {normal}"));
            }
            let unsure = if *is_fact { ", or: cannot tell" } else { "" };
            page.field(0, "answer", LABEL, &format!("{}{unsure}", surefoot_plan::describe(answer)));
            if let Some(open) = open {
                page.field(0, "open", LABEL, &limit(open));
            }
            let step = if name.is_empty() { String::new() } else { format!(" --step {name}") };
            page.columns("type", LABEL, &[(format!("surefoot answer {short} ANSWER{step}"), String::new())]);
        }
        Asks::Choice { why, choices } => {
            page.field(0, "waits", LABEL, why);
            let choices: Vec<&str> = choices.iter().map(|choice| say::choice(*choice)).collect();
            page.field(0, "choices", LABEL, &choices.join("; "));
            page.columns(
                "type",
                LABEL,
                &[(format!("surefoot resume {short}"), "asks how to go on".to_owned())],
            );
        }
    }
    page.finish()
}

/// Who has said yes to what is asked, and until when that counts.
pub fn yeses(given: &[Given]) -> Vec<String> {
    say::given(given.iter().map(|given| (&given.by, given.until)))
}

/// Those of a role who have not said yes yet.
pub fn others(people: &[String], given: &[Given]) -> String {
    say::others(people, given.iter().map(|given| &given.by))
}

/// Whose yes is still needed, as "a lead", or "1 more of dba".
pub fn whose_yes(role: &str, wanted: u32, given: &[Given]) -> String {
    say::whose_yes(role, wanted, wanted.saturating_sub(u32::try_from(given.len()).unwrap_or(u32::MAX)))
}

/// How long a question is open, and what counts then.
pub fn limit(limit: &Limit) -> String {
    let within = say::duration(limit.within_ms);
    match &limit.default {
        Some(default) => format!("within {within}; then this counts: {default}"),
        None => format!("within {within}; then nobody has answered"),
    }
}

#[cfg(test)]
mod tests {
    use surefoot_journal::{Answer, Asks, Given, Limit, Notice, RunId, Shown, Timestamp};
    use surefoot_plan::{StepId, Type, Value, Waived};

    use super::notice;
    use crate::Style;
    use crate::testing::{START, anna, bert};

    fn waived() -> Waived {
        Waived {
            code: "SF0312".into(),
            within: "step stop".into(),
            until: "2026-12-31".into(),
            by: "team-databases".into(),
            why: "it is asked about by hand\u{1b}[2J".into(),
        }
    }

    fn asked(asks: Asks) -> String {
        let found = Notice {
            run: RunId("01M80KYB8J0123456789ABCDEF".into()),
            runbook: "switchover".into(),
            plan: "sha256:c646aff0ee98".into(),
            step: Some(StepId("promote".into())),
            title: "Promote\u{1b}[2J the standby".into(),
            operators: vec![anna()],
            since: START,
            waived: vec![waived()],
            asks,
        };
        notice(&found, "01M80", Timestamp(START.0 + 90_000), &Style::default())
    }

    #[test]
    fn an_approval_is_asked() {
        insta::assert_snapshot!(asked(Asks::Approval {
            role: "lead".into(),
            people: vec!["bert".into(), "carla".into()],
            wanted: 1,
            given: Vec::new(),
            shown: vec![Shown { fact: "old_serving".into(), answer: Answer::Known(Value::Bool(false)) }],
            expires_ms: 600_000,
            irreversible: "the standby starts a timeline of its own".into(),
            assumes: vec!["not old_reachable \"its rack has no power\"".into()],
            reveals: vec![
                "password to every user of the machine, in `stop` \"the tool takes no other\"".into()
            ],
            anywhere: "the addresses of the provider change".into(),
        }));
    }

    #[test]
    fn the_approval_of_several_says_who_is_still_missing() {
        insta::assert_snapshot!(asked(Asks::Approval {
            role: "lead".into(),
            people: vec!["bert".into(), "carla".into(), "dora".into()],
            wanted: 2,
            given: vec![Given { by: bert(), until: Timestamp(START.0 + 600_000) }],
            shown: vec![Shown { fact: "ticket".into(), answer: Answer::Known(Value::Text("OPS-7".into())) }],
            expires_ms: 600_000,
            irreversible: String::new(),
            assumes: Vec::new(),
            reveals: Vec::new(),
            anywhere: String::new(),
        }));
    }

    #[test]
    fn a_question_is_asked() {
        insta::assert_snapshot!(asked(Asks::Answer {
            text: "Is db1 powered off?".into(),
            answer: Type::Bool,
            see: vec![("the PDU in rack 4".into(), "outlet 7 is dark".into())],
            role: Some("lead".into()),
            limit: None,
            is_fact: true,
        }));
    }

    #[test]
    fn a_question_with_a_limit_says_what_counts_then() {
        insta::assert_snapshot!(asked(Asks::Answer {
            text: "How many replicas?".into(),
            answer: Type::Int,
            see: Vec::new(),
            role: None,
            limit: Some(Limit { within_ms: 30_000, default: Some(Value::Int(3)) }),
            is_fact: false,
        }));
    }
}
