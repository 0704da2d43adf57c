//! Says what is known of a `$` line from its words: that it waits for a person, that it only waits, that it would
//! remove more if a value were empty, and that nobody filled in a word.

use surefoot_plan::Type;
use surefoot_syntax::Span;
use surefoot_syntax::ast::{
    BinaryOperator, Command, Expr as Syntax, ExprKind, Member, Param, Word as Written, WordPart,
};

use super::{Lowering, Part};
use crate::known::{self, Known};
use crate::scope::Named;

impl<'a> Lowering<'a> {
    /// Looks at the programs of a `$` line. Whether they all only look.
    pub(super) fn look_at_words(&mut self, command: &'a Command, members: &'a [Vec<Written>]) -> bool {
        let mut only_look = true;
        for (index, words) in members.iter().enumerate() {
            let known: Vec<Known> = words.iter().map(written_out).collect();
            // What a list gives may be any option.
            only_look &= known::only_looks(&known);
            let is_open = words.iter().any(|word| matches!(word.parts.as_slice(), [WordPart::Splice(_)]));
            let Some(place) = words.first().zip(words.last()).map(|(first, last)| whole(first, last)) else {
                continue;
            };
            let has_input = index > 0 || command.stdin.is_some();
            if let Some(waits) = known::waits_for_a_person(&known, has_input).filter(|_| !is_open) {
                let program = known.first().and_then(Option::as_deref).unwrap_or_default();
                self.report(known::say_waits(place, program, &waits));
            }
            if let Some(elsewhere) = known::takes_away_somewhere(&known)
                && !self.is_place_said(elsewhere.said_by)
            {
                self.report(known::say_elsewhere(place, elsewhere));
            }
            let added = known::adds_each_time(&known).filter(|_| self.cx.part == Part::Rollback);
            if let Some(word) = added {
                self.report(known::say_adds(place, word));
            }
            if let Some(function) = known::in_library(&known) {
                self.report(known::say_in_library(place, function));
            }
            if let Some(word) = known::acts_on_what_matches(&known) {
                self.report(known::say_matches(place, word));
            }
            if members.len() == 1 && known::only_sleeps(&known) {
                self.report(known::say_sleeps(place));
            }
            for word in known::goes_down_into(&known).into_iter().filter_map(|index| words.get(index)) {
                self.look_at_folder(word);
            }
            self.look_for_placeholders(&known, words);
        }
        only_look
    }

    /// Whether this file or the runbook says where a program acts, or asks for it.
    fn is_place_said(&self, said_by: &[&str]) -> bool {
        let files = [self.module, 0].into_iter().filter_map(|index| self.modules.loaded.get(index));
        files.into_iter().any(|file| said_by.iter().any(|word| file.source.text.contains(word)))
    }

    /// Refuses a folder to remove that is another one when a value in it is empty: `/srv/${name}`.
    fn look_at_folder(&mut self, word: &'a Written) {
        for (index, part) in word.parts.iter().enumerate() {
            let WordPart::Value(value) = part else { continue };
            let before = index.checked_sub(1).and_then(|before| word.parts.get(before));
            let behind = word.parts.get(index + 1);
            let ends = |part: &WordPart| matches!(part, WordPart::Text(text) if text.ends_with('/'));
            let starts = |part: &WordPart| matches!(part, WordPart::Text(text) if text.starts_with('/'));
            let is_whole_name = before.is_none_or(ends) && behind.is_none_or(starts);
            if word.parts.len() == 1 || !is_whole_name {
                continue;
            }
            let Some(name) = self.may_be_empty(value) else { continue };
            let mut left = String::new();
            for (at, part) in word.parts.iter().enumerate() {
                match part {
                    WordPart::Text(text) => left.push_str(text),
                    WordPart::Value(_) if at == index => {}
                    WordPart::Value(value) | WordPart::Splice(value) => {
                        left.push_str(&format!("${{{}}}", self.modules.text(value.span)));
                    }
                }
            }
            let is_param = self.param_named(&name).is_some();
            let found =
                known::say_empty(word.span, &name, &left).label(value.span, "a text, which may be empty");
            self.report(if is_param {
                found.help(format!(
                    "say what it looks like: `param {name}: text where {name} matches '^[a-z0-9][a-z0-9._-]*$'`"
                ))
            } else {
                found.help(format!(
                    "require it before: `requires {name} != \"\"`; or write a script, which stops at `${{{name}:?}}`"
                ))
            });
        }
    }

    /// The name of a value that may be an empty text, if it is one with a name.
    pub(super) fn may_be_empty(&self, value: &'a Syntax) -> Option<String> {
        let ExprKind::Name(name) = &value.kind else { return None };
        let [name] = name.as_slice() else { return None };
        let name = &name.text;
        let term = self.params.get(name).or_else(|| self.lets.get(name)).and_then(Option::as_ref);
        let bound = self
            .scopes
            .find(name)
            .and_then(|entry| if let Named::Value(bound) = &entry.named { Some(&bound.term) } else { None });
        let is_text =
            term.or(bound).is_some_and(|term| term.ty == Some(Type::Text) && term.known().is_none());
        let excluded = self.param_named(name).and_then(|param| param.condition.as_ref());
        let required = self.runbook.members.iter().filter_map(|member| {
            if let Member::Requires(requires) = member { Some(requires.conditions.iter()) } else { None }
        });
        let is_excluded =
            excluded.into_iter().chain(required.flatten()).any(|condition| excludes_empty(condition, name));
        (is_text && !is_excluded).then(|| name.clone())
    }

    fn param_named(&self, name: &str) -> Option<&'a Param> {
        let mut params = self
            .runbook
            .members
            .iter()
            .filter_map(|member| if let Member::Param(param) = member { Some(param) } else { None });
        params.find(|param| param.name.text == name)
    }

    /// Refuses words that nobody filled in.
    fn look_for_placeholders(&mut self, known: &[Known], words: &'a [Written]) {
        if known::reads_patterns(known) {
            return;
        }
        for word in words {
            let texts = word.parts.iter().filter_map(|part| match part {
                WordPart::Text(text) => Some(text.as_str()),
                WordPart::Value(_) | WordPart::Splice(_) => None,
            });
            if let Some(found) = texts.filter_map(known::placeholder).next() {
                self.report(
                    known::say_placeholder(word.span, found)
                        .help("declare a parameter for it, and write `${name}` here"),
                );
            }
        }
    }
}

/// A word that does not depend on the run.
fn written_out(word: &Written) -> Known {
    word.parts
        .iter()
        .map(|part| match part {
            WordPart::Text(text) => Some(text.as_str()),
            WordPart::Value(_) | WordPart::Splice(_) => None,
        })
        .collect()
}

fn whole(first: &Written, last: &Written) -> Span {
    Span { end: last.span.end, ..first.span }
}

/// Whether a condition does not hold for an empty text: `name != ""`, or a pattern that no empty text matches.
fn excludes_empty(condition: &Syntax, name: &str) -> bool {
    let ExprKind::Binary(operator, left, right) = &condition.kind else { return false };
    if *operator == BinaryOperator::And {
        return excludes_empty(left, name) || excludes_empty(right, name);
    }
    let is_it = |side: &Syntax| matches!(&side.kind, ExprKind::Name(found) if matches!(found.as_slice(), [found] if found.text == name));
    let text = |side: &Syntax| {
        let ExprKind::Text(parts) = &side.kind else { return None };
        match parts.as_slice() {
            [] => Some(String::new()),
            [WordPart::Text(text)] => Some(text.clone()),
            _ => None,
        }
    };
    match operator {
        BinaryOperator::NotEqual => {
            is_it(left) && text(right).is_some_and(|text| text.is_empty())
                || is_it(right) && text(left).is_some_and(|text| text.is_empty())
        }
        BinaryOperator::Matches => {
            is_it(left)
                && text(right).is_some_and(|pattern| {
                    regex::Regex::new(&pattern).is_ok_and(|pattern| !pattern.is_match(""))
                })
        }
        BinaryOperator::In => is_it(left),
        BinaryOperator::And
        | BinaryOperator::Or
        | BinaryOperator::Equal
        | BinaryOperator::Less
        | BinaryOperator::LessOrEqual
        | BinaryOperator::Greater
        | BinaryOperator::GreaterOrEqual
        | BinaryOperator::Plus
        | BinaryOperator::Minus
        | BinaryOperator::Times
        | BinaryOperator::Divide
        | BinaryOperator::OrElse => false,
    }
}
