//! Events by their kinds, in words.

use super::{Event, ForwardVerdict};

impl ForwardVerdict {
    /// Whether the run came to a good end.
    pub fn is_good(self) -> bool {
        match self {
            ForwardVerdict::Done | ForwardVerdict::DoneWithFailures | ForwardVerdict::Stopped => true,
            ForwardVerdict::Failed | ForwardVerdict::Cancelled | ForwardVerdict::Refused => false,
        }
    }
}

impl Event {
    /// Returns what kind of event it is, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Event::Started(_) => "started",
            Event::Resumed { .. } => "resumed",
            Event::Recovered { .. } => "recovered",
            Event::Probed { .. } => "probed",
            Event::Bound { .. } => "bound",
            Event::Waited { .. } => "waited",
            Event::Chose { .. } => "chose",
            Event::Entered { .. } => "entered",
            Event::WaveNext { .. } => "wave next",
            Event::TurnsFailed { .. } => "turns failed",
            Event::TurnsTakenBack { .. } => "turns taken back",
            Event::Branched { .. } => "branched",
            Event::Joined { .. } => "joined",
            Event::Assumed { .. } => "assumed",
            Event::Stopped { .. } => "stopped",
            Event::ApprovalAsked { .. } => "approval asked",
            Event::ApprovalAnswered { .. } => "approval answered",
            Event::ApprovalVoided { .. } => "approval voided",
            Event::Refused { .. } => "refused",
            Event::Before { .. } => "before",
            Event::Intent { .. } => "intent",
            Event::Outcome { .. } => "outcome",
            Event::Done { .. } => "done",
            Event::Partial { .. } => "partial",
            Event::NotDone { .. } => "not done",
            Event::Sealed { .. } => "sealed",
            Event::InDoubt { .. } => "in doubt",
            Event::Resolved { .. } => "resolved",
            Event::Failed { .. } => "failed",
            Event::Collected { .. } => "collected",
            Event::TurnedBack { .. } => "turned back",
            Event::Paid { .. } => "paid",
            Event::Stuck { .. } => "stuck",
            Event::Forgiven { .. } => "forgiven",
            Event::Held { .. } => "held",
            Event::Decided { .. } => "decided",
            Event::CancelAsked { .. } => "cancel asked",
            Event::Noted { .. } => "noted",
            Event::Notified { .. } => "notified",
            Event::Ended(_) => "ended",
        }
    }
}
