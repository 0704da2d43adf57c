//! Reading and writing a plan file.
//!
//! A plan file is the plan and its digest: `{ "digest": "sha256:…", "plan": { … } }`. A file whose
//! digest is not that of its plan was changed by hand, or damaged, and is refused. The digest is no
//! signature: what a plan says is judged by `verify`, whoever wrote it.

use serde::{Deserialize, Serialize};

use crate::{FormatVersion, Plan, PlanDigest};

/// Most bytes a plan file may have: the largest allowed plan has about a third of it.
pub const PLAN_BYTES_MAX: usize = 64 << 20;

/// Most nodes (steps, waits and choices) a plan may have. The verifier is linear in them; a runbook that
/// needs more is one nobody has read.
pub const NODES_MAX: usize = 20_000;

/// The version of the plan format that this library writes, and the newest that it reads.
pub const FORMAT: FormatVersion = FormatVersion { major: 1, minor: 4 };

/// Why a plan file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is too big.
    #[error("the plan file has {bytes} bytes; at most {PLAN_BYTES_MAX} are read")]
    TooBig {
        /// Its size.
        bytes: usize,
    },
    /// It is no JSON, or no plan.
    #[error("the file is not a Surefoot plan: {0}")]
    Malformed(serde_json::Error),
    /// A newer Surefoot wrote it.
    #[error(
        "the plan has format {}.{} and this Surefoot reads up to {}.{}; use a newer Surefoot, or make the plan again with this one",
        .0.major, .0.minor, FORMAT.major, FORMAT.minor
    )]
    Newer(FormatVersion),
    /// Its digest is not that of its content.
    #[error(
        "the plan was changed after it was made: its file says {said}, its content is {found}; make the plan again from its runbook"
    )]
    Tampered {
        /// What the file says.
        said: PlanDigest,
        /// What it is.
        found: PlanDigest,
    },
    /// It has too many nodes.
    #[error("the plan has {nodes} steps, waits and choices; at most {NODES_MAX} are allowed")]
    TooManyNodes {
        /// How many.
        nodes: usize,
    },
}

/// A plan file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanFile {
    digest: PlanDigest,
    plan: Plan,
}

/// A plan file, as it is written.
#[derive(Serialize)]
struct PlanFileRef<'a> {
    digest: PlanDigest,
    plan: &'a Plan,
}

/// As much of a plan file as tells its version, whatever else has changed.
#[derive(Deserialize)]
struct Header {
    plan: HeaderPlan,
}

/// As much of a plan as tells its version.
#[derive(Deserialize)]
struct HeaderPlan {
    format: FormatVersion,
}

impl Plan {
    /// Reads a plan file. It is not verified yet.
    pub fn from_json(bytes: &[u8]) -> Result<Plan, ReadError> {
        if bytes.len() > PLAN_BYTES_MAX {
            return Err(ReadError::TooBig { bytes: bytes.len() });
        }
        // Nesting is bounded by the JSON reader, at 128 levels.
        let file = serde_json::from_slice::<PlanFile>(bytes).map_err(|error| newer_or(bytes, error))?;
        if file.plan.format > FORMAT {
            return Err(ReadError::Newer(file.plan.format));
        }
        let nodes = file.plan.node_count();
        if nodes > NODES_MAX {
            return Err(ReadError::TooManyNodes { nodes });
        }
        let found = file.plan.digest();
        if found != file.digest {
            return Err(ReadError::Tampered { said: file.digest, found });
        }
        Ok(file.plan)
    }

    /// Writes a plan file: its digest and itself, indented, so that two plans can be compared by line.
    pub fn to_json(&self) -> Vec<u8> {
        let file = PlanFileRef { digest: self.digest(), plan: self };
        // A plan has text keys only: writing it to memory cannot fail.
        let mut bytes = serde_json::to_vec_pretty(&file).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}

/// Says that the file is newer if it is; else why it does not read.
fn newer_or(bytes: &[u8], error: serde_json::Error) -> ReadError {
    match serde_json::from_slice::<Header>(bytes) {
        Ok(header) if header.plan.format > FORMAT => ReadError::Newer(header.plan.format),
        Ok(_) | Err(_) => ReadError::Malformed(error),
    }
}

#[cfg(test)]
mod tests;
