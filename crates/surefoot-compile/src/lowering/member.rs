//! The parts of a runbook, in the order in which they depend on each other.

use surefoot_plan::{About, Collect, Expr, Invariant, Node, OnFailure, Require, Statement, StepId, Wait};
use surefoot_syntax::ast::{self, Fact, Ident, Item, Let, Member, Param, Patience, Requires, Step, Text};
use surefoot_syntax::{Severity, Span, on_one_line};

use super::fact::Meaning;
use super::quantifier::parts;
use super::{Binding, Context, EVERY_MS, Lowering, Part, STEPS_MAX};
use crate::report::{Report, after, error, warning};
use crate::scope::Named;

impl<'a> Lowering<'a> {
    /// Understands the runbook.
    pub(super) fn runbook(&mut self, damaged: bool) {
        let members: &'a [Member] = &self.runbook.members;
        self.declare_file(0);
        self.check_items();
        self.declare_members(members);
        let params: Vec<&'a Param> = members
            .iter()
            .filter_map(|member| if let Member::Param(param) = member { Some(param) } else { None })
            .collect();
        self.params(&params);
        self.head(members);
        for member in members {
            match member {
                Member::Let(statement) => {
                    let used = self.scopes.used.contains(&statement.name.text);
                    self.runbook_let(&statement.name.text, statement.name.span);
                    if !used {
                        self.scopes.used.remove(&statement.name.text);
                    }
                }
                Member::Fact(fact) => {
                    self.understand_fact(fact);
                }
                Member::Requires(requires) => {
                    let found = self.requires(requires);
                    self.origins.requires.extend(found.iter().map(|_| requires.span));
                    self.plan.requires.extend(found);
                }
                Member::Invariant(invariant) => {
                    let formula = self.condition(&invariant.condition);
                    let message = message(invariant.message.as_ref());
                    for formula in parts(formula) {
                        self.plan.invariants.push(Invariant { formula, message: message.clone() });
                        self.origins.invariants.push(invariant.span);
                    }
                }
                Member::About(_)
                | Member::Param(_)
                | Member::Allow(_)
                | Member::Ensures(_)
                | Member::OnFailure(_)
                | Member::Collect(_)
                | Member::Step(_)
                | Member::Wait(_)
                | Member::If(_)
                | Member::Match(_)
                | Member::Diagnose(_)
                | Member::For(_)
                | Member::Stop(_)
                | Member::Todo(_)
                | Member::Assume(_)
                | Member::Lock(_)
                | Member::During(_)
                | Member::Parallel(_)
                | Member::Call(_)
                | Member::NotBuilt(_) => {}
            }
        }
        self.plan.body = self.nodes(members, true);
        self.tail(members);
        if let Binding::Symbolic = self.binding {
            self.scenarios();
            self.check_detach();
            self.check_actions();
            let wrong = self.diagnostics.iter().any(|found| found.severity == Severity::Error);
            if !damaged && !wrong {
                self.warn_of_unneeded_rights();
                self.warn_of_unused(members);
            }
        }
    }

    /// Gives the names that a file's items have in it. Opens two scopes: the file's, and one inside.
    pub(super) fn declare_file(&mut self, module: usize) {
        self.scopes.open();
        let modules = self.modules;
        if let Some(loaded) = modules.loaded.get(module) {
            for (name, used) in &loaded.uses {
                let ident = Ident { text: name.clone(), span: used.span };
                self.scopes.declare(&ident, Named::Module(used.module), &mut self.diagnostics);
            }
            for item in &loaded.file.items {
                match item {
                    Item::Fact(fact) => {
                        self.scopes.declare(&fact.name, Named::Fact, &mut self.diagnostics);
                    }
                    Item::Function(function) => {
                        self.scopes.declare(&function.name, Named::Function, &mut self.diagnostics);
                    }
                    Item::Action(action) => {
                        self.scopes.declare(&action.step.name, Named::Action, &mut self.diagnostics);
                    }
                    Item::Use(_)
                    | Item::Runbook(_)
                    | Item::Scenario(_)
                    | Item::Type(_)
                    | Item::NotBuilt(_) => {}
                }
            }
        }
        self.scopes.open();
    }

    /// Gives the names of a runbook's own parts, and of all steps in it.
    pub(super) fn declare_members(&mut self, members: &'a [Member]) {
        for member in members {
            match member {
                Member::Param(param) => self.declare(&param.name, Named::Param(param)),
                Member::Let(statement) => self.declare(&statement.name, Named::Let(statement)),
                Member::Fact(fact) => self.declare(&fact.name, Named::Fact),
                Member::Step(step) => self.declare(&step.name, Named::Step),
                Member::Wait(wait) => self.declare_steps(wait.otherwise.as_deref()),
                Member::If(choice) => {
                    self.declare_steps(Some(&choice.then));
                    self.declare_steps(choice.otherwise.as_deref());
                    self.declare_steps(choice.unknown.as_deref());
                }
                Member::Match(choice) => {
                    for arm in choice.arms.iter().chain(&choice.otherwise) {
                        self.declare_steps(Some(&arm.body));
                    }
                }
                Member::Diagnose(diagnose) => {
                    for body in bodies(diagnose) {
                        self.declare_steps(Some(body));
                    }
                }
                Member::For(turns) => self.declare_steps(Some(&turns.body)),
                Member::During(scope) => self.declare_steps(Some(&scope.body)),
                Member::Parallel(block) => {
                    block.branches.iter().for_each(|branch| self.declare_steps(Some(branch)));
                }
                Member::Call(call) => self.declare(&call.name, Named::Call),
                Member::About(_)
                | Member::Allow(_)
                | Member::Requires(_)
                | Member::Invariant(_)
                | Member::Ensures(_)
                | Member::OnFailure(_)
                | Member::Collect(_)
                | Member::Stop(_)
                | Member::Todo(_)
                | Member::Assume(_)
                | Member::Lock(_)
                | Member::NotBuilt(_) => {}
            }
        }
    }

    fn declare_steps(&mut self, members: Option<&'a [Member]>) {
        for member in members.unwrap_or_default() {
            match member {
                Member::Step(_)
                | Member::Wait(_)
                | Member::If(_)
                | Member::Match(_)
                | Member::Diagnose(_)
                | Member::For(_)
                | Member::During(_)
                | Member::Parallel(_)
                | Member::Call(_) => {
                    self.declare_members(std::slice::from_ref(member));
                }
                Member::Let(_)
                | Member::About(_)
                | Member::Param(_)
                | Member::Allow(_)
                | Member::Fact(_)
                | Member::Requires(_)
                | Member::Invariant(_)
                | Member::Ensures(_)
                | Member::OnFailure(_)
                | Member::Collect(_)
                | Member::Stop(_)
                | Member::Todo(_)
                | Member::Assume(_)
                | Member::Lock(_)
                | Member::NotBuilt(_) => {}
            }
        }
    }

    pub(super) fn declare(&mut self, name: &Ident, named: Named<'a>) {
        self.scopes.declare(name, named, &mut self.diagnostics);
    }

    /// Understands what stands once in a runbook.
    fn head(&mut self, members: &'a [Member]) {
        let mut allowed: Option<Span> = None;
        let mut about: Option<Span> = None;
        let mut policy: Option<Span> = None;
        for member in members {
            match member {
                Member::Allow(allow) => {
                    if self.once("`allow`", allowed.replace(allow.span), allow.span) {
                        self.allow(allow);
                    }
                }
                Member::About(written) => {
                    if self.once("`about`", about.replace(written.span), written.span) {
                        self.plan.about = about_of(written);
                    }
                }
                Member::OnFailure(written) => {
                    if self.once("`on failure`", policy.replace(written.span), written.span)
                        && let Some(found) = self.on_failure(written)
                    {
                        self.plan.on_failure = found;
                    }
                }
                Member::Param(_)
                | Member::Let(_)
                | Member::Fact(_)
                | Member::Requires(_)
                | Member::Invariant(_)
                | Member::Ensures(_)
                | Member::Collect(_)
                | Member::Step(_)
                | Member::Wait(_)
                | Member::If(_)
                | Member::Match(_)
                | Member::Diagnose(_)
                | Member::For(_)
                | Member::Stop(_)
                | Member::Todo(_)
                | Member::Assume(_)
                | Member::Lock(_)
                | Member::During(_)
                | Member::Parallel(_)
                | Member::Call(_)
                | Member::NotBuilt(_) => {}
            }
        }
    }

    /// Reports what stands a second time. True if it is the first.
    pub(super) fn once(&mut self, what: &str, first: Option<Span>, again: Span) -> bool {
        let Some(first) = first else { return true };
        self.report(
            error("SF0308", again, format!("{what} stands here twice"))
                .here("again here")
                .label(first, "first here")
                .help("keep one of them"),
        );
        false
    }

    pub(super) fn on_failure(&mut self, written: &ast::OnFailure) -> Option<OnFailure> {
        match written.policy.text.as_str() {
            "rollback" => Some(OnFailure::Rollback),
            "stop" => Some(OnFailure::Stop),
            "ask" => Some(OnFailure::Ask),
            other => {
                self.report(
                    error(
                        "SF0101",
                        written.policy.span,
                        format!("`{other}` is nothing that can be done on failure"),
                    )
                    .note("it is `rollback`, `stop` or `ask`"),
                );
                None
            }
        }
    }

    /// Finds out what a fact means, though nothing reads it.
    fn understand_fact(&mut self, fact: &'a Fact) {
        let _: Meaning = self.meaning(self.home, fact, fact.name.span);
    }

    /// Understands what stands at the end.
    fn tail(&mut self, members: &'a [Member]) {
        for member in members {
            match member {
                Member::Ensures(ensures) => {
                    self.once_or_for_a_time(&ensures.patience);
                    for condition in &ensures.conditions {
                        for formula in parts(self.condition(condition)) {
                            self.plan.ensures.push(Require {
                                formula,
                                every_ms: every(&ensures.patience),
                                within_ms: within(&ensures.patience),
                                message: String::new(),
                            });
                            self.origins.ensures.push(condition.span);
                        }
                    }
                }
                Member::Collect(collect) => self.collect(collect),
                Member::About(_)
                | Member::Param(_)
                | Member::Let(_)
                | Member::Allow(_)
                | Member::Fact(_)
                | Member::Requires(_)
                | Member::Invariant(_)
                | Member::OnFailure(_)
                | Member::Step(_)
                | Member::Wait(_)
                | Member::If(_)
                | Member::Match(_)
                | Member::Diagnose(_)
                | Member::For(_)
                | Member::Stop(_)
                | Member::Todo(_)
                | Member::Assume(_)
                | Member::Lock(_)
                | Member::During(_)
                | Member::Parallel(_)
                | Member::Call(_)
                | Member::NotBuilt(_) => {}
            }
        }
    }

    /// A condition is looked at once, or for a time that is said: `every` alone would do nothing.
    pub(super) fn once_or_for_a_time(&mut self, patience: &Patience) {
        if let (Some(every), None) = (&patience.every, &patience.within) {
            self.report(
                error("SF0315", every.span, "this is looked at once: nothing says for how long")
                    .help("say how long it may take, `within 1m`; or take `every` away"),
            );
        }
    }

    /// Understands `requires F, G every D within D else "why"`.
    pub(super) fn requires(&mut self, requires: &'a Requires) -> Vec<Require> {
        let mut found = Vec::new();
        self.once_or_for_a_time(&requires.patience);
        for condition in &requires.conditions {
            for formula in parts(self.condition(condition)) {
                found.push(Require {
                    formula,
                    every_ms: every(&requires.patience),
                    within_ms: within(&requires.patience),
                    message: message(requires.message.as_ref()),
                });
            }
        }
        found
    }

    pub(super) fn collect(&mut self, collect: &'a ast::Collect) {
        self.scopes.open();
        for statement in &collect.body {
            let cx = Context::reads("collected");
            let ((statements, span), cx) = self.within(cx, |this| {
                let mut statements = Vec::new();
                let mut spans = Vec::new();
                this.statement(statement, &mut statements, &mut spans, false);
                (statements, spans.first().copied().unwrap_or(collect.span))
            });
            self.check_needs(&cx.needs.clone(), "`on failure collect`");
            let rights = self.granted_to_read(&cx.needs);
            for statement in statements {
                match &statement {
                    Statement::Library(_) | Statement::Manual(_) | Statement::Notify { .. } => {
                        self.report(
                            error("SF0310", span, "what is collected on failure only reads")
                                .help("run a command that shows something, or read a fact: `let x = …`"),
                        );
                        continue;
                    }
                    Statement::Command { .. } | Statement::Read(_) | Statement::Note(_) => {}
                }
                self.plan.collect.push(Collect { statement, rights: rights.clone() });
                self.origins.collect.push(span);
            }
        }
        self.scopes.close();
    }

    /// Understands steps and control, in order.
    pub(super) fn nodes(&mut self, members: &'a [Member], outermost: bool) -> Vec<Node> {
        let mut nodes = Vec::new();
        for member in members {
            if self.nodes > STEPS_MAX {
                break;
            }
            match member {
                Member::Step(step) => {
                    if self.count(step.head) {
                        nodes.push(self.step(step));
                    }
                }
                Member::Wait(wait) => {
                    if self.count(wait.span) {
                        nodes.extend(self.wait(wait));
                    }
                }
                Member::If(choice) => {
                    if self.count(choice.condition.span) {
                        nodes.push(self.choice(choice));
                    }
                }
                Member::Match(choice) => {
                    nodes.extend(self.arms(choice));
                }
                Member::Diagnose(diagnose) => nodes.extend(self.diagnose(diagnose)),
                Member::For(turns) => nodes.extend(self.loop_over(turns)),
                Member::Stop(stop) => {
                    self.not_inside_a_scope(stop);
                    self.not_in_a_called_runbook(stop);
                    if self.count(stop.span) {
                        self.stops += 1;
                        let id = self.node_id(format!("stop[{}]", self.stops));
                        self.origins.nodes.insert(id.clone(), stop.span);
                        nodes.push(Node::Stop { id, why: message(stop.why.as_ref()) });
                    }
                }
                Member::Todo(todo) => self.todo(todo),
                Member::Lock(lock) if outermost => self.lock(lock),
                Member::Lock(lock) => self.misplaced("`lock` between steps", lock.span),
                Member::Assume(assume) => {
                    if self.count(assume.span) {
                        nodes.extend(self.assume(assume));
                    }
                }
                Member::During(scope) => {
                    if self.count(scope.head) && self.count(scope.span) {
                        nodes.extend(self.during(scope));
                    }
                }
                Member::Parallel(block) => {
                    if self.count(block.head) {
                        nodes.extend(self.parallel(block));
                    }
                }
                Member::Call(call) => nodes.extend(self.called(call)),
                Member::About(about) if !outermost => self.misplaced("`about`", about.span),
                Member::Param(param) if !outermost => self.misplaced("a parameter", param.span),
                Member::Let(Let { span, .. }) if !outermost => self.misplaced("a `let` between steps", *span),
                Member::Allow(allow) if !outermost => self.misplaced("`allow`", allow.span),
                Member::Fact(fact) if !outermost => self.misplaced("a fact", fact.span),
                Member::Requires(requires) if !outermost => {
                    self.misplaced("`requires` between steps", requires.span)
                }
                Member::Invariant(invariant) if !outermost => self.misplaced("an invariant", invariant.span),
                Member::Ensures(ensures) if !outermost => {
                    self.misplaced("`ensures` between steps", ensures.span)
                }
                Member::OnFailure(policy) if !outermost => self.misplaced("`on failure`", policy.span),
                Member::Collect(collect) if !outermost => {
                    self.misplaced("`on failure collect`", collect.span)
                }
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
                | Member::NotBuilt(_) => {}
            }
        }
        nodes
    }

    /// Counts a part of the plan; false when there are too many.
    pub(super) fn count(&mut self, span: Span) -> bool {
        self.nodes += 1;
        if self.nodes == STEPS_MAX + 1 {
            self.report(
                error("SF0305", span, format!("the plan has more than {STEPS_MAX} steps, waits and choices"))
                    .note("nobody reads such a plan, and its proof takes too long")
                    .help("run it for a part of the list at a time"),
            );
        }
        self.nodes <= STEPS_MAX
    }

    /// What is left to be found out: it can be checked, and no plan is made for a run.
    pub(super) fn todo(&mut self, todo: &ast::Todo) {
        let what = message(todo.what.as_ref());
        let found = match self.binding {
            Binding::Symbolic => warning("SF0244", todo.span, format!("this is left to do: {what}"))
                .here("no plan can be run while it stands here"),
            Binding::Given(_) => error("SF0245", todo.span, format!("this is left to do: {what}"))
                .here("so there is no plan that can be run")
                .help("find it out, write it down, and take the `todo` out"),
        };
        self.report(found);
    }

    fn misplaced(&mut self, what: &str, span: Span) {
        self.report(
            error(
                "SF0309",
                span,
                format!(
                    "{what} stands in the runbook itself, not inside `if`, `match`, `diagnose`, `for`, `during` or `wait`"
                ),
            )
            .help("move it out of the block"),
        );
    }

    fn wait(&mut self, wait: &'a ast::Wait) -> Option<Node> {
        self.waits += 1;
        let id = self.node_id(format!("wait[{}]", self.waits));
        let formula = self.condition(&wait.condition);
        if wait.patience.within.is_none() {
            let at = wait.patience.every.map_or(wait.condition.span, |every| every.span);
            self.report(
                error("SF0301", wait.condition.span, "this wait has no limit")
                    .here("it would wait for ever if this never becomes true")
                    .maybe_fixed_by("wait at most five minutes", after(at), " within 5m"),
            );
        }
        let after = wait.after.iter().filter_map(|after| self.after(after)).collect();
        let times = wait.times.map_or(1, |(times, _)| times.max(1));
        self.scopes.open();
        let otherwise = self.nodes(wait.otherwise.as_deref().unwrap_or_default(), false);
        self.scopes.close();
        self.origins.nodes.insert(id.clone(), wait.condition.span);
        let until = Require {
            formula,
            every_ms: every(&wait.patience),
            within_ms: within(&wait.patience),
            message: String::new(),
        };
        Some(Node::Wait(Box::new(Wait { id, until, times, after, otherwise })))
    }

    /// Understands `assume F "why"`: one part of the plan for each fact in it.
    fn assume(&mut self, written: &'a ast::Assume) -> Vec<Node> {
        let why = message(written.why.as_ref());
        let mut nodes = Vec::new();
        for literal in self.assumed(&written.condition) {
            self.assumptions += 1;
            let id = self.node_id(format!("assume[{}]", self.assumptions));
            self.origins.nodes.insert(id.clone(), written.span);
            nodes.push(Node::Assume { id, literal, why: why.clone() });
        }
        nodes
    }

    fn choice(&mut self, choice: &'a ast::If) -> Node {
        self.choices += 1;
        let id = self.node_id(format!("if[{}]", self.choices));
        self.origins.nodes.insert(id.clone(), choice.condition.span);
        let condition = self.condition(&choice.condition);
        let mut arm = |members: &'a [Member]| {
            self.scopes.open();
            let nodes = self.nodes(members, false);
            self.scopes.close();
            nodes
        };
        let then = arm(&choice.then);
        let otherwise = arm(choice.otherwise.as_deref().unwrap_or_default());
        let unknown = choice.unknown.as_deref().map(arm);
        let text = on_one_line(self.modules.text(choice.condition.span));
        Node::If { id, condition, text, then, otherwise, unknown, hypothesis: None }
    }

    fn warn_of_unused(&mut self, members: &'a [Member]) {
        let mut unused = Vec::new();
        for member in members {
            let (name, what, help) = match member {
                Member::Param(param) => {
                    (&param.name, "parameter", "take it out, so that nobody has to give it")
                }
                Member::Let(statement) => (&statement.name, "value", "take it out"),
                Member::Fact(fact) => (&fact.name, "fact", "take it out, or require it where it matters"),
                Member::About(_)
                | Member::Allow(_)
                | Member::Requires(_)
                | Member::Invariant(_)
                | Member::Ensures(_)
                | Member::OnFailure(_)
                | Member::Collect(_)
                | Member::Step(_)
                | Member::Wait(_)
                | Member::If(_)
                | Member::Match(_)
                | Member::Diagnose(_)
                | Member::For(_)
                | Member::Stop(_)
                | Member::Todo(_)
                | Member::Assume(_)
                | Member::Lock(_)
                | Member::During(_)
                | Member::Parallel(_)
                | Member::Call(_)
                | Member::NotBuilt(_) => continue,
            };
            if !self.scopes.used.contains(&name.text) {
                unused.push(
                    warning("SF0106", name.span, format!("the {what} `{}` is never read", name.text))
                        .help(help),
                );
            }
        }
        let modules = self.modules;
        // With several runbooks in a file another one may use it.
        let alone = modules.loaded.first().is_some_and(|root| {
            let runbooks = root.file.items.iter().filter(|item| matches!(item, Item::Runbook(_)));
            runbooks.count() == 1
        });
        for (name, used) in modules.loaded.first().filter(|_| alone).into_iter().flat_map(|root| &root.uses) {
            let read_by_facts = self.scopes.used.contains(name);
            if !read_by_facts {
                let found = warning("SF0106", used.span, format!("nothing of `{name}` is used"));
                unused.push(found.fixed_by("take the `use` out", modules.whole_line(used.span), ""));
            }
        }
        self.diagnostics.extend(unused);
    }
}

impl<'a> Lowering<'a> {
    /// Understands a step's number of turns: the place of a `part` in the plan.
    pub(super) fn step_id(&self, step: &Step) -> StepId {
        self.node_id(format!("{}{}", step.name.text, self.turn))
    }

    /// Returns the name that a part of the plan has: with what it is called in, `drain.stop_writes`.
    pub(super) fn node_id(&self, name: impl AsRef<str>) -> StepId {
        StepId(format!("{}{}", self.called_as, name.as_ref()))
    }

    /// Returns the context of a step's statements.
    pub(super) fn step_context(id: &StepId, target: Option<Expr>, part: Part) -> Context {
        Context { step: Some(id.clone()), target, part, ..Context::reads("value") }
    }
}

/// Returns the names of the steps and calls in a block.
pub(super) fn step_names(members: &[Member]) -> Vec<&str> {
    let mut names = Vec::new();
    for member in members {
        match member {
            Member::Step(step) => names.push(step.name.text.as_str()),
            Member::Wait(wait) => names.extend(step_names(wait.otherwise.as_deref().unwrap_or_default())),
            Member::If(choice) => {
                names.extend(step_names(&choice.then));
                names.extend(step_names(choice.otherwise.as_deref().unwrap_or_default()));
                names.extend(step_names(choice.unknown.as_deref().unwrap_or_default()));
            }
            Member::Match(choice) => {
                for arm in choice.arms.iter().chain(&choice.otherwise) {
                    names.extend(step_names(&arm.body));
                }
            }
            Member::Diagnose(diagnose) => {
                for body in bodies(diagnose) {
                    names.extend(step_names(body));
                }
            }
            Member::For(turns) => names.extend(step_names(&turns.body)),
            Member::During(scope) => names.extend(step_names(&scope.body)),
            Member::Parallel(block) => {
                block.branches.iter().for_each(|branch| names.extend(step_names(branch)));
            }
            Member::Call(call) => names.push(call.name.text.as_str()),
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
            | Member::Stop(_)
            | Member::Todo(_)
            | Member::Assume(_)
            | Member::Lock(_)
            | Member::NotBuilt(_) => {}
        }
    }
    names
}

/// Returns what a `diagnose` may do.
fn bodies(diagnose: &ast::Diagnose) -> impl Iterator<Item = &Vec<Member>> {
    let causes = diagnose.causes.iter().map(|cause| &cause.body);
    causes.chain(diagnose.otherwise.iter().map(|arm| &arm.body))
}

fn about_of(about: &ast::About) -> About {
    About {
        owner: about.owner.as_ref().map(|owner| owner.text.clone()),
        reviewed: about.reviewed.as_ref().map(|day| day.text.clone()),
        review_every_ms: about.review_every.map(|every| every.ms),
        severity: about.severity.iter().map(|word| word.text.clone()).collect(),
    }
}

pub(super) fn every(patience: &Patience) -> u64 {
    patience.every.map_or(EVERY_MS, |every| every.ms)
}

pub(super) fn within(patience: &Patience) -> u64 {
    patience.within.map_or(0, |within| within.ms)
}

pub(super) fn message(text: Option<&Text>) -> String {
    text.map_or_else(String::new, |text| text.text.clone())
}
