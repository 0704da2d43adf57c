//! What a run found of the causes that it tried: the ledger of each `diagnose`.
//!
//! In: a plan and the records of a run. Out: each question of which a cause was tried, with every cause and its
//! verdict: also those that could not be told, and those that nobody tried because one was found before.

use serde::Serialize;
use surefoot_journal::{Event, Record, Timestamp};
use surefoot_plan::{Formula, Hypothesis, Names, Node, Plan, StepId, Tri};

use crate::say;

/// A question, with what was found of each cause.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Diagnosis {
    /// The question.
    pub question: String,
    /// The causes, in the order in which they are tried.
    pub causes: Vec<Cause>,
    /// What was found, in a sentence.
    pub answer: String,
}

/// A cause, and what was found of it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Cause {
    /// Its name in the plan.
    pub id: String,
    /// What it would mean.
    pub text: String,
    /// What was asked.
    pub asked: String,
    /// `found`, `ruled out`, `not told`, or `not tried`.
    pub verdict: &'static str,
    /// When that was recorded.
    pub time: Option<Timestamp>,
}

/// The ledgers of a run, in the order of the plan. A question of which nothing was tried has none.
pub(crate) fn ledgers(names: &Names<'_>, plan: &Plan, records: &[Record]) -> Vec<Diagnosis> {
    let mut finder = Finder { names, records, found: Vec::new() };
    finder.nodes(&plan.body, "");
    finder.found
}

/// Goes through a plan for what was tried.
struct Finder<'a> {
    names: &'a Names<'a>,
    records: &'a [Record],
    found: Vec<Diagnosis>,
}

impl Finder<'_> {
    /// Finds the causes in nodes, those of one question together. `turn`: for which item of a loop they are.
    fn nodes(&mut self, nodes: &[Node], turn: &str) {
        for node in nodes {
            match node {
                Node::Step(_) | Node::Stop { .. } | Node::Assume { .. } => {}
                Node::Wait(wait) => self.nodes(&wait.otherwise, turn),
                Node::Parallel(parallel) => {
                    parallel.branches.iter().for_each(|branch| self.nodes(branch, turn));
                }
                Node::Each(each) => {
                    let entered = self.records.iter().rev().find_map(|record| {
                        let Event::Entered { node, items } = &record.event else { return None };
                        (*node == each.id).then_some(items)
                    });
                    for item in entered.into_iter().flatten() {
                        self.nodes(&each.turn(item), &format!("{turn}{item}: "));
                    }
                }
                Node::If { then, otherwise, unknown, hypothesis: None, .. } => {
                    self.nodes(then, turn);
                    self.nodes(otherwise, turn);
                    self.nodes(unknown.as_deref().unwrap_or_default(), turn);
                }
                Node::If { hypothesis: Some(cause), .. } => {
                    let (tried, last) = causes(node);
                    let causes: Vec<Cause> =
                        tried.iter().map(|tried| tried.found(self.names, self.records)).collect();
                    if causes.iter().any(|cause| cause.time.is_some()) {
                        let question = format!("{turn}{}", cause.question);
                        self.found.push(Diagnosis { question, answer: answer(&causes), causes });
                    }
                    tried.iter().for_each(|tried| self.nodes(tried.then, turn));
                    self.nodes(last, turn);
                }
            }
        }
    }
}

/// A cause in a plan.
pub(crate) struct Tried<'a> {
    /// Its name in the plan.
    pub(crate) id: &'a StepId,
    condition: &'a Formula,
    text: &'a str,
    /// What is done if it is found.
    pub(crate) then: &'a [Node],
    /// What it would mean.
    pub(crate) hypothesis: &'a Hypothesis,
}

impl Tried<'_> {
    /// What is asked.
    pub(crate) fn asked(&self, names: &Names<'_>) -> String {
        say::condition(names, self.condition, self.text)
    }

    fn found(&self, names: &Names<'_>, records: &[Record]) -> Cause {
        let chose = records.iter().rev().find_map(|record| {
            let Event::Chose { node, arm } = &record.event else { return None };
            (node == self.id).then_some((record.time, *arm))
        });
        Cause {
            id: self.id.0.clone(),
            text: self.hypothesis.text.clone(),
            asked: self.asked(names),
            verdict: chose.map_or("not tried", |(_, arm)| verdict(arm)),
            time: chose.map(|(time, _)| time),
        }
    }
}

/// What was found of a cause, in a word or two.
pub(crate) fn verdict(arm: Tri) -> &'static str {
    match arm {
        Tri::True => "found",
        Tri::False => "ruled out",
        Tri::Unknown => "not told",
    }
}

/// What was found of all causes.
fn answer(causes: &[Cause]) -> String {
    if let Some(found) = causes.iter().find(|cause| cause.verdict == "found") {
        return found.text.clone();
    }
    let count = |verdict: &str| causes.iter().filter(|cause| cause.verdict == verdict).count();
    match (count("not tried"), count("not told")) {
        (0, 0) => "none of these".to_owned(),
        (0, unknown) => format!("none of these was found, and {unknown} of them could not be told"),
        (_, _) => "not found yet".to_owned(),
    }
}

/// The causes of one question, from the first on, and what is done when none is found.
pub(crate) fn causes(first: &Node) -> (Vec<Tried<'_>>, &[Node]) {
    let (mut causes, mut last): (Vec<Tried<'_>>, &[Node]) = (Vec::new(), std::slice::from_ref(first));
    while let [Node::If { id, condition, text, then, otherwise, hypothesis: Some(hypothesis), .. }] = last {
        if causes.first().is_some_and(|first| first.hypothesis.question != hypothesis.question) {
            break;
        }
        causes.push(Tried { id, condition, text, then, hypothesis });
        last = otherwise;
    }
    (causes, last)
}

#[cfg(test)]
mod tests;
