//! A plan for a person who will approve it or run it: what is done, what is proved and what is probed,
//! the way back at every step, and everything it may touch.

use std::collections::{BTreeMap, BTreeSet};

use surefoot_plan::{
    After, Approval, CallEnd, Ensure, ExceptionKind, GRACE_MS, InputValue, Names, Node, OnFailure, Owed,
    Place, Plan, Proof, Rollback, ShownValue, Step, StepId, Tri, Verdict, VerifiedPlan, Wait, Way, What,
};

use crate::blast::{Kind, blast, shown};
use crate::ledger::causes;
use crate::progress::seals;
use crate::say;
use crate::status::title;
use crate::style::{Page, Style};
use crate::tell;

/// The width of the labels at the margin.
const MARGIN: usize = 10;

/// The width of the labels of a step.
const LABEL: usize = 9;

/// How much further in the parts of a called runbook stand.
const CALLED: usize = 3;

/// Shows a plan.
pub fn plan(verified: &VerifiedPlan, style: &Style) -> String {
    let plan = verified.plan();
    let places = plan.nodes().enumerate().map(|(at, node)| (node.id(), at)).collect();
    let mut view =
        View { plan, proof: verified.proof(), names: Names::of(plan), places, page: Page::new(style) };
    view.header(verified.digest().short());
    view.start();
    view.nodes(&plan.body, "", 0);
    view.end();
    view.blast();
    view.exceptions();
    view.page.finish()
}

/// What a plan takes for true, each with its reason: what its approvers are shown.
pub fn assumptions(plan: &Plan) -> Vec<String> {
    let names = Names::of(plan);
    let assumed = plan.nodes().filter(|node| matches!(node, Node::Assume { .. }));
    assumed.map(|node| crate::tell::assumed(plan, &names, node.id())).collect()
}

/// The secrets that a plan reveals, each with the reason: what its approvers are shown.
pub fn reveals(plan: &Plan) -> Vec<String> {
    let line = |(part, reveal): (String, &surefoot_plan::Reveal)| {
        format!("{} to every user of the machine, in `{part}`{}", reveal.secret, say::reason(&reveal.why))
    };
    plan.reveals().into_iter().map(line).collect()
}

/// A plan that is being shown.
struct View<'a> {
    /// The plan.
    plan: &'a Plan,
    /// What is proved about it.
    proof: &'a Proof,
    /// How its facts are called.
    names: Names<'a>,
    /// Where each part stands.
    places: BTreeMap<&'a StepId, usize>,
    /// What is shown so far.
    page: Page,
}

impl View<'_> {
    /// What it is, of whom, for what, and how far the proof goes.
    fn header(&mut self, digest: &str) {
        let plan = self.plan;
        self.page.text(0, &format!("{}: {}", plan.runbook, title(plan)));
        for paragraph in plan.doc.split("\n\n").skip(1) {
            self.page.gap();
            self.page.text(0, paragraph);
        }
        self.page.gap();
        self.page.field(0, "plan", MARGIN, digest);
        let about = &plan.about;
        let mut who: Vec<String> = about.owner.iter().cloned().collect();
        let every = about.review_every_ms.map(|ms| format!(", every {}", say::duration(ms)));
        who.extend(about.reviewed.as_ref().map(|day| format!("reviewed {day}{}", every.unwrap_or_default())));
        if !about.severity.is_empty() {
            who.push(format!("for {}", about.severity.join(", ")));
        }
        self.list("owner", &who.join("; "));
        let sources: Vec<&str> = plan.sources.iter().map(|source| source.path.as_str()).collect();
        self.list("from", &sources.join(", "));
        let inputs = plan.inputs.iter().map(|input| match &input.value {
            InputValue::Bound(value) => format!("{} = {value}", input.name),
            InputValue::SecretFromEnv(variable) => {
                format!("{}: secret, from the environment variable {variable}", input.name)
            }
            InputValue::Unbound => format!("{}: NOT GIVEN, so this plan cannot be run", input.name),
        });
        self.lines("given", inputs.collect());
        self.lines("locks", plan.locks.iter().map(shown).collect());
        self.lines("where", plan.constraints.iter().map(|(_, text)| text.clone()).collect());
        let mut proof = vec![self.proof.summary.to_string()];
        let silent: Vec<&str> = plan
            .steps()
            .filter(|step| step.acts() && step.changes().is_empty())
            .map(|step| step.id.0.as_str())
            .collect();
        if !silent.is_empty() {
            let first = silent.iter().take(NAMED_MAX).copied().collect::<Vec<_>>().join(", ");
            let more = silent.len().saturating_sub(NAMED_MAX);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            proof.push(format!("nothing is stated, and so nothing is proved, about {first}{more}"));
        }
        proof.push("what is proved is probed all the same, when the run comes to it".to_owned());
        self.lines("proof", proof);
        let facts = plan.facts.iter().map(|fact| format!("{} = {}", fact.name, self.unnamed(&fact.formula)));
        let facts = facts.collect();
        self.lines("facts", facts);
    }

    /// What a named formula stands for.
    fn unnamed(&self, formula: &surefoot_plan::Formula) -> String {
        match formula {
            surefoot_plan::Formula::Atom(atom) => {
                let cell = self.plan.public_cell(&atom.cell);
                surefoot_plan::Atom { cell, ..atom.clone() }.to_string()
            }
            surefoot_plan::Formula::Value(_)
            | surefoot_plan::Formula::Not(_)
            | surefoot_plan::Formula::All(_)
            | surefoot_plan::Formula::Any(_) => formula.to_string(),
        }
    }

    /// A label at the margin with text, if there is any.
    fn list(&mut self, label: &str, text: &str) {
        if !text.is_empty() {
            self.page.field(0, label, MARGIN, text);
        }
    }

    /// A label at the margin with lines.
    fn lines(&mut self, label: &str, lines: Vec<String>) {
        for (at, line) in lines.into_iter().enumerate() {
            self.page.field(0, if at == 0 { label } else { "" }, MARGIN, &line);
        }
    }

    /// What is asked before anything is done.
    fn start(&mut self) {
        if self.plan.requires.is_empty() && self.plan.invariants.is_empty() && self.plan.lets.is_empty() {
            return;
        }
        self.page.heading("AT THE START");
        for (at, require) in self.plan.requires.iter().enumerate() {
            let tag = self.tag(&Place::Start, What::Requires(at));
            let text = say::require(&self.names, require);
            self.page.field(2, "needs", LABEL, &format!("{tag}{text}"));
        }
        for read in &self.plan.lets {
            self.page.field(2, "reads", LABEL, &say::read(self.plan, read));
        }
        for invariant in &self.plan.invariants {
            let text =
                format!("{}{}", self.names.formula(&invariant.formula), say::reason(&invariant.message));
            self.page.field(2, "always", LABEL, &text);
        }
    }

    /// Parts of the plan, in order.
    fn nodes(&mut self, nodes: &[Node], above: &str, indent: usize) {
        let mut before: Option<&Node> = None;
        // Further in for each called runbook that has begun and is not over.
        let (outer, mut calls) = (indent, 0);
        if above.is_empty() && !nodes.is_empty() {
            self.page.heading("STEPS");
        }
        for (at, node) in nodes.iter().enumerate() {
            self.page.gap();
            let number = format!("{above}{}", at + 1);
            let call = if let Node::Step(step) = node { step.call.as_ref() } else { None };
            if let Some(CallEnd::Ends { .. }) = call {
                calls -= calls.min(1);
            }
            let indent = outer + calls * CALLED;
            if let Some(CallEnd::Begins { .. }) = call {
                calls += 1;
            }
            match node {
                Node::Step(step) => self.step(step, before, &number, indent),
                Node::Wait(wait) => self.wait(wait, &number, indent),
                Node::Each(each) => {
                    self.page.field(indent, &number, number.len() + 1, &say::turns(each));
                    let at = indent + number.len() + 2;
                    let most = match each.max {
                        1 => "one item".to_owned(),
                        max => format!("{max} items"),
                    };
                    self.page.text(
                        at,
                        &format!(
                            "the list is found when the run comes here: at most {most}, none twice, or nothing of this is done; one \
                             after the other. If something fails in a turn, what the turns before it owe is taken back too"
                        ),
                    );
                    if each.tolerate > 0 {
                        let turns =
                            if each.tolerate == 1 { "one turn" } else { &format!("{} turns", each.tolerate) };
                        self.page.text(
                            at,
                            &format!("{turns} may fail: such a turn is taken back by itself, and the loop goes on; the run is then done with failures"),
                        );
                    }
                    for line in say::waves(each) {
                        self.page.text(at, &line);
                    }
                    self.page.text(at, &format!("for each {}:", each.item));
                    self.nodes(&each.body, &format!("{number}."), at);
                }
                Node::Parallel(parallel) => {
                    let text = format!("{} at the same time", say::branches(parallel));
                    self.page.field(indent, &number, number.len() + 1, &text);
                    let at = indent + number.len() + 2;
                    self.page.text(
                        at,
                        "none changes what another changes or asks. If something fails, the others begin nothing more, \
                         and what was done last is taken back first; the run goes on when all are over",
                    );
                    for (index, branch) in parallel.branches.iter().enumerate() {
                        self.page.gap();
                        self.page.text(at, &format!("branch {}:", index + 1));
                        self.nodes(branch, &format!("{number}.{}", say::branch_letter(index)), at);
                    }
                }
                Node::Assume { literal, why, .. } => {
                    let text = format!("ASSUMES {}{}", self.names.literal(literal), say::reason(why));
                    self.page.field(indent, &number, number.len() + 1, &text);
                    let at = indent + number.len() + 2;
                    self.page.text(at, "asked there: known false, the run stops for a person; what cannot be told is taken for true");
                }
                Node::Stop { why, .. } => {
                    let text = format!("stop: the run ends here, and well{}", say::reason(why));
                    self.page.field(indent, &number, number.len() + 1, &text);
                }
                Node::If { hypothesis: Some(_), .. } => self.causes(node, &number, indent),
                Node::If { id, condition, text, then, otherwise, unknown, hypothesis: None } => {
                    let text = format!("if {}", say::condition(&self.names, condition, text));
                    self.page.field(indent, &number, number.len() + 1, &text);
                    let inside = indent + number.len() + 2;
                    let stops = "the run stops for a person";
                    let missing = |arm| self.proof.unreachable.contains(&(id.clone(), arm));
                    let said = |arm| if missing(arm) { " (never, if the assumptions hold)" } else { "" };
                    let (yes, no, dunno) = (said(Tri::True), said(Tri::False), said(Tri::Unknown));
                    let nothing = if then.is_empty() { " nothing" } else { "" };
                    self.page.text(inside, &format!("if it is true{yes}:{nothing}"));
                    self.nodes(then, &format!("{number}.a"), inside);
                    if !otherwise.is_empty() {
                        self.page.gap();
                        self.page.text(inside, &format!("if it is false{no}:"));
                        self.nodes(otherwise, &format!("{number}.b"), inside);
                    }
                    self.page.gap();
                    match unknown {
                        None => self.page.text(inside, &format!("if it cannot be told{dunno}: {stops}")),
                        Some(unknown) => {
                            self.page.text(inside, &format!("if it cannot be told{dunno}:"));
                            self.nodes(unknown, &format!("{number}.c"), inside);
                        }
                    }
                }
            }
            before = Some(node);
        }
    }

    /// The causes of a question, and what is done when none is found.
    fn causes(&mut self, first: &Node, number: &str, indent: usize) {
        let (causes, last) = causes(first);
        let question = causes.first().map(|tried| tried.hypothesis.question.as_str()).unwrap_or_default();
        self.page.field(indent, number, number.len() + 1, &format!("diagnose: {question}"));
        let inside = indent + number.len() + 2;
        self.page.text(inside, "what cannot be told is recorded, and the next cause is asked");
        for (at, tried) in causes.iter().enumerate() {
            let never = self.proof.unreachable.contains(&(tried.id.clone(), Tri::True));
            let never = if never { " (never, if the assumptions hold)" } else { "" };
            let text = format!("{}, if {}{never}", tried.hypothesis.text, tried.asked(&self.names));
            self.case(&format!("{number}.{}", at + 1), &text, tried.then, inside);
        }
        self.case(&format!("{number}.{}", causes.len() + 1), "if no cause is found", last, inside);
    }

    /// What is done in one case.
    fn case(&mut self, number: &str, text: &str, nodes: &[Node], indent: usize) {
        self.page.gap();
        let nothing = if nodes.is_empty() { " nothing" } else { "" };
        self.page.field(indent, number, number.len() + 1, &format!("{text}:{nothing}"));
        self.nodes(nodes, &format!("{number}."), indent + number.len() + 2);
    }

    /// A step, and what stands before it.
    fn step(&mut self, step: &Step, before: Option<&Node>, number: &str, indent: usize) {
        if seals(step) {
            self.page.rule("point of no return: from here on, nothing above is taken back");
        }
        let name = match step.title.is_empty() {
            true => step.id.0.clone(),
            false => format!("{}: {}", step.id, step.title),
        };
        let on = step.target.as_ref().map(|target| format!(" (on {target})")).unwrap_or_default();
        self.page.field(indent, number, number.len() + 1, &format!("{name}{on}"));
        let at = indent + number.len() + 2;
        if !step.doc.is_empty() {
            self.page.text(at, &step.doc);
        }
        let place = Place::Step(step.id.clone());
        let needs = if let Some(CallEnd::Ends { .. }) = step.call { "holds" } else { "needs" };
        for (index, require) in step.requires.iter().enumerate() {
            let tag = self.tag(&place, What::Requires(index));
            let text = say::require(&self.names, require);
            self.page.field(at, needs, LABEL, &format!("{tag}{text}"));
        }
        self.kept(&place, at);
        self.told(&step.after, at);
        if let Some(approval) = &step.approval {
            self.approval(approval, at);
        }
        for read in &step.before {
            self.page.field(at, "records", LABEL, &say::read(self.plan, read));
        }
        self.statements("does", &step.body, at);
        self.sets("sets", &step.ensures, at);
        for leaves in &step.leaves {
            let atoms: Vec<String> = leaves.atoms.iter().map(|atom| self.names.atom(atom)).collect();
            let what = if atoms.is_empty() { "harmless".to_owned() } else { atoms.join(", ") };
            self.page.field(at, "leaves", LABEL, &format!("{what}{}", say::reason(&leaves.why)));
        }
        let (time, grace) = (say::duration(step.deadline_ms), say::duration(GRACE_MS));
        let mut limits = format!("{time}, then {grace} to end; {}", say::class(step.class));
        if let Some(retry) = &step.retry {
            let every = say::duration(retry.every_ms);
            limits.push_str(&format!("; tried again {} times at most, every {every}", retry.times));
        }
        if step.call.is_none() {
            self.page.field(at, "within", LABEL, &limits);
        }
        match &step.way {
            Way::Rollback(rollback) => self.rollback(step, rollback, at),
            Way::Irreversible(irreversible) => {
                self.page.field(at, "FOR GOOD", LABEL, &say::reason(&irreversible.why));
                if let Some(formula) = &irreversible.undone_when {
                    let text = format!("it did not happen if {}", self.names.formula(formula));
                    self.page.field(at, "unless", LABEL, &text);
                }
                if let Some(why) = &irreversible.without_approval {
                    let text = format!("nobody is asked first:{}", say::reason(why));
                    self.page.field(at, "approval", LABEL, &text);
                }
                if let Some(runbook) = &irreversible.recover_with {
                    self.page.field(at, "help", LABEL, &format!("if it went wrong: {runbook}"));
                }
            }
            Way::Nothing => {}
        }
        let policy = match step.on_failure {
            None => String::new(),
            Some(choice) => format!(" ({})", on_failure(choice)),
        };
        let text = match seals(step) {
            true => self.way_back_of_seal(before),
            false => format!("{}{policy}", self.way_back(&step.id)),
        };
        self.page.field(at, "if this fails:", 0, &text);
    }

    /// The invariants that a step could break, with what is known.
    fn kept(&mut self, place: &Place, at: usize) {
        let proof = self.proof;
        for obligation in proof.at(place) {
            if let What::Invariant(_) = obligation.what {
                let tag = verdict(obligation.verdict);
                self.page.field(at, "keeps", LABEL, &format!("{tag}{}", obligation.text));
            }
        }
    }

    /// Who is told when something is waited for.
    fn told(&mut self, after: &[After], at: usize) {
        for after in after {
            let time = say::duration(after.after_ms);
            let text = format!("{}, once something here is waited for {time}: {}", after.channel, after.text);
            self.page.field(at, "tells", LABEL, &text);
        }
    }

    /// A second person's yes.
    fn approval(&mut self, approval: &Approval, at: usize) {
        let facts = approval.showing.iter().map(|cell| self.names.cell(cell));
        let shown: Vec<String> = facts.chain(approval.values.iter().map(ShownValue::name)).collect();
        let is = if approval.people == 1 { "is" } else { "are" };
        let shown =
            if shown.is_empty() { String::new() } else { format!(", who {is} shown {}", shown.join(", ")) };
        let expires = say::duration(approval.expires_ms);
        let text = match approval.people {
            1 => format!("by a {}{shown}; good for {expires}", approval.role),
            people => format!(
                "by {people} different people of {}{shown}; each yes good for {expires}",
                approval.role
            ),
        };
        self.page.field(at, "approval", LABEL, &text);
    }

    /// What is done.
    fn statements(&mut self, label: &str, body: &[surefoot_plan::Statement], at: usize) {
        let mut label = label;
        for statement in body {
            for line in say::statement(self.plan, statement) {
                // The lines of a script or of standard input keep their places.
                match line.starts_with(' ') {
                    true => self.page.verbatim(at, &format!("{label:LABEL$} {line}")),
                    false => self.page.field(at, label, LABEL, &line),
                }
                label = "";
            }
        }
    }

    /// What is true afterwards.
    fn sets(&mut self, label: &str, ensures: &[Ensure], at: usize) {
        for (index, ensure) in ensures.iter().enumerate() {
            let text = self.names.literal(&ensure.literal);
            let patience = say::patience(ensure.every_ms, ensure.within_ms);
            let label = if index == 0 { label } else { "" };
            self.page.field(at, label, LABEL, &format!("{text}{patience}"));
        }
    }

    /// How a step is taken back.
    fn rollback(&mut self, step: &Step, rollback: &Rollback, at: usize) {
        let place = Place::Rollback(step.id.clone());
        for (index, require) in rollback.requires.iter().enumerate() {
            let tag = self.tag(&place, What::Requires(index));
            let text = say::require(&self.names, require);
            self.page.field(at, "  needs", LABEL, &format!("{tag}{text}"));
        }
        self.statements("way back", &rollback.body, at);
        if rollback.derived {
            self.page.field(at, "", LABEL, "(derived: nobody wrote it, it follows from what the step does)");
        }
        self.sets("  sets", &rollback.ensures, at);
    }

    /// A wait.
    fn wait(&mut self, wait: &Wait, number: &str, indent: usize) {
        let tag = self.tag(&Place::Wait(wait.id.clone()), What::Requires(0));
        let times = if wait.times > 1 { format!(", {} times in a row", wait.times) } else { String::new() };
        let text = say::require(&self.names, &wait.until);
        self.page.field(indent, number, number.len() + 1, &format!("wait until {tag}{text}{times}"));
        let at = indent + number.len() + 2;
        self.told(&wait.after, at);
        if wait.otherwise.is_empty() {
            let text = self.way_back(&wait.id);
            self.page.field(at, "if this fails:", 0, &text);
        } else {
            self.page.text(at, "if it does not come true in time:");
            self.nodes(&wait.otherwise, &format!("{number}."), at);
        }
    }

    /// What is taken back if this fails, in order.
    fn way_back(&self, id: &StepId) -> String {
        let sealed = self.proof.seals.iter().any(|seal| self.comes_before(seal, id));
        match (self.owed(id), sealed) {
            (Some(owed), true) => format!("{owed} - and only if a person says so"),
            (None, true) => "nothing is taken back; a person decides how to go on".to_owned(),
            (Some(owed), false) => owed,
            (None, false) => "nothing has to be taken back".to_owned(),
        }
    }

    /// What is owed if this fails, in order; shortened in the middle where it is long.
    fn owed(&self, id: &StepId) -> Option<String> {
        let (first, last, count) = self.proof.way_back_ends(id, OWED_MAX);
        let mut shown: Vec<String> = first.iter().map(|owed| debt(self.plan, owed)).collect();
        for (at, debt) in shown.iter_mut().enumerate() {
            *debt = format!("{}. {debt}", at + 1);
        }
        if let Some(last) = last {
            let between = count - shown.len() - 1;
            if between > 0 {
                shown.push(format!("... {between} more"));
            }
            shown.push(format!("{count}. {}", debt(self.plan, &last)));
        }
        (!shown.is_empty()).then(|| shown.join(", "))
    }

    /// What is taken back if a point of no return fails, by what stands before it.
    fn way_back_of_seal(&self, before: Option<&Node>) -> String {
        let decides = "a person decides";
        let owed = match before {
            Some(Node::Step(step)) => self.owed(&step.id),
            Some(Node::Wait(wait)) => self.owed(&wait.id),
            // What is owed depends on the branch; the steps in it say so themselves.
            Some(Node::Parallel(block)) => self.owed(&block.id),
            Some(Node::If { .. } | Node::Each(_) | Node::Stop { .. } | Node::Assume { .. }) | None => None,
        };
        match (owed, before) {
            (Some(owed), _) => format!("{decides}; if it provably never happened: {owed}"),
            (None, Some(Node::If { .. } | Node::Each(_) | Node::Parallel(_))) => {
                format!(
                    "{decides}; but if it is proved that it never happened, what was owed before it is taken back"
                )
            }
            (None, Some(Node::Step(_) | Node::Wait(_) | Node::Stop { .. } | Node::Assume { .. }) | None) => {
                decides.to_owned()
            }
        }
    }

    /// Whether one part stands before another in the plan.
    fn comes_before(&self, first: &StepId, second: &StepId) -> bool {
        matches!((self.places.get(first), self.places.get(second)), (Some(first), Some(second)) if first < second)
    }

    /// What must hold in the end, and what happens when something fails.
    fn end(&mut self) {
        self.page.heading("AT THE END");
        for (at, require) in self.plan.ensures.iter().enumerate() {
            let tag = self.tag(&Place::End, What::Requires(at));
            let text = say::require(&self.names, require);
            self.page.field(2, "holds", LABEL, &format!("{tag}{text}"));
        }
        self.page.field(2, "failure", LABEL, on_failure(self.plan.on_failure));
        for collect in &self.plan.collect {
            self.statements("gathers", std::slice::from_ref(&collect.statement), 2);
        }
    }

    /// Everything it may touch.
    fn blast(&mut self) {
        let found = blast(self.plan);
        self.page.heading("WHAT IT MAY TOUCH");
        let wide = found.kinds.iter().map(|kind| kind.name.len()).max().unwrap_or(0);
        for Kind { name, forward, back_only } in &found.kinds {
            if forward.is_empty() && back_only.is_empty() {
                self.page.field(2, name, wide, "-");
            }
            if !forward.is_empty() {
                self.page.field(2, name, wide, &joined(forward));
            }
            if !back_only.is_empty() {
                let label = if forward.is_empty() { name } else { "" };
                self.page.field(2, label, wide, &format!("only on the way back: {}", joined(back_only)));
            }
        }
        let secrets = if found.secrets.is_empty() { "none".to_owned() } else { found.secrets.join(", ") };
        self.page.field(2, "secrets", wide, &secrets);
    }

    /// Every word that goes around a check.
    fn exceptions(&mut self) {
        let waived = &self.plan.waived;
        if self.proof.exceptions.is_empty() && waived.is_empty() {
            return;
        }
        self.page.heading("EXCEPTIONS, AND WHY");
        let names = self.proof.exceptions.iter().map(|exception| exception.step.0.len());
        let wide = names.chain(waived.iter().map(|_| "waived".len())).max().unwrap_or(0);
        for waived in waived {
            self.page.field(2, "waived", wide.min(24), &say::waived(waived));
        }
        for exception in &self.proof.exceptions {
            let what = match exception.kind {
                ExceptionKind::Irreversible => "cannot be taken back",
                ExceptionKind::WithoutApproval => "needs no approval",
                ExceptionKind::Leaves if exception.facts.is_empty() => "leaves something harmless",
                ExceptionKind::Leaves => "leaves changed",
                ExceptionKind::Assume => "takes for true",
                ExceptionKind::ConnectAny => "lets what runs connect ANYWHERE",
                ExceptionKind::Reveal => "lets every user of the machine read the secret",
            };
            let facts = exception.facts.join(", ");
            let facts = if facts.is_empty() { facts } else { format!(" {facts}") };
            let text = format!("{what}{facts}:{}", say::reason(&exception.why));
            self.page.field(2, &exception.step.0, wide.min(24), &text);
        }
    }

    /// What is known of a condition, before its text.
    fn tag(&self, place: &Place, what: What) -> &'static str {
        self.proof.verdict(place, what).map_or("", verdict)
    }
}

/// Most debts that are named from the next to be paid on; the last is named besides.
const OWED_MAX: usize = 4;

/// Most names that are listed in a sentence.
const NAMED_MAX: usize = 8;

/// What is known of a condition, before its text.
fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Proved => "[proved] ",
        Verdict::Probe => "[probed] ",
    }
}

/// A rollback that would be owed, and when.
fn debt(plan: &Plan, owed: &Owed) -> String {
    let arm = |(node, arm): &(StepId, Tri)| {
        if node.0.starts_with("for[") {
            return format!("in each turn of {node}");
        }
        let arm = match (arm, tell::cause(plan, node).is_some()) {
            (Tri::True, _) => "was true",
            (Tri::False, true) => "was not found true",
            (Tri::False, false) => "was false",
            (Tri::Unknown, _) => "could not be told",
        };
        format!("{node} {arm}")
    };
    if owed.among.is_some() {
        return format!("{} (as far as its branch came)", owed.step);
    }
    match owed.only_if.as_slice() {
        [] => owed.step.0.clone(),
        only_if => {
            let when: Vec<String> = only_if.iter().map(arm).collect();
            format!("{} (if {})", owed.step, when.join(" and "))
        }
    }
}

/// What happens when something fails.
fn on_failure(choice: OnFailure) -> &'static str {
    match choice {
        OnFailure::Rollback => "what is owed is rolled back, latest first",
        OnFailure::Stop => "the run stops, and keeps what is owed",
        OnFailure::Ask => "a person is asked",
    }
}

/// Names in a row.
fn joined(names: &BTreeSet<String>) -> String {
    names.iter().cloned().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
