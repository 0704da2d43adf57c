//! What has been done: the journal of a run, its folder, and the state folded from it.
//!
//! Must hold: an append is durable before it returns; `RunState` is a function of the records alone.
//!
//! May never: decide; perform; render.

mod event;
mod folder;
mod inbox;
mod let_go;
mod lock;
pub mod person;
mod reader;
mod record;
mod state;
#[cfg(test)]
mod testing;
mod time;
mod writer;

pub use event::{
    Answer, Answered, AnsweredBy, Choice, Claim, Debt, Effect, Ended, Event, Exit, FactsVerdict,
    ForwardVerdict, HeldWhy, Identity, NotifiedFor, Outcome, Output, Phase, Point, Reading, Refusal, Report,
    ResolvedBy, RunId, Started, Stream, Waited, WayBackVerdict, WorldKind,
};
pub use folder::{CreateError, FindError, Needs, RunFolder, StateRoot, file_name};
pub use inbox::{Asks, Given, Inbox, InboxError, Letter, Limit, Notice, Received, Rejected, Says, Shown};
pub use let_go::LetGo;
pub use lock::{Holder, LockError, RunLock, Target, TargetLock};
pub use reader::{ReadError, Reader};
pub use record::{Chain, Damage, EncodeError, FORMAT, RECORD_BYTES_MAX, Record, RecordHash};
pub use state::{
    ApprovalAnswer, ApprovalState, BackStage, Base, ClaimState, Duty, Facing, Failure, Finished, FinishedHow,
    Header, IllegalTransition, LastProbe, Line, RunState, Scope, Stage, Standing, StepState, Turn, Turning,
    table,
};
pub use time::Timestamp;
pub use writer::{AppendError, Journal, MemoryJournal, OpenError, Opened, ReserveError, Writer};
