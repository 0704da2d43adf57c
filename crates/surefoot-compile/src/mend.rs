//! Mends runbooks: makes the edits that are surely right, and looks again, until there are none left.
//!
//! Nothing is written here: what comes out are texts, for a command to show or to write.

use std::collections::BTreeMap;

use surefoot_syntax::{Applicability, Diagnostic, FileId, Fix, Source, apply_fixes};

use crate::analysis::{Analysis, analyze};
use crate::load::Sources;

/// Most times a file is looked at again. Each time at least one finding is mended; a runbook with more to mend is
/// mended by the next call.
pub const PASSES_MAX: usize = 64;

/// Texts that are being mended, over the files they came from.
pub struct Mending<'s> {
    under: &'s dyn Sources,
    changed: BTreeMap<String, Changed>,
    /// How many edits were made.
    pub applied: usize,
    /// Whether something that could be mended is left, because [`PASSES_MAX`] was reached.
    pub unfinished: bool,
}

/// A file, before and after.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Changed {
    /// As it was read.
    pub before: String,
    /// As it is to be.
    pub after: String,
}

impl Sources for Mending<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        match self.changed.get(path) {
            Some(changed) => Ok(changed.after.clone()),
            None => self.under.read(path),
        }
    }
}

impl<'s> Mending<'s> {
    /// Nothing is changed yet.
    pub fn new(under: &'s dyn Sources) -> Mending<'s> {
        Mending { under, changed: BTreeMap::new(), applied: 0, unfinished: false }
    }

    /// Mends a file, and of what it uses the files that may be edited. `found` says what is wrong.
    ///
    /// # Errors
    /// Why the file cannot be read.
    pub fn mend(
        &mut self,
        path: &str,
        may_edit: &dyn Fn(&str) -> bool,
        found: &dyn Fn(&Analysis) -> Vec<Diagnostic>,
    ) -> Result<(), String> {
        for _ in 0..PASSES_MAX {
            let text = self.read(path)?;
            let analysis = analyze(self, Source { id: FileId(0), path: path.to_owned(), text });
            if !self.apply(&analysis, &found(&analysis), may_edit) {
                return Ok(());
            }
        }
        self.unfinished = true;
        Ok(())
    }

    /// The files that were changed, by path.
    pub fn changed(&self) -> &BTreeMap<String, Changed> {
        &self.changed
    }

    /// Makes the edits of what was found. False if there is nothing to do.
    fn apply(&mut self, analysis: &Analysis, found: &[Diagnostic], may_edit: &dyn Fn(&str) -> bool) -> bool {
        let mut fixes: BTreeMap<FileId, Vec<&Fix>> = BTreeMap::new();
        for fix in found.iter().filter_map(safe_fix) {
            let mut files = fix.edits.iter().map(|edit| edit.span.file);
            let Some(file) = files.next() else { continue };
            if files.all(|other| other == file) {
                fixes.entry(file).or_default().push(fix);
            }
        }
        let mut any = false;
        for source in analysis.sources().filter(|source| may_edit(&source.path)) {
            let (after, applied) =
                apply_fixes(&source.text, fixes.get(&source.id).map_or(&[], Vec::as_slice));
            if after == source.text {
                continue;
            }
            any = true;
            self.applied += applied;
            let before = source.text.clone();
            let changed =
                self.changed.entry(source.path.clone()).or_insert(Changed { before, after: String::new() });
            changed.after = after;
        }
        any
    }
}

/// The edit of a finding that may be made unseen: one of several is no choice of ours.
fn safe_fix(diagnostic: &Diagnostic) -> Option<&Fix> {
    match diagnostic.fixes.as_slice() {
        [fix] if fix.applicability == Applicability::Safe => Some(fix),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use surefoot_syntax::{Applicability, Diagnostic, FileId, Span};

    use super::{Mending, PASSES_MAX};
    use crate::load::Sources;

    struct One;

    impl Sources for One {
        fn read(&self, _path: &str) -> Result<String, String> {
            Ok("# x\n".to_owned())
        }
    }

    fn longer(applicability: Applicability) -> Diagnostic {
        let place = Span { file: FileId(0), start: 3, end: 3 };
        Diagnostic::error("SF0101", place, "no").fix(applicability, "make it longer", place, "x")
    }

    #[test]
    fn what_is_never_done_ends_and_says_so() {
        let mut mending = Mending::new(&One);
        mending.mend("x", &|_| true, &|_| vec![longer(Applicability::Safe)]).unwrap();
        assert!(mending.unfinished);
        assert_eq!(mending.applied, PASSES_MAX);
        assert_eq!(mending.read("x").unwrap(), format!("# x{}\n", "x".repeat(PASSES_MAX)));
    }

    #[test]
    fn only_what_is_sure_is_done_and_only_where_it_may_be() {
        let one_of_two = longer(Applicability::Safe).fix(
            Applicability::Safe,
            "or shorter",
            Span { file: FileId(0), start: 2, end: 3 },
            "",
        );
        for (found, may_edit) in
            [(longer(Applicability::Unsafe), true), (one_of_two, true), (longer(Applicability::Safe), false)]
        {
            let mut mending = Mending::new(&One);
            mending.mend("x", &|_| may_edit, &|_| vec![found.clone()]).unwrap();
            assert!(mending.changed().is_empty() && !mending.unfinished);
        }
    }
}
