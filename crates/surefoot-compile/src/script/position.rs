//! Where the bytes of a script stand in its runbook: a script is told without the indentation of its fence.

use surefoot_syntax::Span;

use super::tree::Place;

/// Maps places of a script to places of its file.
pub(super) struct Positions {
    span: Span,
    /// For each line: where it starts in the script, and in the text between the fences.
    lines: Vec<(usize, usize)>,
}

impl Positions {
    /// `span`: all between the fences, which reads `written`; `text`: that without its indentation.
    pub(super) fn new(span: Span, written: &str, text: &str) -> Positions {
        let mut lines = Vec::new();
        let (mut in_text, mut in_written) = (0, 0);
        for (line, raw) in text.split_inclusive('\n').zip(written.split_inclusive('\n')) {
            // What is missing of a line is missing at its start.
            lines.push((in_text, in_written + raw.len().saturating_sub(line.len())));
            in_text += line.len();
            in_written += raw.len();
        }
        Positions { span, lines }
    }

    /// Returns where a place stands in the file.
    pub(super) fn span(&self, place: Place) -> Span {
        let start = self.offset(place.start);
        // The end of a line is looked up on that line, not on the next one.
        let end = match place.end.checked_sub(1) {
            Some(last) if place.end > place.start => self.offset(last) + 1,
            Some(_) | None => start,
        };
        let at = |offset: usize| {
            let offset = u32::try_from(offset).unwrap_or(u32::MAX);
            self.span.start.saturating_add(offset).min(self.span.end)
        };
        Span { start: at(start), end: at(end), ..self.span }
    }

    fn offset(&self, offset: usize) -> usize {
        let after = self.lines.partition_point(|(start, _)| *start <= offset);
        let line = after.checked_sub(1).and_then(|index| self.lines.get(index));
        line.map_or(offset, |(start, written)| written + (offset - start))
    }
}
