//! A dry run as text.

use std::fmt::{self, Display, Formatter};

use surefoot_plan::Tri;

use super::{DryRun, Entry, Verdict, What, render};

impl Display for DryRun {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "Dry run of {}: nothing was changed.\n", self.runbook)?;
        for entry in &self.entries {
            write!(f, "{entry}")?;
        }
        match self.verdict() {
            Verdict::WouldRun => writeln!(f, "\nAs far as can be told, it would run to its end.")?,
            Verdict::CannotTell => writeln!(f, "\nWhether it would run to its end cannot be told.")?,
            Verdict::WouldBeRefused => {
                let first = self.entries.iter().find(|entry| entry.verdict == Verdict::WouldBeRefused);
                let place = first.map_or_else(String::new, Entry::place);
                writeln!(f, "\nIt would stop at {place}; what follows was walked as if it had not.")?;
            }
        }
        // Last, because it is what a green dry run does not say.
        if self.not_exercised.is_empty() {
            return writeln!(f, "Not exercised: nothing.");
        }
        let items: Vec<String> =
            self.not_exercised.iter().map(|left| format!("{} ({})", left.what, left.why)).collect();
        writeln!(f, "Not exercised: {}.", items.join("; "))
    }
}

impl Entry {
    /// What an `if` asks, in its author's words.
    fn asks(&self) -> &str {
        if self.title.is_empty() { &self.name } else { &self.title }
    }

    /// The answer to what an `if` asks.
    fn answer(&self) -> &'static str {
        match self.conditions.iter().fold(Tri::True, |all, checked| all.and(checked.found)) {
            Tri::True => "yes",
            Tri::False => "no",
            Tri::Unknown => "cannot tell",
        }
    }

    /// Where it is, in words.
    fn place(&self) -> String {
        match self.what {
            What::Start => "the start".into(),
            What::End => "the end".into(),
            What::Failure => "a failure".into(),
            What::Step
            | What::Wait
            | What::If
            | What::Cause
            | What::Arm(_)
            | What::Stop
            | What::Assume
            | What::For
            | What::Parallel
            | What::Branch => self.name.clone(),
        }
    }
}

impl Display for Entry {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let indent = "  ".repeat(self.depth as usize);
        let verdict = match (self.what, self.verdict) {
            (What::Arm(_), _) => "",
            (_, Verdict::WouldRun) => "would run",
            (_, Verdict::WouldBeRefused) => "WOULD BE REFUSED",
            (_, Verdict::CannotTell) => "cannot tell",
        };
        match self.what {
            What::Start => writeln!(f, "{indent}start: {verdict}")?,
            What::End => writeln!(f, "{indent}end: {verdict}")?,
            What::Failure => writeln!(f, "{indent}if something fails: would be gathered")?,
            What::Step if self.title.is_empty() => writeln!(f, "{indent}step {}: {verdict}", self.name)?,
            What::Step => writeln!(f, "{indent}step {} \"{}\": {verdict}", self.name, self.title)?,
            What::Wait => writeln!(f, "{indent}wait {}: {verdict}", self.name)?,
            What::If => writeln!(f, "{indent}if {}: {}", self.asks(), self.answer())?,
            What::Cause => writeln!(f, "{indent}is it that {}: {verdict}", self.title)?,
            What::Assume => writeln!(f, "{indent}{} \"{}\": {verdict}", self.name, self.title)?,
            What::For => writeln!(f, "{indent}for {}: {verdict}", self.title)?,
            What::Parallel => writeln!(f, "{indent}{}: {}", self.name, self.title)?,
            What::Branch => writeln!(f, "{indent}{}:", self.name)?,
            What::Stop => writeln!(
                f,
                "{indent}stop {}: the run would end here, well and early: {}",
                self.name, self.title
            )?,
            What::Arm(arm) => writeln!(f, "{indent}if {} is {}:", self.asks(), render::word(arm))?,
        }
        for checked in &self.conditions {
            let found = match checked.found {
                Tri::True => "holds",
                Tri::False => "does NOT hold",
                Tri::Unknown => "cannot be told",
            };
            let why = if checked.why.is_empty() { String::new() } else { format!(" ({})", checked.why) };
            // What an `if` asks is no demand: its answer says which way it goes.
            if self.what != What::If {
                writeln!(f, "{indent}  needs   {}: {found}{why}", checked.text)?;
            } else if !checked.why.is_empty() {
                writeln!(f, "{indent}  because {}", checked.why)?;
            }
        }
        for note in &self.notes {
            writeln!(f, "{indent}  note    {note}")?;
        }
        for does in &self.does {
            lines(f, &indent, "does", does)?;
        }
        for assumed in &self.assumes {
            writeln!(f, "{indent}  assumes {assumed}")?;
        }
        for back in &self.way_back {
            lines(f, &indent, "back", back)?;
        }
        Ok(())
    }
}

/// One line with its label, or several below it.
fn lines(f: &mut Formatter<'_>, indent: &str, label: &str, text: &str) -> fmt::Result {
    for (index, line) in text.lines().enumerate() {
        writeln!(f, "{indent}  {:<7} {line}", if index == 0 { label } else { "" })?;
    }
    Ok(())
}
