//! Texts with mistakes, as fingers and files make them.

use crate::Random;

/// What somebody, or something, may have put into a file.
const INSERTED: &[&str] = &[
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "'",
    "\"\"\"",
    "```",
    "$ ",
    "${",
    "#",
    "##",
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "\\\n",
    "\\",
    ",",
    ":",
    "==",
    "|",
    "\u{a0}",
    "\u{feff}",
    "step",
    "false on 1",
    "parallel",
    "ä",
];

/// A text with some mistakes.
///
/// # Panics
/// When a place in it is no place, which is a mistake here.
#[must_use]
pub fn damaged(text: &str, random: &mut Random) -> String {
    let mut text = text.to_owned();
    for _ in 0..=random.below(4) {
        let mut at = || {
            let place = random.below(text.len() + 1);
            (place..=text.len()).find(|place| text.is_char_boundary(*place)).expect("a place of the text")
        };
        let (one, other) = (at(), at());
        let (start, end) = (one.min(other), one.max(other));
        let part = text.get(start..end).expect("a place of the text").to_owned();
        match random.below(10) {
            // The rest of the file is gone; or a part of a line, or of a few, or it is there twice.
            0 => text.truncate(start),
            1..=2 if part.len() < 200 => text.replace_range(start..end, ""),
            3..=4 if part.len() < 200 => text.insert_str(start, &part),
            _ => text
                .insert_str(start, INSERTED.get(random.below(INSERTED.len())).expect("a place of the text")),
        }
    }
    text
}
