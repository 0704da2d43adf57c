//! Commands and scripts.

use super::{Lower, child, children, clause, tokens};
use crate::Diagnostic;
use crate::ast::{Command, CommandBody, Ident, Text, Word, WordPart};
use crate::kind::{SyntaxKind, SyntaxNode};

impl Lower {
    pub(super) fn command(&mut self, node: &SyntaxNode) -> Command {
        for option in ["on", "in", "env", "stdin", "as", "exit"] {
            self.once(super::clauses(node, option), option);
        }
        let env = clause(node, "env")
            .and_then(|clause| child(&clause, SyntaxKind::RecordExpr))
            .map(|record| self.entries(&record))
            .unwrap_or_default();
        let exits = clause(node, "exit").map(|clause| self.exit_codes(&clause)).unwrap_or_default();
        Command {
            on: self.expr_of_clause(node, "on"),
            folder: self.expr_of_clause(node, "in"),
            env,
            stdin: self.expr_of_clause(node, "stdin"),
            user: clause(node, "as").and_then(|clause| self.name(&clause)),
            exits,
            decoder: self.name(node),
            body: self.command_body(node),
            span: self.span(node),
        }
    }

    fn command_body(&mut self, node: &SyntaxNode) -> CommandBody {
        if let Some(pipeline) = child(node, SyntaxKind::Pipeline) {
            let programs: Vec<SyntaxNode> = children(&pipeline, SyntaxKind::ProgramWords).collect();
            let programs: Vec<Vec<Word>> = programs.iter().map(|program| self.words(program)).collect();
            if programs.is_empty() || programs.iter().any(Vec::is_empty) {
                return CommandBody::Error;
            }
            return CommandBody::Pipeline(programs);
        }
        child(node, SyntaxKind::Script).and_then(|script| self.script(&script)).unwrap_or(CommandBody::Error)
    }

    /// Refuses `every`, `within` and `else` in a command that is a value: they were meant for the language.
    pub(super) fn check_words(&mut self, node: &SyntaxNode) {
        let Some(pipeline) = child(node, SyntaxKind::Pipeline) else { return };
        for program in children(&pipeline, SyntaxKind::ProgramWords) {
            let words: Vec<SyntaxNode> = children(&program, SyntaxKind::Word).collect();
            for (word, next) in words.iter().zip(words.iter().skip(1)) {
                let meant = match word.text().to_string().as_str() {
                    "within" | "every" => is_duration(&next.text().to_string()),
                    "else" => next.text().to_string().starts_with(['"', '\'']),
                    _ => false,
                };
                if meant {
                    self.diagnostics.push(
                        Diagnostic::error("SF0023", self.span(word), format!("`{word}` is a word of the command here", word = word.text()))
                            .here("a command goes on to the end of its line")
                            .help("give the command a name with `fact` or `let` and use the name; if the program is meant to get it, quote it"),
                    );
                    return;
                }
            }
        }
    }

    fn words(&mut self, program: &SyntaxNode) -> Vec<Word> {
        let words: Vec<SyntaxNode> = children(program, SyntaxKind::Word).collect();
        words.iter().map(|word| Word { parts: self.word_parts(word), span: self.span(word) }).collect()
    }

    /// The parts of a word; what is next to each other and fixed is one part.
    fn word_parts(&mut self, word: &SyntaxNode) -> Vec<WordPart> {
        let mut parts = Vec::new();
        for part in word.children_with_tokens() {
            match part {
                rowan::NodeOrToken::Token(token) => match token.kind() {
                    SyntaxKind::WordText => push_text(&mut parts, token.text()),
                    SyntaxKind::WordEscape => {
                        push_text(&mut parts, token.text().get(1..).unwrap_or_default())
                    }
                    _ => {}
                },
                rowan::NodeOrToken::Node(node) => match node.kind() {
                    SyntaxKind::Text => {
                        for part in self.text_parts(&node).unwrap_or_default() {
                            match part {
                                WordPart::Text(text) => push_text(&mut parts, &text),
                                part @ (WordPart::Value(_) | WordPart::Splice(_)) => parts.push(part),
                            }
                        }
                        if parts.is_empty() {
                            // `""` is a word, and empty.
                            parts.push(WordPart::Text(String::new()));
                        }
                    }
                    SyntaxKind::Interpolation => parts.push(self.interpolated(&node)),
                    _ => {}
                },
            }
        }
        parts
    }

    fn script(&mut self, node: &SyntaxNode) -> Option<CommandBody> {
        let tag = tokens(node)
            .find(|token| token.kind() == SyntaxKind::FenceTag)
            .map(|token| Ident { text: token.text().to_owned(), span: self.token_span(&token) });
        let language = self.name(node).or(tag)?;
        if !super::has_token(node, SyntaxKind::FenceClose) {
            return None;
        }
        let arguments: Vec<SyntaxNode> = children(node, SyntaxKind::Argument).collect();
        let arguments = arguments
            .iter()
            .filter_map(|argument| {
                let value = self.expr_of(argument);
                let name = self.name(argument);
                if name.is_none() {
                    self.diagnostics.push(
                        Diagnostic::error("SF0021", value.span, "a script takes its values by name")
                            .help("write `name: value`; the script reads it as `$name`"),
                    );
                }
                Some((name?, value))
            })
            .collect();
        let text = match tokens(node).find(|token| token.kind() == SyntaxKind::ScriptText) {
            Some(token) => Text { text: dedent(token.text()), span: self.token_span(&token) },
            None => Text { text: String::new(), span: self.span(node) },
        };
        Some(CommandBody::Script { language, arguments, text })
    }
}

fn is_duration(word: &str) -> bool {
    let unit = word.trim_start_matches(|c: char| c.is_ascii_digit());
    unit.len() < word.len() && matches!(unit, "ms" | "s" | "m" | "h" | "d")
}

fn push_text(parts: &mut Vec<WordPart>, text: &str) {
    if let Some(WordPart::Text(last)) = parts.last_mut() {
        last.push_str(text);
    } else {
        parts.push(WordPart::Text(text.to_owned()));
    }
}

/// Takes from each line the indentation that all lines share. Blank lines do not count.
pub(super) fn dedent(text: &str) -> String {
    let margin = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start_matches([' ', '\t']).len())
        .min()
        .unwrap_or(0);
    text.split_inclusive('\n')
        .map(|line| {
            let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
            line.get(margin.min(blanks)..).unwrap_or_default()
        })
        .collect()
}
