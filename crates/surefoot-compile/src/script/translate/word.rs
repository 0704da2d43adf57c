//! Words: their pieces, without the levels of their quotes.

use shuck_ast as parsed;

use super::Translator;
use crate::script::tree::{Form, Piece, PieceKind, Place, Shape, Variable, Word};

/// Around a piece of text: what a backslash means there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Around {
    Nothing,
    Quotes,
    Document,
}

impl Word {
    /// A word that stands there as it is.
    pub(super) fn plain(text: &str, place: Place) -> Word {
        let kind = PieceKind::Text(text.to_owned());
        Word { pieces: vec![Piece { kind, quoted: false, place }], place }
    }
}

impl Translator<'_> {
    pub(super) fn word(&mut self, word: &parsed::Word) -> Word {
        let mut pieces = Vec::with_capacity(word.parts.len());
        for part in &word.parts {
            self.part(part, Around::Nothing, &mut pieces);
        }
        if word.has_active_brace_expansion() {
            self.only_bash(word.span, "`{a,b}`");
        }
        Word { pieces, place: self.place(word.span) }
    }

    fn part(&mut self, part: &parsed::WordPartNode, around: Around, pieces: &mut Vec<Piece>) {
        let place = self.place(part.span);
        let quoted = around != Around::Nothing;
        let mut add = |kind| pieces.push(Piece { kind, quoted, place });
        match &part.kind {
            parsed::WordPart::Literal(text) => add(PieceKind::Text(self.literal(text, part.span, around))),
            parsed::WordPart::SingleQuoted { value, dollar } => {
                if *dollar {
                    self.only_bash(part.span, "`$'…'`");
                }
                self.must_end(part.span, "'");
                let text = value.slice(self.text).to_owned();
                pieces.push(Piece { kind: PieceKind::Text(text), quoted: true, place });
            }
            parsed::WordPart::DoubleQuoted { parts, .. } => {
                self.must_end(part.span, "\"");
                if parts.is_empty() {
                    pieces.push(Piece { kind: PieceKind::Text(String::new()), quoted: true, place });
                }
                for part in parts {
                    self.part(part, Around::Quotes, pieces);
                }
            }
            parsed::WordPart::Variable(name) => {
                if self.slice(place).starts_with("${") {
                    self.must_end(part.span, "}");
                }
                add(PieceKind::Variable(plain_variable(name.as_str())));
            }
            parsed::WordPart::CommandSubstitution { body, .. } => {
                let block = self.block(body);
                add(PieceKind::Output(block, Form::Substitution));
            }
            parsed::WordPart::ProcessSubstitution { body, .. } => {
                self.only_bash(part.span, "`<(…)`");
                let block = self.block(body);
                add(PieceKind::Output(block, Form::Process));
            }
            parsed::WordPart::ArithmeticExpansion { expression_ast, expression_word_ast, .. } => {
                let inner = match expression_ast {
                    Some(expr) => self.arithmetic(expr),
                    None => self.word(expression_word_ast).pieces,
                };
                add(PieceKind::Arithmetic(inner));
            }
            parsed::WordPart::Parameter(parameter) => {
                self.must_end(part.span, "}");
                if let parsed::ParameterExpansionSyntax::Bourne(syntax) = &parameter.syntax {
                    let variable = self.parameter(syntax, part.span);
                    add(PieceKind::Variable(variable));
                }
            }
            parsed::WordPart::ParameterExpansion { reference, operator, operand_word_ast, .. } => {
                let variable =
                    self.operation(reference, Some(operator), operand_word_ast.as_deref(), part.span);
                add(PieceKind::Variable(variable));
            }
            parsed::WordPart::Length(reference) | parsed::WordPart::ArrayLength(reference) => {
                let variable = Variable { shape: Shape::Number, ..self.reference(reference, true) };
                add(PieceKind::Variable(variable));
            }
            parsed::WordPart::ArrayAccess(reference) => {
                let variable = self.reference(reference, true);
                add(PieceKind::Variable(variable));
            }
            parsed::WordPart::ArrayIndices(reference) => {
                let variable = Variable { shape: Shape::All, ..self.reference(reference, false) };
                add(PieceKind::Variable(variable));
            }
            parsed::WordPart::Substring { reference, offset_word_ast, length_word_ast, .. }
            | parsed::WordPart::ArraySlice { reference, offset_word_ast, length_word_ast, .. } => {
                let words = [Some(offset_word_ast.as_ref()), length_word_ast.as_deref()];
                let variable = self.slice_of(reference, words.into_iter().flatten(), part.span);
                add(PieceKind::Variable(variable));
            }
            parsed::WordPart::IndirectExpansion { reference, operator, operand_word_ast, .. } => {
                self.only_bash(part.span, "`${!x}`");
                let word = operand_word_ast.as_deref();
                let variable = self.operation(reference, operator.as_deref(), word, part.span);
                add(PieceKind::Variable(variable));
            }
            parsed::WordPart::Transformation { reference, .. } => {
                self.only_bash(part.span, "`${x@Q}`");
                let variable = self.reference(reference, true);
                add(PieceKind::Variable(variable));
            }
            parsed::WordPart::PrefixMatch { .. } => self.only_bash(part.span, "`${!x*}`"),
            // What only zsh knows: no script here is read as zsh.
            parsed::WordPart::ZshQualifiedGlob(_) => add(PieceKind::Text(self.slice(place).to_owned())),
        }
    }

    /// Notes a quote or brace that nothing closes.
    fn must_end(&mut self, span: parsed::Span, end: &str) {
        let place = Place { start: span.start.offset(), end: span.end.offset() };
        let written = self.slice(place);
        let opened = matches!(written.get(..1), Some("'" | "\"" | "$"));
        if opened && (!written.ends_with(end) || written.len() < 2) {
            let shown =
                written.chars().take_while(|c| matches!(c, '$' | '{' | '"' | '\'')).collect::<String>();
            let place = Place { start: place.start, end: place.start + shown.len() };
            self.remarks.broken.push((place, format!("nothing closes this `{shown}`")));
        }
    }

    fn literal(&self, text: &parsed::LiteralText, span: parsed::Span, around: Around) -> String {
        let written = self.text.get(span.start.offset()..span.end.offset()).unwrap_or_default();
        match text {
            // Of a here-document the parser takes the tabs away.
            parsed::LiteralText::Owned(text) if around == Around::Document => text.to_string(),
            // What it made up stands nowhere.
            parsed::LiteralText::Owned(text) | parsed::LiteralText::CookedSource(text)
                if written.is_empty() =>
            {
                text.to_string()
            }
            parsed::LiteralText::Source
            | parsed::LiteralText::Owned(_)
            | parsed::LiteralText::CookedSource(_) => unescaped(written, around),
        }
    }

    fn parameter(&mut self, syntax: &parsed::BourneParameterExpansion, span: parsed::Span) -> Variable {
        match syntax {
            parsed::BourneParameterExpansion::Access { reference } => self.reference(reference, true),
            parsed::BourneParameterExpansion::Length { reference } => {
                Variable { shape: Shape::Number, ..self.reference(reference, true) }
            }
            parsed::BourneParameterExpansion::Indices { reference } => {
                self.only_bash(span, "`${!x[@]}`");
                Variable { shape: Shape::All, ..self.reference(reference, false) }
            }
            parsed::BourneParameterExpansion::Indirect { reference, operator, operand_word_ast, .. } => {
                self.only_bash(span, "`${!x}`");
                self.operation(reference, operator.as_deref(), operand_word_ast.as_deref(), span)
            }
            parsed::BourneParameterExpansion::PrefixMatch { .. } => {
                self.only_bash(span, "`${!x*}`");
                Variable { must_be_set: false, shape: Shape::All, ..plain_variable("") }
            }
            parsed::BourneParameterExpansion::Slice {
                reference, offset_word_ast, length_word_ast, ..
            } => {
                let words = [Some(offset_word_ast.as_ref()), length_word_ast.as_deref()];
                self.slice_of(reference, words.into_iter().flatten(), span)
            }
            parsed::BourneParameterExpansion::Operation { reference, operator, operand_word_ast, .. } => {
                self.operation(reference, Some(operator), operand_word_ast.as_deref(), span)
            }
            parsed::BourneParameterExpansion::Transformation { reference, .. } => {
                self.only_bash(span, "`${x@Q}`");
                self.reference(reference, true)
            }
        }
    }

    /// A variable, or an element of it.
    fn reference(&mut self, reference: &parsed::VarRef, must_be_set: bool) -> Variable {
        let mut variable = plain_variable(reference.name.as_str());
        variable.must_be_set &= must_be_set;
        if let Some(index) = &reference.subscript {
            self.only_bash(reference.span, "`${x[…]}`");
            if index.is_array_selector() {
                variable.shape = Shape::All;
                // None of none is no mistake; bash says so since 4.4.
                variable.must_be_set = false;
            } else if let Some(expr) = &index.arithmetic_ast {
                // A word may be the name of an element and not of a variable: nothing is asked of it.
                let mut inner = self.arithmetic(expr);
                inner.retain(|piece| !matches!(&piece.kind, PieceKind::Variable(inner) if !inner.sets && self.is_bare(piece)));
                variable.inner = inner;
            }
        }
        variable
    }

    /// Whether a variable stands without `$`.
    fn is_bare(&self, piece: &Piece) -> bool {
        !self.slice(piece.place).starts_with('$')
    }

    fn slice_of<'w>(
        &mut self,
        reference: &parsed::VarRef,
        words: impl Iterator<Item = &'w parsed::Word>,
        span: parsed::Span,
    ) -> Variable {
        self.only_bash(span, "`${x:…}`");
        let mut variable = self.reference(reference, true);
        for word in words {
            variable.inner.extend(self.word(word).pieces);
        }
        variable
    }

    /// `${x:-…}` and its like.
    fn operation(
        &mut self,
        reference: &parsed::VarRef,
        operator: Option<&parsed::ParameterOp>,
        operand: Option<&parsed::Word>,
        span: parsed::Span,
    ) -> Variable {
        let mut variable = self.reference(reference, true);
        let mut operand = operand;
        let mut pattern = None;
        match operator {
            None => {}
            Some(parsed::ParameterOp::UseDefault | parsed::ParameterOp::Error) => {
                variable.must_be_set = false
            }
            Some(parsed::ParameterOp::AssignDefault) => {
                variable.must_be_set = false;
                variable.sets = true;
            }
            Some(parsed::ParameterOp::UseReplacement) => {
                variable.must_be_set = false;
                variable.shape = Shape::Inner;
            }
            Some(
                parsed::ParameterOp::RemovePrefixShort { pattern: p }
                | parsed::ParameterOp::RemovePrefixLong { pattern: p }
                | parsed::ParameterOp::RemoveSuffixShort { pattern: p }
                | parsed::ParameterOp::RemoveSuffixLong { pattern: p },
            ) => pattern = Some(p),
            Some(
                parsed::ParameterOp::ReplaceFirst { pattern: p, replacement_word_ast, .. }
                | parsed::ParameterOp::ReplaceAll { pattern: p, replacement_word_ast, .. },
            ) => {
                self.only_bash(span, "`${x/a/b}`");
                pattern = Some(p);
                operand = Some(replacement_word_ast);
            }
            Some(
                parsed::ParameterOp::UpperFirst
                | parsed::ParameterOp::UpperAll
                | parsed::ParameterOp::LowerFirst
                | parsed::ParameterOp::LowerAll,
            ) => self.only_bash(span, "`${x^}`"),
        }
        if let Some(pattern) = pattern {
            variable.inner.extend(self.pattern(pattern).pieces);
        }
        if let Some(operand) = operand {
            variable.inner.extend(self.word(operand).pieces);
        }
        variable
    }

    pub(super) fn pattern(&mut self, pattern: &parsed::Pattern) -> Word {
        let mut pieces = Vec::new();
        for part in &pattern.parts {
            let place = self.place(part.span);
            let mut text = |text: String| {
                pieces.push(Piece { kind: PieceKind::Text(text), quoted: false, place });
            };
            match &part.kind {
                parsed::PatternPart::Literal(literal) => {
                    text(self.literal(literal, part.span, Around::Nothing));
                }
                parsed::PatternPart::AnyString => text("*".to_owned()),
                parsed::PatternPart::AnyChar => text("?".to_owned()),
                parsed::PatternPart::CharClass(class) => text(class.slice(self.text).to_owned()),
                parsed::PatternPart::Group { patterns, .. } => {
                    for pattern in patterns {
                        pieces.extend(self.pattern(pattern).pieces);
                    }
                }
                parsed::PatternPart::Word(word) => pieces.extend(self.word(word).pieces),
            }
        }
        Word { pieces, place: self.place(pattern.span) }
    }

    /// A here-document, as one quoted word.
    pub(super) fn document(&mut self, body: &parsed::HeredocBody) -> Word {
        let mut pieces = Vec::new();
        for part in &body.parts {
            let place = self.place(part.span);
            let kind = match &part.kind {
                parsed::HeredocBodyPart::Literal(text) => {
                    PieceKind::Text(self.literal(text, part.span, Around::Document))
                }
                parsed::HeredocBodyPart::Variable(name) => PieceKind::Variable(plain_variable(name.as_str())),
                parsed::HeredocBodyPart::CommandSubstitution { body, .. } => {
                    PieceKind::Output(self.block(body), Form::Substitution)
                }
                parsed::HeredocBodyPart::ArithmeticExpansion {
                    expression_ast, expression_word_ast, ..
                } => PieceKind::Arithmetic(match expression_ast {
                    Some(expr) => self.arithmetic(expr),
                    None => self.word(expression_word_ast).pieces,
                }),
                parsed::HeredocBodyPart::Parameter(parameter) => match &parameter.syntax {
                    parsed::ParameterExpansionSyntax::Bourne(syntax) => {
                        PieceKind::Variable(self.parameter(syntax, part.span))
                    }
                    parsed::ParameterExpansionSyntax::Zsh(_) => continue,
                },
            };
            pieces.push(Piece { kind, quoted: true, place });
        }
        Word { pieces, place: self.place(body.span) }
    }
}

/// A variable whose value stands there.
fn plain_variable(name: &str) -> Variable {
    let (must_be_set, shape) = match name {
        "?" | "#" | "$" | "!" => (false, Shape::Number),
        "@" | "*" => (false, Shape::All),
        "" | "-" | "_" | "0" => (false, Shape::Value),
        _ => (true, Shape::Value),
    };
    Variable { name: name.to_owned(), must_be_set, sets: false, shape, inner: Vec::new() }
}

/// Returns a text without the backslashes that only protect.
fn unescaped(text: &str, around: Around) -> String {
    let mut result = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            result.push(c);
            continue;
        }
        match (chars.next(), around) {
            (Some('\n'), _) | (None, _) => {}
            (Some(next @ ('$' | '`' | '\\')), Around::Quotes | Around::Document)
            | (Some(next @ '"'), Around::Quotes)
            | (Some(next), Around::Nothing) => result.push(next),
            (Some(next), Around::Quotes | Around::Document) => {
                result.push('\\');
                result.push(next);
            }
        }
    }
    result
}
