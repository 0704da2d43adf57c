//! How facts and formulas read: by the names that their author gave them, where there are such.

use std::collections::BTreeMap;

use surefoot_plan::{Atom, Cell, Formula, Literal, Plan};

/// The names that a plan gives to formulas.
#[derive(Debug)]
pub(crate) struct Names<'a> {
    /// The plan.
    plan: &'a Plan,
    /// Each name by what it stands for.
    names: BTreeMap<&'a Formula, &'a str>,
}

impl<'a> Names<'a> {
    /// The names of a plan. If two stand for one formula, the first is used.
    pub(crate) fn of(plan: &'a Plan) -> Names<'a> {
        let mut names = BTreeMap::new();
        for fact in plan.facts.iter().rev() {
            names.insert(&fact.formula, fact.name.as_str());
        }
        Names { plan, names }
    }

    /// A formula.
    pub(crate) fn formula(&self, formula: &Formula) -> String {
        if let Some(name) = self.names.get(formula) {
            return (*name).to_owned();
        }
        match formula {
            Formula::Atom(atom) => self.atom(atom),
            Formula::Value(expr) => expr.to_string(),
            Formula::Not(inner) => {
                let text = self.formula(inner);
                match is_word(&text) {
                    true => format!("not {text}"),
                    false => format!("not ({text})"),
                }
            }
            Formula::All(parts) => self.connected(parts, " and ", "true"),
            Formula::Any(parts) => self.connected(parts, " or ", "false"),
        }
    }

    /// Several formulas with a word between them.
    fn connected(&self, parts: &[Formula], word: &str, empty: &str) -> String {
        let shown: Vec<String> = parts
            .iter()
            .map(|part| {
                let text = self.formula(part);
                let inner = matches!(part, Formula::All(_) | Formula::Any(_)) && !is_word(&text);
                if inner && parts.len() > 1 { format!("({text})") } else { text }
            })
            .collect();
        if shown.is_empty() { empty.to_owned() } else { shown.join(word) }
    }

    /// An atom.
    pub(crate) fn atom(&self, atom: &Atom) -> String {
        let named = self.names.get(&Formula::Atom(atom.clone()));
        match named {
            Some(name) => (*name).to_owned(),
            None => Atom { cell: self.plan.public_cell(&atom.cell), ..atom.clone() }.to_string(),
        }
    }

    /// An atom, or its negation.
    pub(crate) fn literal(&self, literal: &Literal) -> String {
        let atom = Formula::Atom(literal.atom.clone());
        match literal.holds {
            true => self.formula(&atom),
            false => self.formula(&Formula::Not(Box::new(atom))),
        }
    }

    /// A question with its arguments; by name if it is a yes or no that has one.
    pub(crate) fn cell(&self, cell: &Cell) -> String {
        let atom = Atom { cell: cell.clone(), test: surefoot_plan::Test::Holds };
        self.atom(&atom)
    }
}

/// Whether text needs no brackets around it: one name, or one question.
fn is_word(text: &str) -> bool {
    !text.contains(' ') || (text.ends_with(')') && text.find(' ') > text.find('('))
}
