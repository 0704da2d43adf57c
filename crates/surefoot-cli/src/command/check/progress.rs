//! One line on a terminal that says how far a long check is, and is gone when it is over.

use std::io::Write;

/// Fewer files than this are checked before the line could be read.
const FILES_MIN: usize = 20;

/// How far a check is.
pub(crate) struct Progress<W: Write> {
    /// Where it is shown; nowhere if nobody looks.
    out: Option<W>,
    total: usize,
    /// The percent that is shown, so that a line is written a hundred times at most.
    percent: Option<usize>,
}

impl<W: Write> Progress<W> {
    /// `terminal`: whether `out` is one that a person looks at.
    pub(crate) fn new(out: W, total: usize, terminal: bool) -> Self {
        Progress { out: (terminal && total >= FILES_MIN).then_some(out), total, percent: None }
    }

    /// So many are done.
    pub(crate) fn done(&mut self, count: usize) {
        let percent = count * 100 / self.total.max(1);
        if self.percent == Some(percent) {
            return;
        }
        self.percent = Some(percent);
        let total = self.total;
        self.write(&format!("\rchecking: {count} of {total} files, {percent} %"));
    }

    /// Takes the line away.
    pub(crate) fn over(&mut self) {
        if self.percent.is_some() {
            self.write("\r\u{1b}[K");
        }
    }

    fn write(&mut self, text: &str) {
        if let Some(out) = &mut self.out {
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Progress;

    fn shown(total: usize, terminal: bool) -> String {
        let mut out = Vec::new();
        let mut progress = Progress::new(&mut out, total, terminal);
        (1..=total).for_each(|count| progress.done(count));
        progress.over();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_terminal_sees_one_line_that_goes_away() {
        let shown = shown(1_000, true);
        assert!(shown.contains("\rchecking: 500 of 1000 files, 50 %"));
        assert!(shown.ends_with("\r\u{1b}[K") && !shown.contains('\n'));
        assert!(shown.matches('\r').count() <= 102);
    }

    #[test]
    fn nobody_else_sees_it_and_few_files_have_none() {
        assert_eq!(shown(1_000, false), "");
        assert_eq!(shown(3, true), "");
    }
}
