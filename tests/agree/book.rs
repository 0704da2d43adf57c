//! A runbook in parts that can be changed one by one, and its text.

use std::fmt::Write as _;

/// A runbook.
#[derive(Clone, Debug, Default)]
pub(crate) struct Book {
    /// Parameters, facts, lists, locks: lines that need nothing else.
    pub(crate) heads: Vec<String>,
    /// The rights, each a line of `allow`.
    pub(crate) allow: Vec<String>,
    /// What must hold at the start.
    pub(crate) requires: Vec<String>,
    /// What must hold all the time.
    pub(crate) invariants: Vec<String>,
    /// What is done.
    pub(crate) body: Vec<Part>,
    /// What holds at the end.
    pub(crate) ensures: Vec<String>,
}

/// A part of what is done.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// A step.
    Step(Box<Act>),
    /// A line of its own, as `stop "enough"`.
    Line(String),
    /// A head, and blocks with heads of their own: `if a` `{…}` `else` `{…}`; a loop; a wait that gives up.
    Blocks {
        /// What stands before the first block.
        head: String,
        /// The blocks, each with what stands before it.
        blocks: Vec<(String, Vec<Part>)>,
        /// Whether the blocks stand in one more pair of braces, as those of a `match` do.
        inside: bool,
    },
    /// What holds only while its body is done.
    During {
        /// What is done to enter.
        enter: Box<Act>,
        /// What is done to leave; nothing says it if none.
        leave: Option<Box<Act>>,
        /// What is done meanwhile.
        body: Vec<Part>,
    },
}

/// A step, or one end of a `during`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Act {
    /// Its name; an end of a `during` has none.
    pub(crate) name: String,
    /// Whose yes it needs.
    pub(crate) approved: Option<String>,
    /// What must hold before it.
    pub(crate) requires: Vec<String>,
    /// What is read before it.
    pub(crate) before: Vec<String>,
    /// What it does.
    pub(crate) body: Vec<String>,
    /// What it sets.
    pub(crate) ensures: Vec<String>,
    /// `idempotent`, `retry`, `on failure`.
    pub(crate) clauses: Vec<String>,
    /// What it leaves changed.
    pub(crate) leaves: Vec<String>,
    /// How it is taken back.
    pub(crate) way: Way,
}

/// How a step is taken back.
#[derive(Clone, Debug, Default)]
pub(crate) enum Way {
    /// Nothing says it.
    #[default]
    Nothing,
    /// By its rollback.
    Rollback {
        /// What must hold before it.
        requires: Vec<String>,
        /// What it does.
        body: Vec<String>,
        /// What it sets.
        ensures: Vec<String>,
    },
    /// Not at all: the line that says so.
    Irreversible(String),
}

impl Book {
    /// The text of the runbook.
    pub(crate) fn text(&self) -> String {
        let mut text = String::from("runbook generated {\n");
        lines(&mut text, 1, "", &self.heads);
        if !self.allow.is_empty() {
            text.push_str("    allow {\n");
            lines(&mut text, 2, "", &self.allow);
            text.push_str("    }\n");
        }
        lines(&mut text, 1, "requires ", &self.requires);
        lines(&mut text, 1, "invariant ", &self.invariants);
        parts(&mut text, 1, &self.body);
        lines(&mut text, 1, "ensures ", &self.ensures);
        text.push_str("}\n");
        text
    }

    /// Every step, the ends of scopes among them, in their order.
    pub(crate) fn acts(&mut self) -> Vec<&mut Act> {
        let mut found = Vec::new();
        collect(&mut self.body, &mut found);
        found
    }
}

fn collect<'a>(from: &'a mut [Part], found: &mut Vec<&'a mut Act>) {
    for part in from {
        match part {
            Part::Step(act) => found.push(act),
            Part::Line(_) => {}
            Part::Blocks { blocks, .. } => {
                for (_, block) in blocks {
                    collect(block, found);
                }
            }
            Part::During { enter, leave, body } => {
                found.push(enter);
                collect(body, found);
                found.extend(leave.iter_mut().map(|leave| &mut **leave));
            }
        }
    }
}

fn line(text: &mut String, depth: usize, line: &str) {
    let _ = writeln!(text, "{}{line}", "    ".repeat(depth));
}

fn lines(text: &mut String, depth: usize, word: &str, each: &[String]) {
    for one in each {
        line(text, depth, &format!("{word}{one}"));
    }
}

fn parts(text: &mut String, depth: usize, all: &[Part]) {
    for part in all {
        match part {
            Part::Step(act) => {
                line(text, depth, &format!("step {} within 1m \"Do {}\" {{", act.name, act.name));
                act_lines(text, depth + 1, act);
                line(text, depth, "}");
            }
            Part::Line(one) => line(text, depth, one),
            Part::Blocks { head, blocks, inside } => {
                if *inside {
                    line(text, depth, &format!("{head} {{"));
                    for (head, block) in blocks {
                        line(text, depth + 1, format!("{head} {{").trim());
                        parts(text, depth + 2, block);
                        line(text, depth + 1, "}");
                    }
                    line(text, depth, "}");
                    continue;
                }
                let mut before = head.clone();
                for (head, block) in blocks {
                    line(text, depth, format!("{before} {head} {{").replace("  ", " ").trim());
                    parts(text, depth + 1, block);
                    before = "}".to_owned();
                }
                line(text, depth, &before);
            }
            Part::During { enter, leave, body } => {
                line(text, depth, "during \"it is so\" max 2h {");
                for (word, act) in [("enter", Some(enter)), ("leave", leave.as_ref())] {
                    let Some(act) = act else { continue };
                    line(text, depth + 1, &format!("{word} {{"));
                    act_lines(text, depth + 2, act);
                    line(text, depth + 1, "}");
                }
                parts(text, depth + 1, body);
                line(text, depth, "}");
            }
        }
    }
}

fn act_lines(text: &mut String, depth: usize, act: &Act) {
    if let Some(approved) = &act.approved {
        line(text, depth, approved);
    }
    lines(text, depth, "requires ", &act.requires);
    lines(text, depth, "before ", &act.before);
    lines(text, depth, "", &act.body);
    lines(text, depth, "ensures ", &act.ensures);
    lines(text, depth, "", &act.clauses);
    lines(text, depth, "leaves ", &act.leaves);
    match &act.way {
        Way::Nothing => {}
        Way::Irreversible(why) => line(text, depth, why),
        Way::Rollback { requires, body, ensures } => {
            line(text, depth, "rollback {");
            lines(text, depth + 1, "requires ", requires);
            lines(text, depth + 1, "", body);
            lines(text, depth + 1, "ensures ", ensures);
            line(text, depth, "}");
        }
    }
}
