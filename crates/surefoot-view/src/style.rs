//! Lines of text for a person: wrapped, aligned, and free of anything that a terminal would obey.
//!
//! Must hold: every text that comes from outside (outputs, answers, comments, names) passes through
//! [`plain`] before it is shown; colour is added last, and never says what words do not.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The width of text that does not know its terminal.
pub const WIDTH: usize = 100;

/// Narrower than this, nothing is aligned or cut any more: the terminal wraps as it likes.
const WIDTH_MIN: usize = 40;

/// How text is laid out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Style {
    /// How many columns a line may have.
    pub width: usize,
    /// Only ASCII: for terminals and pagers that show nothing else.
    pub ascii: bool,
    /// Whether colours are used beside the words.
    pub colour: bool,
}

impl Default for Style {
    fn default() -> Style {
        Style { width: WIDTH, ascii: false, colour: false }
    }
}

/// What a piece of text is for; decides its colour where there is one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    /// A heading.
    Strong,
    /// Less important.
    Faint,
    /// It went well.
    Good,
    /// It did not.
    Bad,
    /// Someone must look.
    Careful,
}

impl Style {
    /// The number of columns that are used.
    pub(crate) fn columns(&self) -> usize {
        self.width.max(WIDTH_MIN)
    }

    /// Adds a colour to text, if colours are used.
    pub(crate) fn paint(&self, role: Role, text: &str) -> String {
        let code = match role {
            Role::Strong => "1",
            Role::Faint => "2",
            Role::Good => "32",
            Role::Bad => "31",
            Role::Careful => "33",
        };
        match self.colour && !text.is_empty() {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }

    /// The sign, or its ASCII form.
    pub(crate) fn sign(&self, sign: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { sign }
    }

    /// A line across.
    pub(crate) fn rule(&self, title: &str) -> String {
        let dash = self.sign("─", "-");
        let start = format!("{} {title} ", dash.repeat(2));
        let rest = self.columns().saturating_sub(width(&start));
        format!("{start}{}", dash.repeat(rest))
    }
}

/// How many columns a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// Makes text safe to show: no control character reaches a terminal, no mark turns the direction of
/// reading, nothing is invisible. Line breaks and tabs become spaces.
pub fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\t' | '\r' => safe.push(' '),
            letter if is_hidden(letter) => safe.extend(letter.escape_unicode()),
            letter => safe.push(letter),
        }
    }
    safe
}

/// Makes text of several lines safe to show; its line breaks stay.
pub fn plain_text(text: &str) -> String {
    let mut safe = plain_lines(text).join("\n");
    if text.ends_with('\n') {
        safe.push('\n');
    }
    safe
}

/// The lines of a text, each made safe to show.
pub(crate) fn plain_lines(text: &str) -> Vec<String> {
    text.lines().map(|line| plain(&line.replace('\t', "    "))).collect()
}

/// Whether a character acts instead of being seen.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Cuts text to so many columns, and shows that it was cut.
pub(crate) fn cut(text: &str, columns: usize, style: &Style) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mark = style.sign("…", "..");
    let room = columns.saturating_sub(width(mark));
    let (mut kept, mut used) = (String::new(), 0);
    for letter in text.chars() {
        used += letter.width().unwrap_or(0);
        if used > room {
            break;
        }
        kept.push(letter);
    }
    kept + mark
}

/// Breaks text into lines of at most so many columns, between words where it can.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !line.is_empty() && width(&line) + 1 + width(word) > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

/// Text under construction. What is added is made safe.
#[derive(Debug)]
pub(crate) struct Page {
    /// How it is laid out.
    pub(crate) style: Style,
    /// What there is so far.
    lines: Vec<String>,
}

impl Page {
    /// An empty page.
    pub(crate) fn new(style: &Style) -> Page {
        Page { style: *style, lines: Vec::new() }
    }

    /// Adds text after so many spaces, wrapped; further lines begin two columns deeper.
    pub(crate) fn text(&mut self, indent: usize, text: &str) {
        self.hanging(indent, "", text, 0);
    }

    /// Adds a label and text beside it, wrapped below itself.
    pub(crate) fn field(&mut self, indent: usize, label: &str, wide: usize, text: &str) {
        self.hanging(indent, label, text, wide);
    }

    /// Adds a label of at least so many columns, and wrapped text beside it.
    fn hanging(&mut self, indent: usize, label: &str, text: &str, wide: usize) {
        let label = plain(label);
        let start = match label.is_empty() && wide == 0 {
            true => String::new(),
            false => format!("{label}{} ", " ".repeat(wide.saturating_sub(width(&label)))),
        };
        let deep = indent + width(&start);
        let room = self.style.columns().saturating_sub(deep).max(WIDTH_MIN / 2);
        for (at, line) in wrap(&plain(text), room).into_iter().enumerate() {
            let line = match at {
                0 => format!("{}{start}{line}", " ".repeat(indent)),
                _ => format!("{}{line}", " ".repeat(deep)),
            };
            self.lines.push(line.trim_end().to_owned());
        }
    }

    /// Adds a heading, with an empty line before it.
    pub(crate) fn heading(&mut self, text: &str) {
        self.gap();
        let text = self.style.paint(Role::Strong, &plain(text));
        self.lines.push(text);
    }

    /// Adds a line as it is, but for what a terminal would obey; not wrapped.
    pub(crate) fn verbatim(&mut self, indent: usize, text: &str) {
        let text = plain(text);
        self.lines.push(format!("{}{}", " ".repeat(indent), text.trim_end()).trim_end().to_owned());
    }

    /// Adds lines of two columns, under a label; none is wrapped, so that they can be copied.
    pub(crate) fn columns(&mut self, label: &str, wide: usize, rows: &[(String, String)]) {
        let first = rows.iter().map(|(left, _)| width(&plain(left))).max().unwrap_or(0);
        for (at, (left, right)) in rows.iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            let left = plain(left);
            let room = " ".repeat(first.saturating_sub(width(&left)));
            let start = format!("{label:<wide$} {left}{room}   ");
            // Only what explains is cut: the first column is there to be copied.
            let space = self.style.columns().saturating_sub(width(&start)).max(WIDTH_MIN / 2);
            self.verbatim(0, &format!("{start}{}", cut(&plain(right), space, &self.style)));
        }
    }

    /// Adds a line across.
    pub(crate) fn rule(&mut self, title: &str) {
        let rule = self.style.rule(&plain(title));
        self.lines.push(rule);
    }

    /// Adds an empty line, unless there is one or nothing.
    pub(crate) fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(String::new());
        }
    }

    /// The text, with a line break at its end.
    pub(crate) fn finish(self) -> String {
        let mut text = self.lines.join("\n");
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{Page, Style, cut, plain, width, wrap};

    #[test]
    fn nothing_that_acts_is_left() {
        assert_eq!(plain("a\u{1b}[31mred\u{9b}2J\u{7}"), "a\\u{1b}[31mred\\u{9b}2J\\u{7}");
        assert_eq!(plain("user\u{202e}txt.exe\u{200b}"), "user\\u{202e}txt.exe\\u{200b}");
        assert_eq!(plain("one\ntwo\tthree\r"), "one two three ");
        assert_eq!(plain("Zürich → 東京 ✓"), "Zürich → 東京 ✓");
        assert_eq!(super::plain_text("one\r\n\ttwo\u{1b}\n"), "one\n    two\\u{1b}\n");
        let every: String =
            (0..=0x0010_FFFFu32).filter_map(char::from_u32).filter(|c| c.is_control()).collect();
        assert!(!plain(&every).chars().any(char::is_control));
    }

    #[test]
    fn text_is_cut_and_wrapped_by_columns() {
        let style = Style::default();
        assert_eq!(cut("東京東京", 5, &style), "東京…");
        assert_eq!(cut("short", 5, &style), "short");
        assert_eq!(cut("longer", 5, &Style { ascii: true, ..style }), "lon..");
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("unbreakable word", 4), ["unbreakable", "word"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(width(&Style { width: 50, ..style }.rule("point of no return")), 50);
    }

    #[test]
    fn a_label_keeps_its_text_beside_it() {
        let mut page = Page::new(&Style { width: 40, ..Style::default() });
        page.field(2, "needs", 8, "the primary serves and the standby is not far behind it");
        page.gap();
        page.gap();
        page.verbatim(0, "\u{1b}[2Jend");
        assert_eq!(
            page.finish(),
            "  needs    the primary serves and the\n           standby is not far behind it\n\n\\u{1b}[2Jend\n"
        );
    }
}
