//! Takes secrets out of a stream of bytes, in the forms in which programs print them.
//!
//! In: the secrets, and bytes in pieces of any size. Out: the same bytes with `***` where a secret was.
//!
//! Must hold: how the bytes are cut into pieces changes nothing; nothing is given out while it may still
//! turn out to be the beginning of a secret; matches that overlap are hidden as one.
//!
//! Known not to be found: a secret that is reversed, spaced out, compressed, encoded twice over (but JSON
//! within JSON is), or only half printed. A step that prints a secret in such a form prints it.

use crate::policy::Secrets;

/// Bytes a secret must have. Hiding a shorter one would hide half of all output and betray it by where.
pub const SECRET_MIN: usize = 6;

/// Bytes a line of a secret must have to be hidden by itself.
const SECRET_LINE_MIN: usize = 8;

/// What stands for a secret. Always the same, so that its length does not leak.
const MASK: &[u8] = b"***";

/// The forms of all secrets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Forms {
    /// Longest first, by their first byte.
    by_first: Vec<Vec<Vec<u8>>>,
}

impl Forms {
    /// Collects the forms of these secrets.
    ///
    /// Fails with the name of a secret that is too short to be hidden.
    pub(crate) fn new(secrets: &Secrets) -> Result<Forms, String> {
        let mut forms: Vec<Vec<u8>> = Vec::new();
        for (name, value) in secrets {
            if value.len() < SECRET_MIN {
                return Err(name.clone());
            }
            add_forms(&mut forms, value.as_bytes(), SECRET_MIN);
            for line in value.lines().map(str::trim) {
                add_forms(&mut forms, line.as_bytes(), SECRET_LINE_MIN);
            }
            let unquoted = value.trim_matches(|character: char| character == '"' || character == '\'');
            add_forms(&mut forms, unquoted.as_bytes(), SECRET_LINE_MIN);
        }
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        if forms.is_empty() {
            return Ok(Forms::default());
        }
        let mut by_first = vec![Vec::new(); 256];
        for form in forms {
            if let Some(slot) = form.first().and_then(|first| by_first.get_mut(usize::from(*first))) {
                slot.push(form);
            }
        }
        Ok(Forms { by_first })
    }

    /// Hides the secrets in a text that is complete.
    pub(crate) fn redact(&self, bytes: &[u8]) -> Vec<u8> {
        let mut redactor = Redactor::new(self.clone());
        let mut clean = Vec::with_capacity(bytes.len());
        redactor.push(bytes, &mut clean);
        redactor.finish(&mut clean);
        clean
    }

    fn begins(&self, byte: u8) -> bool {
        self.by_first.get(usize::from(byte)).is_some_and(|forms| !forms.is_empty())
    }

    fn at(&self, rest: &[u8]) -> Found {
        let Some(candidates) = rest.first().and_then(|first| self.by_first.get(usize::from(*first))) else {
            return Found::Nothing;
        };
        for form in candidates {
            if rest.starts_with(form) {
                return Found::Match(form.len());
            }
            // Longest first: a form that could still come to be is longer than any that is already here.
            if form.len() > rest.len() && form.starts_with(rest) {
                return Found::Wait;
            }
        }
        Found::Nothing
    }
}

enum Found {
    Nothing,
    Match(usize),
    Wait,
}

fn add_forms(forms: &mut Vec<Vec<u8>>, value: &[u8], length_min: usize) {
    if value.len() < length_min {
        return;
    }
    let mut add = |form: Vec<u8>| {
        if form.len() >= SECRET_MIN {
            forms.push(form);
        }
    };
    add(value.to_vec());
    add(value
        .iter()
        .flat_map(|byte| if *byte == b'\n' { vec![b'\r', b'\n'] } else { vec![*byte] })
        .collect());
    add(value.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect());
    add(value.iter().flat_map(|byte| format!("{byte:02X}").into_bytes()).collect());
    let json = json_escaped(value);
    add(json_escaped(&json));
    add(json);
    add(value.iter().flat_map(|byte| if *byte == b'\'' { b"'\\''".to_vec() } else { vec![*byte] }).collect());
    add(value.iter().flat_map(|byte| xml_escaped(*byte)).collect());
    for (upper, plus) in [(false, false), (true, false), (false, true), (true, true)] {
        add(url_encoded(value, upper, plus));
    }
    add(value.iter().flat_map(|byte| format!("%{byte:02X}").into_bytes()).collect());
    add(value.iter().flat_map(|byte| format!("%{byte:02x}").into_bytes()).collect());
    for alphabet in [BASE64, BASE64_URL] {
        for shift in 0..3 {
            add(base64(value, shift, alphabet));
        }
    }
}

fn json_escaped(value: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(value);
    let quoted = serde_json::to_string(&text).unwrap_or_default();
    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or("").as_bytes().to_vec()
}

fn xml_escaped(byte: u8) -> Vec<u8> {
    match byte {
        b'&' => b"&amp;".to_vec(),
        b'<' => b"&lt;".to_vec(),
        b'>' => b"&gt;".to_vec(),
        b'"' => b"&quot;".to_vec(),
        b'\'' => b"&#39;".to_vec(),
        other => vec![other],
    }
}

fn url_encoded(value: &[u8], upper: bool, plus: bool) -> Vec<u8> {
    let encode = |byte: &u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => vec![*byte],
        b' ' if plus => vec![b'+'],
        byte if upper => format!("%{byte:02X}").into_bytes(),
        byte => format!("%{byte:02x}").into_bytes(),
    };
    value.iter().flat_map(encode).collect()
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The part of the base64 of `…value…` that depends on the value alone, if `shift` bytes modulo 3 stand before.
fn base64(value: &[u8], shift: usize, alphabet: &[u8; 64]) -> Vec<u8> {
    let bits: Vec<u8> = std::iter::repeat_n(0, shift)
        .chain(value.iter().copied())
        .flat_map(|byte| (0..8).rev().map(move |bit| (byte >> bit) & 1))
        .collect();
    let unsafe_front = (shift * 8).div_ceil(6);
    bits.chunks_exact(6)
        .skip(unsafe_front)
        .filter_map(|six| {
            let index = six.iter().fold(0, |sum, bit| sum * 2 + usize::from(*bit));
            alphabet.get(index).copied()
        })
        .collect()
}

/// Takes secrets out of one stream.
#[derive(Debug)]
pub(crate) struct Redactor {
    forms: Forms,
    held: Vec<u8>,
    /// How many of the held bytes belong to a match that is not over.
    covered: usize,
    in_match: bool,
}

impl Redactor {
    /// A stream in which these are hidden.
    pub(crate) fn new(forms: Forms) -> Redactor {
        Redactor { forms, held: Vec::new(), covered: 0, in_match: false }
    }

    /// Takes the next bytes, and gives out what is now certain.
    pub(crate) fn push(&mut self, bytes: &[u8], clean: &mut Vec<u8>) {
        if self.forms.by_first.is_empty() {
            clean.extend_from_slice(bytes);
            return;
        }
        self.held.extend_from_slice(bytes);
        self.advance(false, clean);
    }

    /// Gives out the rest: there will be no more.
    pub(crate) fn finish(&mut self, clean: &mut Vec<u8>) {
        self.advance(true, clean);
        self.held.clear();
        self.covered = 0;
        self.in_match = false;
    }

    fn advance(&mut self, last: bool, clean: &mut Vec<u8>) {
        let mut position = 0;
        while let Some(rest) = self.held.get(position..).filter(|rest| !rest.is_empty()) {
            if self.covered == 0 {
                // Most bytes begin no secret: they are copied as a whole.
                let plain = rest.iter().take_while(|byte| !self.forms.begins(**byte)).count();
                if plain > 0 {
                    self.in_match = false;
                    clean.extend_from_slice(rest.get(..plain).unwrap_or_default());
                    position += plain;
                    continue;
                }
            }
            match self.forms.at(rest) {
                Found::Wait if !last => break,
                Found::Match(length) => self.cover(length, clean),
                Found::Wait => {
                    // Nothing more will come: a shorter form may still be here whole.
                    let length = self.shorter(rest);
                    if length > 0 {
                        self.cover(length, clean);
                    }
                }
                Found::Nothing => {}
            }
            if self.covered > 0 {
                self.covered -= 1;
            } else {
                self.in_match = false;
                clean.extend(self.held.get(position));
            }
            position += 1;
        }
        self.held.drain(..position);
    }

    fn cover(&mut self, length: usize, clean: &mut Vec<u8>) {
        if self.covered == 0 && !self.in_match {
            clean.extend_from_slice(MASK);
        }
        self.in_match = true;
        self.covered = self.covered.max(length);
    }

    fn shorter(&self, rest: &[u8]) -> usize {
        let candidates = rest.first().and_then(|first| self.forms.by_first.get(usize::from(*first)));
        candidates.into_iter().flatten().find(|form| rest.starts_with(form)).map_or(0, Vec::len)
    }
}

#[cfg(test)]
mod tests;
