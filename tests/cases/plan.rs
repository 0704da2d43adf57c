//! The plan of a runbook, a line a part, in the order of the plan.
//!
//! A first line `#! inputs = { name = "text" }` gives inputs as an operator types them.

use std::path::PathBuf;

use surefoot_compile::{Inputs, analyze, check, lower};
use surefoot_plan::{
    Approval, Collect, Decoder, Each, Endpoint, Ensure, Exec, Expr, InputValue, LibraryCall, Node,
    PersonQuestion, Plan, Read, Require, Rights, Source as From, Statement, Step, Value, Way, Word,
};
use surefoot_syntax::{FileId, RenderOptions, Severity, Source, render};

use crate::Case;
use crate::check::Beside;

/// Shows the plan of the file's first runbook.
pub(crate) fn show(case: &Case) -> String {
    let folder = case.path.parent().map(PathBuf::from).unwrap_or_default();
    let name = case.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let source = Source { id: FileId(0), path: name, text: case.text.clone() };
    let analysis = analyze(&Beside(folder), source);
    let sources: Vec<Source> = analysis.sources().cloned().collect();
    let options = RenderOptions::default();
    let wrong: Vec<_> =
        check(&analysis).into_iter().filter(|found| found.severity == Severity::Error).collect();
    if !wrong.is_empty() {
        return render(&wrong, &sources, &options);
    }
    let runbook = analysis.runbooks().first().map_or(String::new(), |name| (*name).to_owned());
    match lower(&analysis, &runbook, &inputs(case)) {
        Ok(lowered) => {
            let mut lines = Lines(Vec::new());
            lines.plan(&lowered.plan);
            lines.0.push(String::new());
            lines.0.join("\n")
        }
        Err(found) => render(&found, &sources, &options),
    }
}

fn inputs(case: &Case) -> Inputs {
    let Some(settings) = case.text.lines().next().and_then(|line| line.strip_prefix("#!")) else {
        return Inputs::default();
    };
    let settings: toml::Table =
        settings.parse().unwrap_or_else(|error| panic!("{}: its first line: {error}", case.name));
    let given = settings.get("inputs").and_then(toml::Value::as_table);
    let texts = given.into_iter().flatten().map(|(name, value)| {
        (name.as_str(), value.as_str().unwrap_or_else(|| panic!("{}: `{name}` is a text", case.name)))
    });
    Inputs::from_texts(texts)
}

struct Lines(Vec<String>);

impl Lines {
    fn add(&mut self, depth: usize, line: impl AsRef<str>) {
        self.0.push(format!("{}{}", "  ".repeat(depth), line.as_ref().trim_end()));
    }

    fn plan(&mut self, plan: &Plan) {
        self.add(0, format!("runbook {}", plan.runbook));
        if !plan.doc.is_empty() {
            self.add(1, format!("doc {:?}", plan.doc));
        }
        let about = &plan.about;
        if about != &surefoot_plan::About::default() {
            self.add(1, format!("about {about:?}"));
        }
        for file in &plan.sources {
            self.add(1, format!("source {}", file.path));
        }
        for input in &plan.inputs {
            let value = match &input.value {
                InputValue::Unbound => "open".to_owned(),
                InputValue::Bound(value) => format!("= {}", Expr::Literal(value.clone())),
                InputValue::SecretFromEnv(name) => format!("secret from env {name}"),
            };
            let doc = if input.doc.is_empty() { String::new() } else { format!(" {:?}", input.doc) };
            self.add(1, format!("input {}: {:?} {value}{doc}", input.name, input.r#type));
        }
        for (expr, text) in &plan.constraints {
            self.add(1, format!("where {expr}   ({text})"));
        }
        self.add(1, format!("allow {}", rights(&plan.allow)));
        self.add(1, format!("on failure {:?}", plan.on_failure));
        for (id, question) in &plan.questions {
            let parameters: Vec<String> = question
                .parameters
                .iter()
                .map(|p| format!("{}{}: {:?}", if p.secret { "secret " } else { "" }, p.name, p.r#type))
                .collect();
            self.add(1, format!("question {id}({}): {:?}", parameters.join(", "), question.answer));
            if !question.doc.is_empty() {
                self.add(2, format!("doc {:?}", question.doc));
            }
            question.probe.reads.iter().for_each(|found| self.add(2, read(found)));
            self.add(2, format!("answer {}", question.probe.answer));
        }
        for fact in &plan.facts {
            self.add(1, format!("fact {} = {}", fact.name, fact.formula));
        }
        plan.lets.iter().for_each(|found| self.add(1, format!("let {}", read(found))));
        plan.requires.iter().for_each(|found| self.add(1, format!("requires {}", require(found))));
        for invariant in &plan.invariants {
            self.add(1, format!("invariant {}{}", invariant.formula, why(&invariant.message)));
        }
        self.nodes(1, &plan.body);
        plan.ensures.iter().for_each(|found| self.add(1, format!("ensures {}", require(found))));
        for Collect { statement, rights: granted } in &plan.collect {
            self.add(1, format!("collect {}", shown(statement)));
            self.add(2, format!("rights {}", rights(granted)));
        }
    }

    fn nodes(&mut self, depth: usize, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Step(step) => self.step(depth, step),
                Node::Each(each) => {
                    let Each { id, item, list, text, max, tolerate, waves, pause_ms, on_failure, .. } =
                        each.as_ref();
                    self.add(depth, format!("{id} {item} in {list} ({text}) max {max} tolerate {tolerate}"));
                    if !waves.is_empty() {
                        self.add(
                            depth + 1,
                            format!("waves {waves:?} pause {pause_ms} ms on failure {on_failure:?}"),
                        );
                    }
                    self.nodes(depth + 1, &each.body);
                }
                Node::Parallel(parallel) => {
                    self.add(depth, parallel.id.to_string());
                    for branch in &parallel.branches {
                        self.add(depth + 1, "branch");
                        self.nodes(depth + 2, branch);
                    }
                }
                Node::Assume { id, literal, why } => self.add(depth, format!("{id} {literal} {why:?}")),
                Node::Stop { id, why } => self.add(depth, format!("{id} {why:?}")),
                Node::Wait(wait) => {
                    self.add(
                        depth,
                        format!("{} until {} times {}", wait.id, require(&wait.until), wait.times),
                    );
                    if !wait.otherwise.is_empty() {
                        self.add(depth, "else");
                        self.nodes(depth + 1, &wait.otherwise);
                    }
                }
                Node::If { id, condition, then, otherwise, unknown, hypothesis, .. } => {
                    self.add(depth, format!("{id} {condition}"));
                    if let Some(cause) = hypothesis {
                        self.add(depth + 1, format!("cause {:?} {:?}", cause.question, cause.text));
                    }
                    self.nodes(depth + 1, then);
                    self.add(depth, if hypothesis.is_some() { "else or unknown" } else { "else" });
                    self.nodes(depth + 1, otherwise);
                    if let Some(unknown) = unknown {
                        self.add(depth, "unknown");
                        self.nodes(depth + 1, unknown);
                    }
                }
            }
        }
    }

    fn step(&mut self, depth: usize, step: &Step) {
        let target = step.target.as_ref().map_or_else(String::new, |target| format!(" on {target}"));
        self.add(
            depth,
            format!(
                "step {}{target} within {} class {:?} {:?}",
                step.id,
                Value::Duration(step.deadline_ms),
                step.class,
                step.title
            ),
        );
        let depth = depth + 1;
        if !step.doc.is_empty() {
            self.add(depth, format!("doc {:?}", step.doc));
        }
        if let Some(Approval { role, people, showing, values, expires_ms }) = &step.approval {
            let values = values.iter().map(|shown| shown.value.to_string());
            let showing: Vec<String> = showing.iter().map(ToString::to_string).chain(values).collect();
            let expires = Value::Duration(*expires_ms);
            let of = if *people == 1 { String::new() } else { format!("{people} of ") };
            self.add(
                depth,
                format!("approved by {of}{role} showing [{}] expires {expires}", showing.join(", ")),
            );
        }
        step.requires.iter().for_each(|found| self.add(depth, format!("requires {}", require(found))));
        step.before.iter().for_each(|found| self.add(depth, format!("before {}", read(found))));
        step.body.iter().for_each(|found| self.add(depth, shown(found)));
        step.ensures.iter().for_each(|found| self.add(depth, format!("ensures {}", ensure(found))));
        for leaves in &step.leaves {
            let cells: Vec<String> = leaves.atoms.iter().map(|atom| atom.cell.to_string()).collect();
            self.add(depth, format!("leaves [{}]{}", cells.join(", "), why(&leaves.why)));
        }
        if let Some(retry) = &step.retry {
            self.add(depth, format!("retry {} every {}", retry.times, Value::Duration(retry.every_ms)));
        }
        if let Some(policy) = step.on_failure {
            self.add(depth, format!("on failure {policy:?}"));
        }
        self.add(depth, format!("rights {}", rights(&step.rights)));
        match &step.way {
            Way::Nothing => {}
            Way::Irreversible(way) => {
                let undone =
                    way.undone_when.as_ref().map_or_else(String::new, |f| format!(" undone when {f}"));
                let alone = way
                    .without_approval
                    .as_ref()
                    .map_or_else(String::new, |w| format!(" without approval {w:?}"));
                let recover =
                    way.recover_with.as_ref().map_or_else(String::new, |f| format!(" recover with {f:?}"));
                self.add(depth, format!("irreversible {:?}{alone}{undone}{recover}", way.why));
            }
            Way::Rollback(back) => {
                let derived = if back.derived { " derived" } else { "" };
                self.add(depth, format!("rollback {:?}{derived}", back.restores));
                back.requires
                    .iter()
                    .for_each(|found| self.add(depth + 1, format!("requires {}", require(found))));
                back.body.iter().for_each(|found| self.add(depth + 1, shown(found)));
                back.ensures
                    .iter()
                    .for_each(|found| self.add(depth + 1, format!("ensures {}", ensure(found))));
                self.add(depth + 1, format!("rights {}", rights(&step.rollback_rights)));
            }
        }
    }
}

fn why(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" {text:?}") }
}

fn patience(every: u64, within: u64) -> String {
    if within == 0 {
        return String::new();
    }
    format!(" every {} within {}", Value::Duration(every), Value::Duration(within))
}

fn require(found: &Require) -> String {
    format!("{}{}{}", found.formula, patience(found.every_ms, found.within_ms), why(&found.message))
}

fn ensure(found: &Ensure) -> String {
    format!("{}{}", found.literal, patience(found.every_ms, found.within_ms))
}

fn read(found: &Read) -> String {
    let source = match &found.source {
        From::Command(exec) => command(exec),
        From::Library(call) => library(call),
        From::Person(question) => person(question),
        From::Fact(cell) => format!("fact {cell}"),
        From::Value(expr) => expr.to_string(),
    };
    format!("{}: {:?} = {source}", found.name, found.r#type)
}

fn shown(statement: &Statement) -> String {
    match statement {
        Statement::Command { exec, name } => {
            let name = name.as_ref().map_or_else(String::new, |name| format!("{name} = "));
            format!("{name}{}", command(exec))
        }
        Statement::Library(call) => library(call),
        Statement::Read(found) => format!("read {}", read(found)),
        Statement::Manual(question) => format!("manual {}", person(question)),
        Statement::Note(expr) => format!("note {expr}"),
        Statement::Notify { channel, text } => format!("notify {channel} {text}"),
    }
}

fn library(call: &LibraryCall) -> String {
    let arguments: Vec<String> =
        call.arguments.iter().map(|(name, expr)| format!("{name}: {expr}")).collect();
    format!("{}({})", call.function, arguments.join(", "))
}

fn person(question: &PersonQuestion) -> String {
    let mut text = format!("ask {} : {:?}", question.text, question.answer);
    for (place, normal) in &question.see {
        text += &format!(" see {place} normal {normal}");
    }
    if let Some(by) = &question.by {
        text += &format!(" by {by}");
    }
    if let Some(within) = question.within_ms {
        text += &format!(" within {}", Value::Duration(within));
    }
    if let Some(default) = &question.default {
        text += &format!(" default {default}");
    }
    text
}

fn command(exec: &Exec) -> String {
    let mut text = String::new();
    if let Some(target) = &exec.target {
        text += &format!("on {target} ");
    }
    if let Some(folder) = &exec.folder {
        text += &format!("in {folder} ");
    }
    for (name, value) in &exec.env {
        text += &format!("env {name}={value} ");
    }
    if let Some(stdin) = &exec.stdin {
        text += &format!("stdin {stdin} ");
    }
    if let Some(user) = &exec.user {
        text += &format!("as {user} ");
    }
    if exec.exits.iter().copied().ne([0]) {
        text += &format!("exit {:?} ", exec.exits);
    }
    if exec.decoder != Decoder::Nothing {
        text += &format!("{:?} ", exec.decoder);
    }
    let members: Vec<String> = exec
        .pipeline
        .iter()
        .map(|words| {
            let words: Vec<String> = words
                .iter()
                .map(|word| match word {
                    Word::One(expr) => expr.to_string(),
                    Word::Each(expr) => format!("{expr}..."),
                    Word::Revealing { text, .. } => format!("reveal {text}"),
                })
                .collect();
            words.join(" ")
        })
        .collect();
    if !members.is_empty() {
        text += &format!("$ {}", members.join(" | "));
    }
    if let Some(script) = &exec.script {
        let arguments: Vec<String> =
            script.arguments.iter().map(|(name, expr)| format!("{name}: {expr}")).collect();
        text += &format!("{}({}) {:?}", script.language, arguments.join(", "), script.text);
    }
    text
}

fn rights(rights: &Rights) -> String {
    let mut parts = Vec::new();
    let mut add = |word: &str, items: Vec<String>| {
        if !items.is_empty() {
            parts.push(format!("{word} {}", items.join(", ")));
        }
    };
    let exprs = |exprs: &[Expr]| exprs.iter().map(ToString::to_string).collect::<Vec<_>>();
    let endpoint = |to: &Endpoint| format!("{}:{}", to.host, to.port);
    add("run", rights.run.iter().cloned().collect());
    add("detach", rights.detach.iter().cloned().collect());
    add("connect", rights.connect.iter().map(endpoint).collect());
    add("listen", exprs(&rights.listen));
    add("read", exprs(&rights.read));
    add("write", exprs(&rights.write));
    add("as", rights.users.iter().cloned().collect());
    if parts.is_empty() { "nothing".to_owned() } else { parts.join("; ") }
}
