//! Asks people: the operator at this terminal, and others through the run's inbox.
//!
//! The real world hands on to [`Desk`] what only a person can answer or do.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use surefoot_executor::Question;
use surefoot_journal::{
    Answered, AnsweredBy, Asks, Claim, Identity, Inbox, Limit, Notice, Outcome, Received, Report, RunId,
    Says, person,
};
use surefoot_plan::{Name, Plan, StepId, Type, Value, Way, parse_text};
use surefoot_sandbox::{ApprovalWanted, People};

use tokio::sync::watch;

use crate::hand::Stop;
use crate::runs;
use crate::screen::Display;
use crate::terminal::Keyboard;

/// What a channel is bound to that is the terminal of who runs.
pub(crate) const TERMINAL: &str = "terminal";

/// Between two looks into the inbox.
const INBOX_EVERY_MS: u64 = 250;

/// What the desk has to know of the run.
pub(crate) struct About {
    /// The run.
    pub(crate) run: RunId,
    /// The notices and letters of the run.
    pub(crate) inbox: Inbox,
    /// The digest of the plan.
    pub(crate) digest: String,
    /// The plan.
    pub(crate) plan: Arc<Plan>,
    /// Who has which role.
    pub(crate) roles: BTreeMap<Name, Vec<String>>,
    /// What each channel is bound to.
    pub(crate) channels: BTreeMap<Name, String>,
    /// How others say which folder the run is in.
    pub(crate) state: String,
}

/// Words for how something that a person did went.
const MANUAL: [&str; 3] = ["done", "not done", "partly"];

/// What somebody answered, none if they cannot tell; who; and on what evidence.
type Said = (Option<Value>, Identity, String);

/// Where people are asked.
pub(crate) struct Desk<'p> {
    about: About,
    keyboard: Rc<Keyboard>,
    display: Rc<Display<'p>>,
    /// Tells when the run is asked to stop.
    stopping: watch::Receiver<Stop>,
    /// Letters that counted, and are not known to be in the journal yet: a crash must find them again.
    counted: RefCell<Vec<Received>>,
}

impl<'p> Desk<'p> {
    pub(crate) fn new(
        about: About,
        keyboard: Rc<Keyboard>,
        display: Rc<Display<'p>>,
        stopping: watch::Receiver<Stop>,
    ) -> Self {
        Desk { about, keyboard, display, stopping, counted: RefCell::default() }
    }

    /// What was answered is in the journal: the letters are not needed any more.
    pub(crate) fn recorded(&self) {
        for letter in self.counted.take() {
            let _ = letter.discard();
        }
    }

    /// Waits for an answer as long as the question says; none if that was too short.
    ///
    /// A stop that is at least so hard ends the wait: one that was asked for before does not.
    async fn answer_in_time(&self, question: &Question, stops_at: u8) -> Option<Result<Said, String>> {
        let asked = async {
            tokio::select! {
                answer = self.answer(question) => answer,
                () = self.stopped(stops_at) => Err("the run was asked to stop".to_owned()),
            }
        };
        let answer = match question.within_ms {
            Some(ms) => tokio::time::timeout(Duration::from_millis(ms), asked).await.ok(),
            None => Some(asked.await),
        };
        // A prompt that nobody ended must not keep the screen from being painted.
        self.display.prompted();
        self.withdraw(question.step.as_ref());
        answer
    }

    /// Waits until the run is asked, from now on, to stop at least this hard.
    async fn stopped(&self, level: u8) {
        let mut stopping = self.stopping.clone();
        let before = stopping.borrow_and_update().times;
        let asked = stopping.wait_for(|stop| stop.times > before && stop.level >= level).await;
        if asked.is_err() {
            // Nobody can ask any more.
            std::future::pending::<()>().await;
        }
    }

    /// Waits for an answer, from this terminal or from the inbox, whichever comes first.
    async fn answer(&self, question: &Question) -> Result<Said, String> {
        let of = |role: &Name| self.about.roles.get(role).cloned().unwrap_or_default();
        let people = question.by.as_ref().map(of);
        let notice = self.notice(
            question.step.clone(),
            Vec::new(),
            Asks::Answer {
                text: question.text.clone(),
                answer: question.answer.clone(),
                see: question.see.clone(),
                role: question.by.clone(),
                limit: limit(question),
                is_fact: question.is_fact,
            },
        );
        self.about.inbox.ask(&notice).map_err(|error| error.to_string())?;
        // The operator may answer here, unless somebody else is asked.
        let me = person::operator();
        let here =
            self.keyboard.is_terminal() && people.as_ref().is_none_or(|people| people.contains(&me.user));
        self.show_question(question, here);
        let by_letter = self.letter(&notice, |from, says| {
            let may = match &people {
                Some(people) => people.contains(&from.user),
                None => from.uid == me.uid,
            };
            match says {
                Says::Answer { value, comment, .. } if may => Ok((Some(value), from.clone(), comment)),
                Says::Unsure { comment, .. } if may && question.is_fact => Ok((None, from.clone(), comment)),
                Says::Answer { .. } | Says::Unsure { .. } => {
                    Err(format!("{} answered, but is not the one who is asked", from.user))
                }
                Says::Approval { .. } | Says::Choice { .. } | Says::Cancel { .. } => {
                    Err("a letter that answers something else".to_owned())
                }
            }
        });
        tokio::select! {
            value = by_letter => Ok(value),
            value = self.typed(question), if here => value.map(|value| (value, me.clone(), String::new())),
        }
    }

    /// Shows a question, and how to answer it.
    fn show_question(&self, question: &Question, here: bool) {
        let mut lines = vec![String::new(), format!("? {}", question.text)];
        for (where_, normal) in &question.see {
            let normal = if normal.is_empty() { String::new() } else { format!(" (normal: {normal})") };
            lines.push(format!("    see {where_}{normal}"));
        }
        lines.extend(limit(question).map(|limit| format!("    {}", surefoot_view::limit(&limit))));
        if !here {
            let who = question.by.as_ref().map(|role| format!(" by {role}")).unwrap_or_default();
            let step = question.step.as_ref().map(|step| format!(" --step {step}")).unwrap_or_default();
            lines.push(format!(
                "    waits for an answer{who} ({}): surefoot answer --state {} {} ANSWER{step}",
                choices(question),
                self.about.state,
                question.run.0
            ));
        }
        if here { self.display.question(&lines) } else { self.display.say(&lines) }
    }

    /// Reads an answer that is typed, and asks again until it reads as its type.
    async fn typed(&self, question: &Question) -> Result<Option<Value>, String> {
        let wanted = &question.answer;
        self.keyboard.forget_typed();
        loop {
            self.display.prompt(&format!("  {}: ", choices(question)));
            let Some(line) = self.keyboard.line().await else {
                return Err("the terminal is gone".to_owned());
            };
            if question.is_fact && is_unsure(&line, wanted) {
                self.display.prompted();
                return Ok(None);
            }
            match parse_text(wanted, &whole_word(line.trim(), wanted)) {
                Ok(value) => {
                    self.display.prompted();
                    return Ok(Some(value));
                }
                Err(why) => self.display.say(&[format!("  {why}")]),
            }
        }
    }

    /// Shows whose yes is waited for, who has said it, and how the others do.
    fn show_approval(&self, notice: &Notice, step: &StepId) {
        let Asks::Approval { role, people, wanted, given, .. } = &notice.asks else { return };
        let mut lines = vec![String::new()];
        lines.extend(surefoot_view::yeses(given).into_iter().map(|yes| format!("  {yes}")));
        let whose = surefoot_view::whose_yes(role, *wanted, given);
        lines.push(format!(
            "? `{step}` waits for the yes of {whose} ({}). In their terminal:",
            surefoot_view::others(people, given)
        ));
        lines.push(format!(
            "    surefoot approve --state {} {} {step}        (or, to refuse, with --no)",
            self.about.state, notice.run.0
        ));
        self.display.say(&lines);
    }

    /// Waits for one more person's yes or no.
    async fn second_person(&self, wanted: ApprovalWanted) -> Outcome {
        let ApprovalWanted { step, role, people: wanted, given, expires_ms, shown, operators } = wanted;
        let began = runs::now();
        let people = self.about.roles.get(&role).cloned().unwrap_or_default();
        let plan_step = self.about.plan.step(&step);
        let irreversible = match plan_step.map(|step| &step.way) {
            Some(Way::Irreversible(irreversible)) => irreversible.why.clone(),
            Some(Way::Rollback(_) | Way::Nothing) | None => String::new(),
        };
        let asks = Asks::Approval {
            role: role.clone(),
            people: people.clone(),
            wanted,
            given: given.clone(),
            shown: shown.clone(),
            expires_ms,
            irreversible,
            assumes: surefoot_view::assumptions(&self.about.plan),
            reveals: surefoot_view::reveals(&self.about.plan),
            anywhere: self.about.plan.allow.connect_any.clone().unwrap_or_default(),
        };
        let notice = self.notice(Some(step.clone()), operators.clone(), asks);
        if let Err(error) = self.about.inbox.ask(&notice) {
            return refused(error.to_string(), 0);
        }
        self.show_approval(&notice, &step);
        let answer = self
            .letter(&notice, |from, says| match says {
                Says::Approval { step: of, .. } if of != step => {
                    Err(format!("an approval of `{of}`, which is not asked"))
                }
                Says::Approval { .. } if operators.iter().any(|operator| operator.uid == from.uid) => {
                    Err(format!("{} runs this, and so cannot approve it", from.user))
                }
                Says::Approval { .. } if !people.contains(&from.user) => {
                    Err(format!("{} is not `{role}`", from.user))
                }
                Says::Approval { approved: true, .. }
                    if given.iter().any(|given| given.by.uid == from.uid) =>
                {
                    Err(format!("{} has said yes already; {wanted} different people must", from.user))
                }
                Says::Approval { approved, comment, .. } => Ok(BTreeMap::from([
                    ("approved".to_owned(), Value::Bool(approved)),
                    ("user".to_owned(), Value::Text(from.user.clone())),
                    ("uid".to_owned(), Value::Int(i64::from(from.uid))),
                    ("comment".to_owned(), Value::Text(comment)),
                ])),
                Says::Answer { .. } | Says::Unsure { .. } | Says::Choice { .. } | Says::Cancel { .. } => {
                    Err("a letter that answers something else".to_owned())
                }
            })
            .await;
        // While others are still asked the notice stays: what they leave meanwhile answers it.
        let was_last = given.len() + 1 >= wanted as usize;
        if was_last || answer.get("approved") != Some(&Value::Bool(true)) {
            self.withdraw(Some(&step));
        }
        performed(Value::Record(answer), runs::now().since(began))
    }

    /// Waits for a letter that answers a notice and may. Others are thrown away, and that is said.
    async fn letter<T>(&self, notice: &Notice, judge: impl Fn(&Identity, Says) -> Result<T, String>) -> T {
        let digest = notice.digest();
        loop {
            if let Ok((letters, rejected)) = self.about.inbox.letters() {
                for why in rejected {
                    self.display.say(&[format!("  note: {why}")]);
                }
                for received in letters.into_iter().filter(|received| !is_cancel(received)) {
                    let says = received.letter.says.clone();
                    let verdict = if received.letter.notice == digest {
                        judge(&received.from, says)
                    } else {
                        Err(format!(
                            "a letter by {} answers what was asked before, not this",
                            received.from.user
                        ))
                    };
                    match verdict {
                        Ok(answer) => {
                            self.counted.borrow_mut().push(received);
                            return answer;
                        }
                        Err(why) => {
                            let _ = received.discard();
                            self.display.say(&[format!("  note: not counted: {why}.")]);
                        }
                    }
                }
            }
            tokio::time::sleep(Duration::from_millis(INBOX_EVERY_MS)).await;
        }
    }

    fn notice(&self, step: Option<StepId>, operators: Vec<Identity>, asks: Asks) -> Notice {
        let title = step.as_ref().and_then(|step| self.about.plan.step(step)).map(|step| step.title.clone());
        let mut notice = Notice {
            run: self.about.run.clone(),
            runbook: self.about.plan.runbook.clone(),
            plan: self.about.digest.clone(),
            step,
            title: title.unwrap_or_default(),
            operators,
            since: runs::now(),
            waived: self.about.plan.waived.clone(),
            asks,
        };
        // Asked again after a crash, it is the same notice: a yes that was left meanwhile still counts.
        if let Ok(before) = self.about.inbox.notices() {
            let digest = notice.digest();
            let same = |before: &Notice| Notice { since: notice.since, ..before.clone() }.digest() == digest;
            if let Some(before) = before.iter().find(|before| same(before)) {
                notice.since = before.since;
            }
        }
        notice
    }

    fn withdraw(&self, step: Option<&StepId>) {
        // A notice that stays can be answered, but the answer names it and counts for nothing else.
        let _ = self.about.inbox.withdraw(step);
    }
}

/// A place at a desk, to be given away.
pub(crate) struct Seat<'p>(pub(crate) Rc<Desk<'p>>);

impl People for Seat<'_> {
    async fn ask(&self, question: Question) -> Outcome {
        let began = runs::now();
        let answer = self.0.answer_in_time(&question, 1).await;
        let elapsed_ms = runs::now().since(began);
        let within_ms = question.within_ms.unwrap_or(0);
        match (answer, question.default) {
            (Some(Ok((Some(value), by, comment))), _) => {
                told(performed(value, elapsed_ms), question.text, AnsweredBy::Person(by), comment)
            }
            (Some(Ok((None, by, comment))), _) => {
                let outcome = refused(format!("{} cannot tell", by.user), elapsed_ms);
                told(outcome, question.text, AnsweredBy::Person(by), comment)
            }
            (Some(Err(why)), _) => refused(why, elapsed_ms),
            (None, Some(default)) => told(
                performed(default, elapsed_ms),
                question.text,
                AnsweredBy::Default { within_ms },
                String::new(),
            ),
            (None, None) => refused("nobody answered in time".to_owned(), elapsed_ms),
        }
    }

    async fn manual(&self, _claim: Claim, question: Question) -> Outcome {
        let began = runs::now();
        let answer = Type::OneOf(MANUAL.map(str::to_owned).to_vec());
        let question = Question { answer, ..question };
        let answer = self.0.answer_in_time(&question, 2).await;
        let elapsed_ms = runs::now().since(began);
        match answer {
            Some(Ok((Some(value), by, comment))) if value == Value::Text("done".to_owned()) => {
                told(performed(value, elapsed_ms), question.text, AnsweredBy::Person(by), comment)
            }
            Some(Ok((Some(value), by, comment))) if value == Value::Text("not done".to_owned()) => {
                Outcome::NotPerformed {
                    why: format!("{} (uid {}) says that it is not done{}", by.user, by.uid, reason(&comment)),
                }
            }
            Some(Ok((_, by, comment))) => {
                let outcome = refused("it is partly done".to_owned(), elapsed_ms);
                told(outcome, question.text, AnsweredBy::Person(by), comment)
            }
            // It may have been begun: only a person can tell.
            Some(Err(why)) => Outcome::Unknown { why, over: true },
            None => Outcome::Unknown { why: "nobody said in time whether it is done".to_owned(), over: true },
        }
    }

    async fn notify(&self, channel: Name, text: String) -> Outcome {
        let desk = &self.0;
        match desk.about.channels.get(&channel).map(String::as_str) {
            Some(TERMINAL) if desk.keyboard.is_terminal() => {
                desk.display.say(&[format!("{channel}: {text}")]);
                performed(Value::None, 0)
            }
            Some(TERMINAL) => Outcome::NotPerformed { why: "no terminal is there".to_owned() },
            // One of a newer version, or that the configuration lost.
            Some(_) | None => Outcome::NotPerformed { why: format!("`{channel}` is bound to nothing here") },
        }
    }

    async fn approval(&self, wanted: ApprovalWanted) -> Outcome {
        self.0.second_person(wanted).await
    }
}

/// Cancels are taken by the signal handler, whatever is asked just now.
fn is_cancel(received: &Received) -> bool {
    matches!(received.letter.says, Says::Cancel { .. })
}

/// The word that is meant by its beginning, if there is only one.
fn whole_word(typed: &str, wanted: &Type) -> String {
    let words: Vec<&str> = match wanted {
        Type::OneOf(words) => words.iter().map(String::as_str).collect(),
        Type::Bool => vec!["yes", "no"],
        Type::Optional(inner) => return whole_word(typed, inner),
        Type::Text
        | Type::Int
        | Type::Float
        | Type::Duration
        | Type::Size
        | Type::Percent
        | Type::Time
        | Type::Host
        | Type::Port
        | Type::Path
        | Type::Url
        | Type::Json
        | Type::List(_)
        | Type::Record(_) => return typed.to_owned(),
    };
    let lower = typed.to_lowercase();
    let mut meant = words.iter().filter(|word| !lower.is_empty() && word.starts_with(&lower));
    match (meant.next(), meant.next()) {
        (Some(word), None) => (*word).to_owned(),
        (_, _) => typed.to_owned(),
    }
}

/// Whether somebody typed that they cannot tell. Of a text, only these words mean that.
pub(crate) fn is_unsure(typed: &str, wanted: &Type) -> bool {
    let typed = typed.trim().to_lowercase();
    typed == "cannot tell"
        || typed == "i cannot tell"
        || (*wanted == Type::Bool && (typed == "unknown" || typed == "c"))
}

/// How long a question is open, if not for ever.
fn limit(question: &Question) -> Option<Limit> {
    question.within_ms.map(|within_ms| Limit { within_ms, default: question.default.clone() })
}

/// What may be answered, in a few words.
fn choices(question: &Question) -> String {
    match question.is_fact {
        true if question.answer == Type::Bool => "yes, no, or cannot tell".to_owned(),
        true => format!("{}, or cannot tell", words(&question.answer)),
        false => words(&question.answer),
    }
}

/// What is of a type, in a few words.
fn words(wanted: &Type) -> String {
    match wanted {
        Type::Bool => "yes or no".to_owned(),
        Type::OneOf(words) => words.join(" / "),
        Type::Optional(inner) => format!("{}, or none", words(inner)),
        Type::Text => "answer".to_owned(),
        Type::Int
        | Type::Float
        | Type::Duration
        | Type::Size
        | Type::Percent
        | Type::Time
        | Type::Host
        | Type::Port
        | Type::Path
        | Type::Url
        | Type::Json
        | Type::List(_)
        | Type::Record(_) => surefoot_plan::describe(wanted),
    }
}

fn performed(value: Value, elapsed_ms: u64) -> Outcome {
    Outcome::Performed(Report {
        ok: true,
        why: String::new(),
        exit: None,
        value: Some(value),
        output: Vec::new(),
        elapsed_ms,
        left_running: Vec::new(),
        answered: None,
    })
}

/// What somebody adds to their answer; nothing if they did not.
fn reason(comment: &str) -> String {
    if comment.is_empty() { String::new() } else { format!(": {comment}") }
}

/// An outcome, with who said so.
fn told(mut outcome: Outcome, question: String, by: AnsweredBy, comment: String) -> Outcome {
    if let Outcome::Performed(report) = &mut outcome {
        report.answered = Some(Answered { question, by, comment });
    }
    outcome
}

fn refused(why: String, elapsed_ms: u64) -> Outcome {
    Outcome::Performed(Report {
        ok: false,
        why,
        exit: None,
        value: None,
        output: Vec::new(),
        elapsed_ms,
        left_running: Vec::new(),
        answered: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_word_is_enough_if_it_is_the_only_one() {
        let choice = Type::OneOf(["go on", "roll back", "stop here"].map(str::to_owned).to_vec());
        assert_eq!(whole_word("R", &choice), "roll back");
        assert_eq!(whole_word("", &choice), "");
        let manual = Type::OneOf(MANUAL.map(str::to_owned).to_vec());
        assert_eq!(whole_word("done", &manual), "done");
        assert_eq!(whole_word("n", &manual), "not done");
        assert_eq!(whole_word("y", &Type::Bool), "yes");
        assert_eq!(whole_word("n", &Type::Text), "n", "a text is what was typed");
    }

    #[test]
    fn who_cannot_tell_can_say_so_and_a_text_is_not_taken_for_that() {
        assert!(is_unsure("I cannot tell", &Type::Bool) && is_unsure(" unknown ", &Type::Bool));
        assert!(is_unsure("cannot tell", &Type::Text) && is_unsure("Cannot tell", &Type::Int));
        assert!(!is_unsure("unknown", &Type::Text) && !is_unsure("", &Type::Bool));
    }
}
