//! The abstract syntax: what the author wrote, without trivia, each part with its place.
//!
//! Read from the lossless tree. A damaged part is absent, or an `Error`, and has its diagnostic
//! already; whoever reads this says nothing more about it.

#![expect(
    clippy::large_enum_variant,
    reason = "a file is read once; boxes here would stand in the way of every reader"
)]

mod control;
mod expr;

use crate::Span;

pub use control::{
    Arm, Assume, CallRunbook, Cause, Diagnose, During, For, If, Lock, Match, Parallel, Stop, Wait, WaveSize,
};
pub use expr::{
    Ask, BinaryOperator, Bits, Call, Command, CommandBody, Expr, ExprKind, UnaryOperator, Word, WordPart,
};

/// A name where it stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ident {
    /// The name.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// A literal text where it stands, escapes resolved, without `${}`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Text {
    /// What it says.
    pub text: String,
    /// Where, quotes included.
    pub span: Span,
}

/// A number of milliseconds where it stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Duration {
    /// How long, in milliseconds.
    pub ms: u64,
    /// Where.
    pub span: Span,
}

/// A file: a module.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct File {
    /// Its items, in order.
    pub items: Vec<Item>,
    /// What is waived in it, in order.
    pub waivers: Vec<Waiver>,
}

/// `waive SF0312 until 2026-12-31 by "owner" "why"`, before an item or a part of a runbook
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Waiver {
    /// The code.
    pub code: Ident,
    /// The last day, as `2026-12-31`.
    pub until: Text,
    /// Who answers for it.
    pub by: Text,
    /// Why.
    pub why: Text,
    /// What it silences the code in: what stands after it. None if nothing does.
    pub covers: Option<Span>,
    /// All of it.
    pub span: Span,
}

/// What stands in a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Item {
    /// `use std.postgres`
    Use(Use),
    /// `runbook name { … }`
    Runbook(Runbook),
    /// A fact to share.
    Fact(Fact),
    /// `function …`
    Function(Function),
    /// `type …`
    Type(TypeItem),
    /// `action …`
    Action(Box<Action>),
    /// `scenario "…" for runbook { … }`
    Scenario(Scenario),
    /// A construct that is designed and not built: already reported.
    NotBuilt(NotBuilt),
}

/// A construct that is designed and not built. The parser has reported it (SF0010) and skipped it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NotBuilt {
    /// Its keyword.
    pub keyword: String,
    /// All of it.
    pub span: Span,
}

/// Brings a module in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Use {
    /// Which.
    pub module: Module,
    /// The name it has here; the last part of its own if none.
    pub alias: Option<Ident>,
    /// All of it.
    pub span: Span,
}

/// Names a module.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Module {
    /// `std.postgres`: the parts.
    Library(Vec<Ident>),
    /// `"./cluster.runbook"`, relative to the file.
    File(Text),
}

/// A runbook.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Runbook {
    /// Its `##` lines, joined.
    pub doc: String,
    /// Its name.
    pub name: Ident,
    /// What stands in it, in order.
    pub members: Vec<Member>,
    /// All of it.
    pub span: Span,
}

/// What stands in a runbook, or in a block of `if` or `for` (there, only what `Node`-like members are).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Member {
    /// `about { … }`
    About(About),
    /// `param …`
    Param(Param),
    /// `let name = …`
    Let(Let),
    /// `allow { … }`
    Allow(Allow),
    /// `fact …`
    Fact(Fact),
    /// `requires …`
    Requires(Requires),
    /// `invariant …`
    Invariant(Invariant),
    /// `ensures …`
    Ensures(Ensures),
    /// `on failure rollback|stop|ask`
    OnFailure(OnFailure),
    /// `on failure collect { … }`
    Collect(Collect),
    /// `step …`
    Step(Box<Step>),
    /// `wait until …`
    Wait(Wait),
    /// `if …`
    If(If),
    /// `match …`
    Match(Match),
    /// `diagnose …`
    Diagnose(Diagnose),
    /// `for …`
    For(For),
    /// `stop "why"`
    Stop(Stop),
    /// `todo "…"`
    Todo(Todo),
    /// `assume F "why"`
    Assume(Assume),
    /// `lock "name"`
    Lock(Lock),
    /// `during "title" max D { … }`
    During(Box<During>),
    /// `parallel { … }`
    Parallel(Parallel),
    /// `call "x.runbook" with { … }`
    Call(Box<CallRunbook>),
    /// A construct that is designed and not built: already reported.
    NotBuilt(NotBuilt),
}

/// `about { owner "…"  reviewed 2026-10-01 every 90d  severity P1, P2 }`
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct About {
    /// Its owner.
    pub owner: Option<Text>,
    /// The day of the last review, as `2026-10-01`.
    pub reviewed: Option<Text>,
    /// How often.
    pub review_every: Option<Duration>,
    /// Severities.
    pub severity: Vec<Ident>,
    /// All of it.
    pub span: Span,
}

/// `param name: TYPE = DEFAULT where CONDITION from env NAME`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Param {
    /// Its `##` lines, joined.
    pub doc: String,
    /// Its name.
    pub name: Ident,
    /// Its type.
    pub r#type: Option<Type>,
    /// Its default.
    pub default: Option<Expr>,
    /// Its condition.
    pub condition: Option<Expr>,
    /// For a secret: the environment variable.
    pub from_env: Option<Ident>,
    /// All of it.
    pub span: Span,
}

/// A type as written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Type {
    /// What it is.
    pub kind: TypeKind,
    /// Whether `secret` stands before it.
    pub secret: bool,
    /// Whether `untrusted` stands before it.
    pub untrusted: bool,
    /// Whether `?` stands after it.
    pub optional: bool,
    /// All of it.
    pub span: Span,
}

/// What a type is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TypeKind {
    /// `text`, `host`, …, or one that is named by `type`
    Name(Ident),
    /// `module.name`
    Of(Ident, Ident),
    /// `list of T`
    List(Box<Type>),
    /// `one of "a", "b"`
    OneOf(Vec<Text>),
    /// `{ a: T }`
    Record(Vec<(Ident, Type)>),
}

/// `let name: TYPE = EXPR`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Let {
    /// Its name.
    pub name: Ident,
    /// Its type, if written.
    pub r#type: Option<Type>,
    /// Its value.
    pub value: Expr,
    /// All of it.
    pub span: Span,
}

/// `allow { … }`
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Allow {
    /// Its rights, in order.
    pub rights: Vec<Right>,
    /// All of it.
    pub span: Span,
}

/// One right with its objects.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Right {
    /// `run psql, "/usr/bin/pg_ctl"`
    Run(Vec<Text>),
    /// `detach pg_ctl`
    Detach(Vec<Text>),
    /// `connect HOST:PORT, …`
    Connect(Vec<(Expr, Expr)>),
    /// `connect any "why"`
    ConnectAny(Text),
    /// `listen PORT, …`
    Listen(Vec<Expr>),
    /// `read PATH, …`
    Read(Vec<Expr>),
    /// `write PATH, …`
    Write(Vec<Expr>),
    /// `as USER, …`
    As(Vec<Ident>),
}

/// `fact name(args): TYPE on HOST = EXPR`, or `fact name { $ … false on 1 }`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fact {
    /// Its `##` lines, joined.
    pub doc: String,
    /// Its name.
    pub name: Ident,
    /// Its arguments.
    pub parameters: Vec<(Ident, Type)>,
    /// Its type; `bool` if none.
    pub r#type: Option<Type>,
    /// Where it is asked.
    pub on: Option<Expr>,
    /// What answers it.
    pub body: FactBody,
    /// All of it.
    pub span: Span,
}

/// `function name(a: T): T = EXPR`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Function {
    /// Its `##` lines, joined.
    pub doc: String,
    /// Its name.
    pub name: Ident,
    /// Its parameters.
    pub parameters: Vec<(Ident, Type)>,
    /// The type of what it gives; absent if damaged.
    pub result: Option<Type>,
    /// What it gives.
    pub body: Expr,
    /// All of it.
    pub span: Span,
}

/// `type NAME = TYPE`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TypeItem {
    /// Its `##` lines, joined.
    pub doc: String,
    /// Its name.
    pub name: Ident,
    /// What it stands for; absent if damaged.
    pub r#type: Option<Type>,
    /// All of it.
    pub span: Span,
}

/// What answers a fact.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FactBody {
    /// An expression.
    Expr(Expr),
    /// A bare command, and the exits that mean no.
    Command(Box<Command>, Vec<(i32, Span)>),
    /// Damaged.
    Error,
}

/// `requires F, F every D within D else "why"`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Requires {
    /// The conditions, each of which must hold.
    pub conditions: Vec<Expr>,
    /// Patience.
    pub patience: Patience,
    /// Why it matters.
    pub message: Option<Text>,
    /// All of it.
    pub span: Span,
}

/// `every D within D`
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Patience {
    /// Between two probes.
    pub every: Option<Duration>,
    /// The limit.
    pub within: Option<Duration>,
}

/// `invariant F "why"`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Invariant {
    /// What must hold.
    pub condition: Expr,
    /// Why.
    pub message: Option<Text>,
    /// All of it.
    pub span: Span,
}

/// `ensures F, F every D within D`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ensures {
    /// What holds afterwards.
    pub conditions: Vec<Expr>,
    /// Patience.
    pub patience: Patience,
    /// All of it.
    pub span: Span,
}

/// `on failure rollback|stop|ask`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OnFailure {
    /// The word: `rollback`, `stop` or `ask`.
    pub policy: Ident,
    /// All of it.
    pub span: Span,
}

/// `on failure collect { … }`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Collect {
    /// What is gathered.
    pub body: Vec<Statement>,
    /// All of it.
    pub span: Span,
}

/// `step NAME on TARGET within D "Title" { … }`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step {
    /// Its `##` lines, joined.
    pub doc: String,
    /// Its name.
    pub name: Ident,
    /// Its target.
    pub on: Option<Expr>,
    /// Its deadline.
    pub within: Option<Duration>,
    /// Its title.
    pub title: Option<Text>,
    /// What stands in it, in order.
    pub body: Vec<Clause>,
    /// All of it.
    pub span: Span,
    /// From `step` to its title: what a label underlines.
    pub head: Span,
}

/// `action NAME(a: T) on TARGET within D "Title" { … }`: a step that others give its values.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Action {
    /// Its parameters.
    pub parameters: Vec<(Ident, Type)>,
    /// All else, as a step has it.
    pub step: Step,
}

/// What stands in a step.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Clause {
    /// `approved by N of ROLE showing F, F expires D`
    Approved(Approved),
    /// `requires …`
    Requires(Requires),
    /// `before name: TYPE = …`
    Before(Let),
    /// Something done.
    Statement(Statement),
    /// `ensures …`
    Ensures(Ensures),
    /// `retry N every D`
    Retry(Retry),
    /// `idempotent`
    Idempotent(Span),
    /// `lock "name"`
    Lock(Lock),
    /// `on failure rollback|stop|ask`
    OnFailure(OnFailure),
    /// `rollback { … }`
    Rollback(Rollback),
    /// `irreversible "why" …`
    Irreversible(Irreversible),
    /// `leaves F, F "why"`
    Leaves(Leaves),
    /// `after 15m notify lead "…"`
    After(After),
    /// A construct that is designed and not built: already reported.
    NotBuilt(NotBuilt),
}

/// `approved by N of ROLE showing F, F expires D`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Approved {
    /// How many people must agree; absent: one.
    pub people: Option<(u32, Span)>,
    /// Whose yes.
    pub role: Ident,
    /// What they are shown.
    pub showing: Vec<Expr>,
    /// How long it is good for.
    pub expires: Option<Duration>,
    /// All of it.
    pub span: Span,
}

/// `retry N every D`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Retry {
    /// Attempts after the first; absent: none was written, which is an error of its own.
    pub times: Option<(u32, Span)>,
    /// Between two attempts.
    pub every: Option<Duration>,
    /// All of it.
    pub span: Span,
}

/// `rollback { … }`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rollback {
    /// What stands in it: `requires`, statements, `ensures`; anything else is an error of the compiler.
    pub body: Vec<Clause>,
    /// All of it.
    pub span: Span,
}

/// `irreversible "why" without approval "why" undone when F recover with "x.runbook"`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Irreversible {
    /// The reason.
    pub why: Option<Text>,
    /// Why it needs no approval.
    pub without_approval: Option<Text>,
    /// What proves that it never happened.
    pub undone_when: Option<Expr>,
    /// The runbook that helps.
    pub recover_with: Option<Text>,
    /// All of it.
    pub span: Span,
}

/// `leaves F, F "why"`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Leaves {
    /// What stays changed; empty: harmless.
    pub facts: Vec<Expr>,
    /// Why.
    pub why: Option<Text>,
    /// All of it.
    pub span: Span,
}

/// Something done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Statement {
    /// `$ …`, with its options; what it prints is not named.
    Command(Command),
    /// `let name = …`
    Let(Let),
    /// `files.restore(old)`
    Call(Call),
    /// `manual "…" { see "…" "what is normal" }`
    Manual(Manual),
    /// `note "…"`
    Note(Expr, Span),
    /// `notify ops "…"`
    Notify(Notify),
    /// `todo "…"`
    Todo(Todo),
    /// A construct that is designed and not built: already reported.
    NotBuilt(NotBuilt),
}

/// `todo "…"`: what somebody must still find out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Todo {
    /// What; absent if damaged.
    pub what: Option<Text>,
    /// All of it.
    pub span: Span,
}

/// `manual "…" within D { see "url" "what is normal" }`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Manual {
    /// What to do.
    pub text: Expr,
    /// Where to look, and what is normal.
    pub see: Vec<(Expr, Option<Expr>)>,
    /// How long to wait for the answer.
    pub within: Option<Duration>,
    /// All of it.
    pub span: Span,
}

/// `scenario "title" for runbook { … }`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scenario {
    /// What it shows.
    pub title: Option<Text>,
    /// The runbook.
    pub runbook: Option<Ident>,
    /// Its lines, in order.
    pub lines: Vec<ScenarioLine>,
    /// All of it.
    pub span: Span,
}

/// A line of a scenario.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ScenarioLine {
    /// `given x = v, y = w`
    Given(Vec<(Ident, Expr)>, Span),
    /// `start F, not F, fact == value`
    Start(Vec<Expr>, Span),
    /// `answer x = v`
    Answer(Ident, Expr, Span),
    /// `reply $ … => "…"`
    Reply(Command, Expr, Span),
    /// `after STEP: F`
    After(Ident, Vec<Expr>, Span),
    /// `fail STEP before|during|after`, `fail STEP("item") during`
    Fail(Ident, Option<Expr>, Ident, Span),
    /// `lie STEP`, `hang STEP`: the word, the step
    Fault(Ident, Ident, Span),
    /// `crash at STEP`
    Crash(Ident, Span),
    /// `deny approval`
    DenyApproval(Span),
    /// `lose HOST`
    Lose(Expr, Span),
    /// `expect done`, `expect rolled back`, `expect stuck`: the words
    ExpectVerdict(Text),
    /// `expect stopped at STEP`
    ExpectStopped(Ident, Span),
    /// `expect F`
    ExpectFact(Expr, Span),
    /// `expect ran STEP.rollback`
    ExpectRan(Expr, Span),
    /// `explore all faults`
    ExploreAll(Span),
}

/// `notify ops "…"`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notify {
    /// The channel.
    pub channel: Ident,
    /// What it is told.
    pub text: Expr,
    /// All of it.
    pub span: Span,
}

/// `after 15m notify lead "…"`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct After {
    /// How long something waits before the channel is told.
    pub after: Option<Duration>,
    /// The channel.
    pub channel: Ident,
    /// What it is told.
    pub text: Expr,
    /// All of it.
    pub span: Span,
}
