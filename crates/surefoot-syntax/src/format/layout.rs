//! What a text is laid out from: lines, made of parts.

/// A line of a file, of a block, or of a list that is broken: a statement, an item, a comment.
#[derive(Debug)]
pub(super) struct Line<'t> {
    /// The line breaks before it in the source: none, one, or two for more.
    pub(super) breaks: u8,
    pub(super) what: What,
    /// The blanks it stood behind, if it is damaged and keeps them.
    pub(super) margin: Option<&'t str>,
    /// A list at its end may be broken if the line is too long.
    pub(super) may_break: bool,
    pub(super) parts: Vec<Part<'t>>,
}

/// What a line is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum What {
    /// A statement, an item of a list, a `##` line.
    Own,
    /// The end of a statement: it stays on the line of what stands before it, if it stands there.
    Tail,
    /// A `#` comment, which stays there too.
    Comment,
}

/// A part of a line.
#[derive(Debug)]
pub(super) enum Part<'t> {
    /// It is written as it stands in the source, be it over several lines.
    Text {
        text: &'t str,
        /// A blank stands before it, if anything does.
        blank: bool,
        wrap: Wrap,
    },
    Block(Block<'t>),
    List(List<'t>),
}

/// Whether a part begins a line although its statement goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Wrap {
    No,
    /// The line before it ends in `\`; so do more lines before it, if this is more than one.
    Continued(u32),
    /// A command ends where its line ends.
    Command,
}

/// `{`, statements, `}`
#[derive(Debug)]
pub(super) struct Block<'t> {
    /// It stands on one line in the source.
    pub(super) on_one_line: bool,
    pub(super) lines: Vec<Line<'t>>,
}

/// A pair of brackets with what stands between them, cut where it may be broken.
#[derive(Debug)]
pub(super) struct List<'t> {
    pub(super) open: &'t str,
    pub(super) close: &'t str,
    /// A blank stands before it, if anything does.
    pub(super) blank: bool,
    /// Its author has broken it.
    pub(super) broken: bool,
    /// It must be broken, for the sake of a comment or a command in it.
    pub(super) must_break: bool,
    /// It only holds an expression together: it is broken if it is too long, and otherwise not.
    pub(super) joins: bool,
    /// An operator stands beside it; to break it would tear the expression apart.
    pub(super) is_operand: bool,
    pub(super) lines: Vec<Line<'t>>,
}

impl List<'_> {
    /// Whether it stands on several lines, be it short or long.
    pub(super) fn is_broken(&self) -> bool {
        self.must_break || self.broken && !self.joins
    }

    /// Whether blanks stand within its brackets.
    pub(super) fn is_padded(&self) -> bool {
        self.open == "{" && !self.lines.is_empty()
    }
}
