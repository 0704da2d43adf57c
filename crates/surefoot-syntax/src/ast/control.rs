//! What stands around steps: waits, choices, loops, and the early end.

use super::{After, Duration, Expr, Ident, Member, Patience, Step, Text};
use crate::Span;

/// `wait until F every D within D 3 times else { … }`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wait {
    /// What is waited for.
    pub condition: Expr,
    /// Patience; a missing `within` is an error of the compiler.
    pub patience: Patience,
    /// How often in a row.
    pub times: Option<(u32, Span)>,
    /// Who is told when it lasts.
    pub after: Vec<After>,
    /// What is done when time is over.
    pub otherwise: Option<Vec<Member>>,
    /// All of it.
    pub span: Span,
}

/// `if F { … } else { … } unknown { … }`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct If {
    /// What decides.
    pub condition: Expr,
    /// When known true.
    pub then: Vec<Member>,
    /// When known false. `else if` is an `If` alone in it.
    pub otherwise: Option<Vec<Member>>,
    /// When it cannot be told.
    pub unknown: Option<Vec<Member>>,
    /// All of it.
    pub span: Span,
}

/// `match v { "a" { … } otherwise { … } }`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Match {
    /// What decides.
    pub value: Expr,
    /// What is done for which values, in order.
    pub arms: Vec<Arm>,
    /// What is done for every other value.
    pub otherwise: Option<Arm>,
    /// All of it.
    pub span: Span,
}

/// An arm of a `match`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Arm {
    /// The values it is for; none in `otherwise`.
    pub values: Vec<Expr>,
    /// What is done.
    pub body: Vec<Member>,
    /// All of it.
    pub span: Span,
}

/// `diagnose "why" { F "what it would mean" { … } otherwise { … } }`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diagnose {
    /// What is asked.
    pub question: Option<Text>,
    /// What may be the cause, in the order in which it is tried.
    pub causes: Vec<Cause>,
    /// What is done when none is found.
    pub otherwise: Option<Arm>,
    /// All of it.
    pub span: Span,
}

/// A cause that a `diagnose` tries.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cause {
    /// What tells that it is the cause.
    pub condition: Expr,
    /// What it would mean.
    pub text: Option<Text>,
    /// What is done then.
    pub body: Vec<Member>,
    /// All of it.
    pub span: Span,
}

/// `for x in xs max 50 { … }`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct For {
    /// The name bound in turn.
    pub name: Ident,
    /// The list.
    pub list: Expr,
    /// Most items that it may have.
    pub max: Option<(u32, Span)>,
    /// How many turns may fail.
    pub tolerate: Option<(u32, Span)>,
    /// How many items belong to each wave; each with its place.
    pub waves: Vec<(WaveSize, Span)>,
    /// How long the run waits between two waves.
    pub pause: Option<Duration>,
    /// What is taken back when a turn fails: `wave` or `all`.
    pub on_failure: Option<Ident>,
    /// What is done in each turn.
    pub body: Vec<Member>,
    /// All of it.
    pub span: Span,
}

/// How many items belong to a wave.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WaveSize {
    /// So many.
    Count(u32),
    /// This share of all, in percent.
    Percent(u32),
}

/// `stop "why"`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stop {
    /// Why the run ends here.
    pub why: Option<Text>,
    /// All of it.
    pub span: Span,
}

/// `lock "name"`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lock {
    /// The name that is locked.
    pub name: Expr,
    /// All of it.
    pub span: Span,
}

/// `assume F "why"`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Assume {
    /// What is taken for true from here on.
    pub condition: Expr,
    /// Why.
    pub why: Option<Text>,
    /// All of it.
    pub span: Span,
}

/// `during "title" max D { enter { … } leave { … } … }`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct During {
    /// What holds meanwhile.
    pub title: Option<Text>,
    /// How long it may last.
    pub max: Option<Duration>,
    /// Each `enter`, with the `leave` as its rollback.
    pub enter: Vec<Step>,
    /// Each `leave`, with the `enter` as its rollback.
    pub leave: Vec<Step>,
    /// What is done meanwhile.
    pub body: Vec<Member>,
    /// All of it.
    pub span: Span,
    /// Its word.
    pub head: Span,
}

/// `parallel { … }`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Parallel {
    /// What is done in each branch.
    pub branches: Vec<Vec<Member>>,
    /// All of it.
    pub span: Span,
    /// Its word.
    pub head: Span,
}

/// `call "./drain.runbook" as drain with { node = standby }`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CallRunbook {
    /// The file of the runbook, relative to this one.
    pub path: Text,
    /// What the call is named: as said, or after the file.
    pub name: Ident,
    /// What its parameters are given.
    pub given: Vec<(Ident, Expr)>,
    /// All of it.
    pub span: Span,
    /// From its word to its name.
    pub head: Span,
}

impl Member {
    /// Returns the blocks of members in it, in the order of the text.
    #[must_use]
    pub fn blocks(&self) -> Vec<&[Member]> {
        match self {
            Member::Wait(wait) => wait.otherwise.as_deref().into_iter().collect(),
            Member::If(choice) => {
                let arms =
                    [Some(choice.then.as_slice()), choice.otherwise.as_deref(), choice.unknown.as_deref()];
                arms.into_iter().flatten().collect()
            }
            Member::Match(choice) => {
                choice.arms.iter().chain(&choice.otherwise).map(|arm| arm.body.as_slice()).collect()
            }
            Member::Diagnose(diagnose) => {
                let causes = diagnose.causes.iter().map(|cause| cause.body.as_slice());
                causes.chain(diagnose.otherwise.iter().map(|arm| arm.body.as_slice())).collect()
            }
            Member::For(turns) => vec![&turns.body],
            Member::During(scope) => vec![&scope.body],
            Member::Parallel(block) => block.branches.iter().map(Vec::as_slice).collect(),
            Member::About(_)
            | Member::Param(_)
            | Member::Let(_)
            | Member::Allow(_)
            | Member::Fact(_)
            | Member::Requires(_)
            | Member::Invariant(_)
            | Member::Ensures(_)
            | Member::OnFailure(_)
            | Member::Collect(_)
            | Member::Step(_)
            | Member::Stop(_)
            | Member::Todo(_)
            | Member::Assume(_)
            | Member::Lock(_)
            | Member::Call(_)
            | Member::NotBuilt(_) => Vec::new(),
        }
    }
}
