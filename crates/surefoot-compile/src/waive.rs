//! Waivers: which findings a file silences, in what, until when; and whether it may.
//!
//! Must hold:
//! - only warnings are waived: an error stands before a plan, whatever anybody thinks of it;
//! - a waiver silences its code in the one thing after it, and nowhere else;
//! - every waiver does something, or is said to do nothing; after its last day it is an error.

use surefoot_plan::Waived;
use surefoot_syntax::ast::{About, Item, Member, Runbook, Waiver};
use surefoot_syntax::{Diagnostic, Page, Severity, Span, codes, explain, unknown_code};

use crate::day::Day;
use crate::load::Modules;
use crate::report::{Report, error, warning};

/// The code of a waiver that silences nothing. It is not waived itself: take the waiver out.
const SILENCES_NOTHING: &str = "SF0031";

/// The code of a review that is overdue.
const OVERDUE: &str = "SF0035";

/// Checks what waivers and reviews say of themselves.
pub(crate) fn check_written(modules: &Modules) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for waiver in modules.loaded.iter().flat_map(|loaded| &loaded.file.waivers) {
        match explain(&waiver.code.text) {
            None => found.push(unknown(waiver)),
            Some(page) if !may_be_waived(page) => found.push(not_waived(waiver, page)),
            Some(_) => {}
        }
        if waiver.covers.is_none() {
            found.push(
                error("SF0033", waiver.span, "this waiver stands before nothing")
                    .help("write it before the item, or the part of a runbook, that it is about"),
            );
        }
        if Day::parse(&waiver.until.text).is_none() {
            found.push(no_day(waiver.until.span, &waiver.until.text));
        }
    }
    for (_, reviewed) in modules.loaded.iter().flat_map(|loaded| &loaded.file.items).filter_map(review) {
        if Day::parse(&reviewed.text).is_none() {
            found.push(no_day(reviewed.span, &reviewed.text));
        }
    }
    found
}

/// Takes out what is waived, and says what is wrong with waivers and reviews on a day. Without a day nothing is
/// overdue and nothing has ended.
pub(crate) fn apply(modules: &Modules, mut found: Vec<Diagnostic>, today: Option<&Day>) -> Vec<Diagnostic> {
    if let Some(today) = today {
        found.extend(overdue(modules, today));
    }
    let mut said = Vec::new();
    for waiver in modules.loaded.iter().flat_map(|loaded| &loaded.file.waivers) {
        let Some(covers) = waiver.covers else { continue };
        let Some(page) = explain(&waiver.code.text) else {
            // The code is a slip, which was said: what it was meant for is most likely there.
            found.retain(|finding| {
                finding.severity == Severity::Error || !inside(finding.primary.span, covers)
            });
            continue;
        };
        if !may_be_waived(page) {
            continue;
        }
        let before = found.len();
        found.retain(|finding| finding.code != page.code || !inside(finding.primary.span, covers));
        let ended = today.zip(Day::parse(&waiver.until.text)).filter(|(today, until)| *today > until);
        if let Some((_, until)) = ended {
            said.push(
                error("SF0030", waiver.span, format!("this waiver of {} ended on {until}", page.code))
                    .here(format!("by {}: {}", waiver.by.text, waiver.why.text))
                    .label(head(covers), "it was for this")
                    .help("mend the finding and take the waiver out, or agree on a later day with whoever answers for it"),
            );
        } else if found.len() == before && (today.is_some() || page.code != OVERDUE) {
            said.push(
                warning(
                    SILENCES_NOTHING,
                    waiver.span,
                    format!("this waiver of {} silences nothing", page.code),
                )
                .label(head(covers), "in this there is no such finding")
                .note("it would silence what comes later, and nobody would look at it")
                .fixed_by("take it out", modules.whole_line(waiver.span), ""),
            );
        }
    }
    let wrong = found.iter().any(|finding| finding.severity == Severity::Error);
    // Some warnings are not looked for while something is wrong: then a waiver cannot be said to do nothing.
    said.retain(|finding| !wrong || finding.code != SILENCES_NOTHING);
    found.extend(said);
    found
}

/// What has come to its day: waivers that ended, and reviews that are overdue.
pub(crate) fn due(modules: &Modules, today: &Day) -> Vec<Diagnostic> {
    let mut due = apply(modules, Vec::new(), Some(today));
    due.retain(|finding| finding.code != SILENCES_NOTHING);
    due
}

/// What stands in the plan of a runbook: what is waived in it, and in what it may use.
pub(crate) fn waived(modules: &Modules, runbook: &Runbook) -> Vec<Waived> {
    let mut waived = Vec::new();
    for (index, loaded) in modules.loaded.iter().enumerate() {
        let runbooks = loaded.file.items.iter().filter_map(runbook_of);
        let others = runbooks.filter(|other| index > 0 || other.name.text != runbook.name.text);
        let others: Vec<Span> = others.map(|other| other.span).collect();
        for waiver in &loaded.file.waivers {
            let Some(covers) = waiver.covers else { continue };
            if others.iter().any(|other| inside(covers, *other)) {
                continue;
            }
            let within = name(modules.text(covers));
            let file = &loaded.source.path;
            waived.push(Waived {
                code: explain(&waiver.code.text)
                    .map_or(waiver.code.text.as_str(), |page| page.code)
                    .to_owned(),
                within: if index == 0 { within } else { format!("{within} of {file}") },
                until: waiver.until.text.clone(),
                by: waiver.by.text.clone(),
                why: waiver.why.text.clone(),
            });
        }
    }
    waived
}

/// Whether a finding can be silenced: a warning, and not the one about waivers.
fn may_be_waived(page: &Page) -> bool {
    page.severity == Severity::Warning && page.code != SILENCES_NOTHING
}

fn unknown(waiver: &Waiver) -> Diagnostic {
    let Waiver { code, .. } = waiver;
    let found = error("SF0130", code.span, unknown_code(&code.text));
    let written = code.text.to_uppercase();
    found.did_you_mean(
        &written,
        code.span,
        codes().iter().filter(|page| may_be_waived(page)).map(|page| page.code),
    )
}

fn not_waived(waiver: &Waiver, page: &Page) -> Diagnostic {
    let found = error("SF0032", waiver.code.span, format!("{} cannot be waived", page.code));
    if page.code == SILENCES_NOTHING {
        return found.help("take the waiver out that silences nothing");
    }
    found
        .here(format!("{} is an error", page.name.replace('-', " ")))
        .note("an error stands before a plan: what it says is wrong until it is mended, and only warnings are waived")
}

fn no_day(span: Span, text: &str) -> Diagnostic {
    error("SF0034", span, format!("`{text}` is no day")).help("a day is written as `2026-12-31`")
}

/// The reviews that are overdue.
fn overdue(modules: &Modules, today: &Day) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let root = modules.loaded.first().into_iter();
    for (about, reviewed) in root.flat_map(|root| &root.file.items).filter_map(review) {
        let due = about.review_every.and_then(|every| Day::parse(&reviewed.text)?.after(every.ms));
        if let Some(due) = due.filter(|due| today > due) {
            found.push(
                warning(OVERDUE, reviewed.span, format!("the review of this runbook was due on {due}")).help(
                    "walk through it with whoever uses it, mend what changed, and write the day of today",
                ),
            );
        }
    }
    found
}

/// When a runbook says it was reviewed.
fn review(item: &Item) -> Option<(&About, &surefoot_syntax::ast::Text)> {
    let mut members = runbook_of(item)?.members.iter();
    let about =
        members.find_map(|member| if let Member::About(about) = member { Some(about) } else { None })?;
    Some((about, about.reviewed.as_ref()?))
}

fn runbook_of(item: &Item) -> Option<&Runbook> {
    if let Item::Runbook(runbook) = item { Some(runbook) } else { None }
}

fn inside(place: Span, whole: Span) -> bool {
    place.file == whole.file && whole.start <= place.start && place.end <= whole.end
}

/// The beginning of a place: a label over a whole runbook shows nothing.
fn head(span: Span) -> Span {
    Span { end: span.start, ..span }
}

/// What something is called: its first two words, as `step promote`.
fn name(text: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let words = text.split(|c| !is_part(c)).filter(|word| !word.is_empty());
    words.take(2).collect::<Vec<_>>().join(" ")
}
