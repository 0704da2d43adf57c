//! Applies edits to a text.

use crate::{Edit, Fix};

/// The text with the fixes applied, and how many were. Of two that overlap, the one that begins first is applied;
/// the other is left for the next time. A fix is applied whole or not at all. The edits must be of the file `text` is.
#[must_use]
pub fn apply_fixes(text: &str, fixes: &[&Fix]) -> (String, usize) {
    let mut order: Vec<&Fix> = fixes.iter().copied().filter(|fix| !fix.edits.is_empty()).collect();
    order.sort_by_key(|fix| fix.edits.iter().map(|edit| edit.span.start).min());
    let mut applied = 0;
    let mut chosen: Vec<&Edit> = Vec::new();
    for fix in order {
        let fits = fix.edits.iter().all(|edit| {
            text.get(edit.span.start as usize..edit.span.end as usize).is_some()
                && !chosen.iter().any(|other| overlap(edit, other))
        });
        if fits {
            chosen.extend(&fix.edits);
            applied += 1;
        }
    }
    chosen.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut out = String::with_capacity(text.len());
    let mut position = 0;
    for edit in chosen {
        out.push_str(text.get(position..edit.span.start as usize).unwrap_or_default());
        out.push_str(&edit.text);
        position = edit.span.end as usize;
    }
    out.push_str(text.get(position..).unwrap_or_default());
    (out, applied)
}

/// Whether two edits touch the same bytes, or insert at the same place.
fn overlap(a: &Edit, b: &Edit) -> bool {
    let inserts_there =
        a.span.start == b.span.start && (a.span.start == a.span.end || b.span.start == b.span.end);
    inserts_there || a.span.start < b.span.end && b.span.start < a.span.end
}

#[cfg(test)]
mod tests {
    use super::apply_fixes;
    use crate::{Applicability, Edit, FileId, Fix, Span};

    fn fix(edits: &[(u32, u32, &str)]) -> Fix {
        let edits = edits
            .iter()
            .map(|(start, end, text)| Edit {
                span: Span { file: FileId(0), start: *start, end: *end },
                text: (*text).to_owned(),
            })
            .collect();
        Fix { title: String::new(), edits, applicability: Applicability::Safe }
    }

    #[test]
    fn edits_are_applied_in_order_of_the_text() {
        let fixes = [&fix(&[(4, 4, "x")]), &fix(&[(0, 1, "A"), (3, 4, "")])];
        assert_eq!(apply_fixes("abcdef", &fixes), ("Abcxef".to_owned(), 2));
    }

    #[test]
    fn of_two_that_overlap_the_first_is_applied_and_the_other_is_not_torn() {
        let fixes = [&fix(&[(2, 4, "-"), (5, 6, "!")]), &fix(&[(1, 3, "+")])];
        assert_eq!(apply_fixes("abcdef", &fixes), ("a+def".to_owned(), 1));
    }

    #[test]
    fn an_edit_outside_of_the_text_is_left_out() {
        assert_eq!(apply_fixes("ab", &[&fix(&[(1, 9, "x")])]), ("ab".to_owned(), 0));
        assert_eq!(apply_fixes("ä", &[&fix(&[(1, 2, "x")])]), ("ä".to_owned(), 0));
    }
}
