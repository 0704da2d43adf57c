//! The digest of a plan: what an approval, a run and a journal are bound to.
//!
//! The canonical form is compact JSON: fields in the order of the schema, keys of maps in the order
//! of their bytes. A field added later is left out while it has its default, so that the digest of
//! an older plan never changes.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::Plan;

/// The SHA-256 of a plan's canonical form, as `sha256:` and 64 hex digits.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct PlanDigest(pub String);

impl fmt::Display for PlanDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PlanDigest {
    /// Returns the first twelve hex digits, for people to compare.
    pub fn short(&self) -> &str {
        let hex = self.0.strip_prefix("sha256:").unwrap_or(&self.0);
        hex.get(..12).unwrap_or(hex)
    }
}

impl Plan {
    /// Returns the bytes that the digest is taken of.
    pub fn canonical_json(&self) -> Vec<u8> {
        // A plan has text keys only and no foreign serializer: writing it to memory cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Returns the plan's digest. Two plans with the same digest are the same plan.
    pub fn digest(&self) -> PlanDigest {
        self.digest_and_nesting().0
    }

    /// Returns the digest, and how deep the canonical form is nested.
    pub(crate) fn digest_and_nesting(&self) -> (PlanDigest, usize) {
        let mut writer = Canonical { hash: Sha256::new(), scan: Scan::default() };
        // For the same reason as above the result is always `Ok`.
        let written = serde_json::to_writer(std::io::BufWriter::new(&mut writer), self);
        debug_assert!(written.is_ok(), "a plan always serializes");
        (PlanDigest(format!("sha256:{}", hex(&writer.hash.finalize()))), writer.scan.deepest)
    }
}

/// Reads the canonical form as it is written, so that a large plan is never held twice.
struct Canonical {
    hash: Sha256,
    scan: Scan,
}

/// Counts brackets outside texts.
#[derive(Default)]
struct Scan {
    depth: usize,
    deepest: usize,
    in_text: bool,
    escaped: bool,
}

impl Scan {
    fn take(&mut self, byte: u8) {
        if self.in_text {
            let is_escape = byte == b'\\' && !self.escaped;
            self.in_text = byte != b'"' || self.escaped;
            self.escaped = is_escape;
            return;
        }
        match byte {
            b'"' => self.in_text = true,
            b'{' | b'[' => {
                self.depth += 1;
                self.deepest = self.deepest.max(self.depth);
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

impl std::io::Write for Canonical {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.hash.update(bytes);
        bytes.iter().for_each(|byte| self.scan.take(*byte));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Writes bytes as lower-case hex.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use crate::testing::plan;

    #[test]
    fn the_digest_is_of_the_canonical_bytes() {
        use sha2::{Digest as _, Sha256};
        let plan = plan();
        let expected = super::hex(&Sha256::digest(plan.canonical_json()));
        assert_eq!(plan.digest().0, format!("sha256:{expected}"));
        assert_eq!(plan.digest().short(), &expected[..12]);
    }

    #[test]
    fn any_change_changes_the_digest() {
        let mut changed = plan();
        changed.runbook.push('x');
        assert_ne!(plan().digest(), changed.digest());
    }
}
