//! Values that stand without quotes, so that the shell splits them into words and looks up names of files.
//!
//! Not told: numbers, what the script itself spells out (`options="-a -b"`), and lists for `for`.

use std::collections::BTreeMap;

use super::tree::{Form, Piece, PieceKind, Place, Shape, Word};
use super::values::{Given, Values};
use super::walk::{Use, Visitor};

/// A value that is split.
pub(super) struct Split {
    pub(super) place: Place,
    pub(super) is_list: bool,
}

/// Looks for values that are split.
pub(super) struct Quotes<'a> {
    pub(super) values: &'a Values<'a>,
    pub(super) given: &'a BTreeMap<String, Given>,
    pub(super) found: Vec<Split>,
}

impl<'a> Visitor<'a> for Quotes<'a> {
    fn word(&mut self, word: &'a Word, r#use: Use) {
        if r#use == Use::Whole {
            return;
        }
        for piece in word.pieces.iter().filter(|piece| !piece.quoted) {
            match self.splits(piece) {
                Some(false) if r#use == Use::Splits => {
                    self.found.push(Split { place: piece.place, is_list: false })
                }
                Some(true) => self.found.push(Split { place: piece.place, is_list: true }),
                Some(false) | None => {}
            }
        }
    }
}

impl Quotes<'_> {
    /// Whether the shell splits a piece; and if it does, whether it is a list.
    fn splits(&self, piece: &Piece) -> Option<bool> {
        match &piece.kind {
            PieceKind::Text(_) | PieceKind::Arithmetic(_) => None,
            PieceKind::Variable(variable) => match variable.shape {
                Shape::Number | Shape::Inner => None,
                Shape::Value => (!self.values.is_plain(&variable.name, self.given)).then_some(false),
                Shape::All => (!self.values.is_plain(&variable.name, self.given)).then_some(true),
            },
            PieceKind::Output(block, form) => {
                let splits = *form == Form::Substitution && !super::values::is_counted(block);
                splits.then_some(false)
            }
        }
    }
}
