//! Do it, and nothing else: the only room with hands.
//!
//! [`RealWorld`] performs what the executor asks for. Each command runs under a **supervisor**, a process of
//! its own that outlives the executor: it takes the claim, builds the confinement, keeps and redacts the
//! output, brokers the network, enforces the deadline, and writes down how it ended.
//!
//! Must hold: nothing acts but under a claim; a payload can do what its step was granted and nothing else; a
//! probe has no path that it could write; what the kernel cannot enforce is refused, or was waived; no secret
//! leaves a supervisor.
//!
//! May never: decide what is done next; journal; print.

mod broker;
mod capture;
mod claim;
mod domain;
mod ending;
mod filter;
mod hands;
mod inside;
mod judge;
mod launch;
pub mod library;
mod limits;
mod machine;
mod network;
mod people;
mod policy;
mod prepare;
mod real;
mod redact;
mod resolve;
mod root;
mod supervise;
mod sys;
mod tree;

pub use claim::{at_work, this_boot};
pub use launch::{Launcher, Printed};
pub use machine::{Enforcement, probe_machine};
pub use people::{ApprovalWanted, People};
pub use policy::Secrets;
pub use real::{RealWorld, Waivers};
pub use redact::SECRET_MIN;
pub use supervise::{SUPERVISE, maybe_supervise, supervise};
