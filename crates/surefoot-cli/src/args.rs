//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Runbooks that know the way back.
#[derive(Debug, Parser)]
#[command(name = "surefoot", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "Exit codes are listed in the README; `surefoot explain SF0401` explains a finding.")]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Says what is wrong with runbooks, and why.
    Check(Check),
    /// Lays runbooks out in the one way that every runbook is laid out.
    Fmt(Fmt),
    /// Shows what a runbook will do, what is proved, and the way back at every step.
    Plan(PlanArguments),
    /// Checks a plan without its source.
    Verify(Verify),
    /// Walks the whole plan without changing anything.
    DryRun(DryRun),
    /// Runs a runbook or a plan.
    Run(Run),
    /// Goes on with a run after a crash, a stop, or a decision.
    Resume(Resume),
    /// Pays what a run still owes, latest first.
    Rollback(Resume),
    /// Gives, or refuses, the second person's yes to a step.
    Approve(Approve),
    /// Answers a question of a run, from another terminal.
    Answer(Answer),
    /// Asks a running run to stop.
    Cancel(Cancel),
    /// Lets one debt go, with a reason that is recorded.
    Forgive(Forgive),
    /// Shows where a run stands: what is done, unknown and owed.
    Status(OneRun),
    /// Lists the runs.
    Runs(Runs),
    /// Tells the story of a run.
    Transcript(Transcript),
    /// Checks a run's journal and prints it.
    Journal(Journal),
    /// Explains a diagnostic code.
    Explain(Explain),
    /// Says what this machine's kernel lets Surefoot enforce.
    Doctor,
    /// Looks into Surefoot itself.
    #[command(subcommand)]
    Debug(Debug),
}

/// How findings are shown.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// With the source.
    #[default]
    Human,
    /// One line each.
    Short,
    /// One JSON document.
    Json,
    /// SARIF 2.1.0, for code hosts.
    Sarif,
    /// Commands of a GitHub workflow.
    Github,
    /// A Code Quality report of GitLab.
    Gitlab,
    /// A JUnit report.
    Junit,
}

/// For a person, or for a program.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// For a person.
    #[default]
    Human,
    /// JSON.
    Json,
}

/// How a story is told.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum StoryFormat {
    /// Plain text.
    #[default]
    Text,
    /// Markdown.
    Markdown,
    /// JSON.
    Json,
}

/// Which of the runbooks of a file: said in one way or the other, by every command that takes a file.
#[derive(Args, Debug, Default)]
pub(crate) struct Which {
    /// Which of the file's runbooks; may be left out if it has one.
    #[arg(value_name = "RUNBOOK")]
    named: Option<String>,
    /// The same.
    #[arg(long, value_name = "RUNBOOK", conflicts_with = "named")]
    runbook: Option<String>,
}

impl Which {
    /// Returns its name, if it is said.
    pub(crate) fn name(&self) -> Option<&str> {
        self.named.as_deref().or(self.runbook.as_deref())
    }
}

/// The inputs of a runbook.
#[derive(Args, Debug, Default)]
pub(crate) struct Inputs {
    /// Binds a parameter: NAME=VALUE, as often as needed.
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE")]
    pub(crate) params: Vec<String>,
}

/// Where runs are kept.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct State {
    /// Where runs are kept; else $SUREFOOT_STATE, $XDG_STATE_HOME/surefoot, ~/.local/state/surefoot.
    #[arg(long = "state", value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
}

/// `surefoot check`
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// The runbooks, and folders: of those every `*.runbook` in them, hidden folders and `target` left out.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// How findings are shown.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: CheckFormat,
    /// Writes the edits that are surely right, and shows what remains.
    #[arg(long)]
    pub(crate) fix: bool,
    /// Shows those edits, as a diff, and writes nothing.
    #[arg(long, conflicts_with = "format")]
    pub(crate) diff: bool,
    /// Checks as on this day, as 2026-12-31: what will be due, which waivers will have ended.
    #[arg(long, value_name = "DAY")]
    pub(crate) today: Option<String>,
    /// Writes what is found to this file, as known; `baseline = "FILE"` in surefoot.toml then keeps it from failing.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["fix", "diff"])]
    pub(crate) write_baseline: Option<PathBuf>,
}

/// `surefoot fmt`
#[derive(Args, Debug)]
pub(crate) struct Fmt {
    /// The runbooks, and folders that hold some; `-` is standard input.
    #[arg(default_value = ".", value_name = "FILE or FOLDER")]
    pub(crate) paths: Vec<PathBuf>,
    /// Names the files that would change, and changes none. Exits with 1 if there are any.
    #[arg(long)]
    pub(crate) check: bool,
    /// Shows what would change, and changes nothing.
    #[arg(long)]
    pub(crate) diff: bool,
}

/// `surefoot plan`
#[derive(Args, Debug)]
pub(crate) struct PlanArguments {
    /// The file.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// For a person, or the plan itself as JSON.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Writes the plan itself to this file.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// `surefoot verify`
#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// The plan, as `surefoot plan -o` wrote it.
    pub(crate) plan: PathBuf,
}

/// `surefoot dry-run`
#[derive(Args, Debug)]
pub(crate) struct DryRun {
    /// A runbook, or a plan as `surefoot plan -o` wrote it.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// Asks the world: probes run for real, without any right to change.
    #[arg(long)]
    pub(crate) probe: bool,
    /// For a person, or JSON.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) waivers: Waivers,
}

/// What the operator accepts that cannot be enforced.
#[derive(Args, Debug, Default)]
pub(crate) struct Waivers {
    /// Runs although the kernel cannot enforce this; recorded in the transcript.
    #[arg(long = "waive", value_name = "WHAT", requires = "reason")]
    pub(crate) waive: Vec<String>,
    /// Why that is accepted.
    #[arg(long, value_name = "WHY", requires = "waive")]
    pub(crate) reason: Option<String>,
}

/// `surefoot run`
#[derive(Args, Debug)]
pub(crate) struct Run {
    /// A runbook, or a plan as `surefoot plan -o` wrote it.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    #[command(flatten)]
    pub(crate) state: State,
    /// For a person, or one JSON object a line.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) waivers: Waivers,
}

/// `surefoot resume`, `surefoot rollback`
#[derive(Args, Debug)]
pub(crate) struct Resume {
    /// The run: its id, or the beginning of it.
    pub(crate) run: String,
    #[command(flatten)]
    pub(crate) state: State,
    /// For a person, or one JSON object a line.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// `surefoot approve`
#[derive(Args, Debug)]
pub(crate) struct Approve {
    /// The run: its id, the beginning of it, or its folder.
    pub(crate) run: String,
    /// The step.
    pub(crate) step: String,
    /// Refuses instead.
    #[arg(long)]
    pub(crate) no: bool,
    /// A sentence for the transcript.
    #[arg(long, default_value = "")]
    pub(crate) comment: String,
    #[command(flatten)]
    pub(crate) state: State,
}

/// `surefoot answer`
#[derive(Args, Debug)]
pub(crate) struct Answer {
    /// The run: its id, the beginning of it, or its folder.
    pub(crate) run: String,
    /// The answer.
    pub(crate) value: String,
    /// The step that asks, if several do.
    #[arg(long)]
    pub(crate) step: Option<String>,
    /// On what evidence, for the transcript.
    #[arg(long, default_value = "")]
    pub(crate) comment: String,
    #[command(flatten)]
    pub(crate) state: State,
}

/// `surefoot cancel`
#[derive(Args, Debug)]
pub(crate) struct Cancel {
    /// The run: its id, or the beginning of it.
    pub(crate) run: String,
    /// Stops what runs, too, instead of letting it end.
    #[arg(long)]
    pub(crate) now: bool,
    /// Why, for the transcript.
    #[arg(long, default_value = "")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) state: State,
}

/// `surefoot forgive`
#[derive(Args, Debug)]
pub(crate) struct Forgive {
    /// The run: its id, or the beginning of it.
    pub(crate) run: String,
    /// The step whose rollback is let go.
    #[arg(required_unless_present = "journal_damaged")]
    pub(crate) step: Option<String>,
    /// Lets the whole run go, because its journal cannot be read: other runs may use its place again.
    #[arg(long, conflicts_with = "step")]
    pub(crate) journal_damaged: bool,
    /// Why; recorded.
    #[arg(long)]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) state: State,
}

/// `surefoot status`
#[derive(Args, Debug)]
pub(crate) struct OneRun {
    /// The run: its id, or the beginning of it; the latest if left out.
    pub(crate) run: Option<String>,
    #[command(flatten)]
    pub(crate) state: State,
}

/// `surefoot runs`
#[derive(Args, Debug)]
pub(crate) struct Runs {
    #[command(flatten)]
    pub(crate) state: State,
}

/// `surefoot transcript`
#[derive(Args, Debug)]
pub(crate) struct Transcript {
    /// The run: its id, or the beginning of it; the latest if left out.
    pub(crate) run: Option<String>,
    /// How it is told.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: StoryFormat,
    #[command(flatten)]
    pub(crate) state: State,
}

/// `surefoot journal`
#[derive(Args, Debug)]
pub(crate) struct Journal {
    /// The run: its id, or the beginning of it; the latest if left out.
    pub(crate) run: Option<String>,
    /// Only checks it.
    #[arg(long)]
    pub(crate) verify: bool,
    #[command(flatten)]
    pub(crate) state: State,
}

/// `surefoot explain`
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// The code, as SF0401, or its name, as no-way-back.
    pub(crate) code: String,
}

/// `surefoot debug`
#[derive(Debug, Subcommand)]
pub(crate) enum Debug {
    /// Shows the tree of a runbook.
    Tree {
        /// The file.
        file: PathBuf,
    },
}
