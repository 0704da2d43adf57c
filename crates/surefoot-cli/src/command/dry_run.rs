//! `surefoot dry-run`: walks a plan without changing anything.

use std::sync::Arc;

use surefoot_executor::Program;
use surefoot_executor::dry::{DryRun, NotExercised, Verdict, dry_run as walk};
use surefoot_plan::VerifiedPlan;
use surefoot_sandbox::RealWorld;

use crate::args::{self, Format};
use crate::confine::{self, Nobody, Scratch};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::{bind, load, output, runs, waive};

/// Walks a plan, and says what would happen.
pub(crate) fn dry_run(arguments: &args::DryRun) -> Result<Exit, CommandError> {
    // Only what is closed can be asked about; what is open is walked with its inputs left symbolic.
    let plan = load::verified(&arguments.file, arguments.which.name(), &arguments.inputs, arguments.probe)?;
    let plan = Arc::new(plan);
    let program = Program::new(plan.clone());
    bind::hosts(plan.plan())?;
    let mut walked = if arguments.probe {
        probe(&plan, &program, arguments)?
    } else {
        load::wait_for(walk(&program, None::<&RealWorld<Nobody>>, runs::now()))?
    };
    name_missing(&plan, &mut walked);
    match arguments.format {
        // Answers of probes come from outside, and a terminal obeys what it is sent.
        Format::Human => output::print(&surefoot_view::plain_text(&walked.to_string())),
        Format::Json => {
            let json = serde_json::to_string_pretty(&walked);
            output::line(&json.map_err(|error| CommandError::new(Exit::Internal, format!("{error}.")))?);
        }
    }
    Ok(match walked.verdict() {
        Verdict::WouldRun | Verdict::CannotTell => Exit::Done,
        Verdict::WouldBeRefused => Exit::Precondition,
    })
}

/// Says which programs are not here: a run would be refused.
#[expect(clippy::disallowed_methods, reason = "programs are found where the operator finds them")]
fn name_missing(plan: &VerifiedPlan, walked: &mut DryRun) {
    let path = std::env::var("PATH").unwrap_or_default();
    let missing = bind::missing_programs(plan.plan(), &path);
    let left = missing.into_iter().map(|name| NotExercised {
        what: format!("`{name}`"),
        why: "it is not found here, so a run would be refused".to_owned(),
    });
    walked.not_exercised.splice(0..0, left);
}

/// Walks a plan and asks the world on the way. A world has a folder, which goes when that is over.
fn probe(plan: &VerifiedPlan, program: &Program, arguments: &args::DryRun) -> Result<DryRun, CommandError> {
    let (secrets, path) = bind::look_around(plan.plan())?;
    let (waivers, _) = waive::given(&arguments.waivers)?;
    confine::check(&waivers)?;
    let (_scratch, folder) = Scratch::new()?;
    let world = RealWorld::new(folder, &path, secrets, Nobody).with_waivers(&waivers);
    load::wait_for(walk(program, Some(&world), runs::now()))
}
