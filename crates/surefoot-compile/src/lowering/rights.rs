//! Rights: what is needed, whether `allow` grants it, and what each step is given.
//!
//! What a program opens, connects to or starts by itself cannot be inferred. So what runs one is
//! given the `read`, `write`, `connect` and `listen` of `allow`, and the programs it names there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use surefoot_plan::{Endpoint, Expr, Name, Rights, Type, Value, substitute};
use surefoot_syntax::Span;
use surefoot_syntax::ast::{Allow, Expr as Syntax, Right, Text};

use super::argument::Arguments;
use super::ask::value_expr;
use super::edit::{places, program_written, written};
use super::{Context, Lowering};
use crate::library::{Need, Signature};
use crate::report::{Report, error, warning};
use crate::term::depends;

/// What helps where the plan cannot name an object of a right.
const BY_PARAMETERS: &str = "name it by parameters, so that `allow` can be held against it";

/// What something needs. Each with the place that needs it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Needs {
    /// Whether it runs a program that the author wrote.
    pub(super) commands: bool,
    /// Whether it runs a script of which not every program is known.
    pub(super) script: bool,
    /// Programs by name.
    pub(super) run: Vec<(String, Span)>,
    /// Connections.
    connect: Vec<(Endpoint, Span)>,
    /// Paths that are read.
    read: Vec<(Expr, Span)>,
    /// Paths that are written.
    write: Vec<(Expr, Span)>,
    /// Users that programs run as.
    pub(super) users: Vec<(String, Span)>,
}

impl Needs {
    /// Adds what something else needs.
    pub(super) fn add(&mut self, other: Needs) {
        self.commands |= other.commands;
        self.script |= other.script;
        self.run.extend(other.run);
        self.connect.extend(other.connect);
        self.read.extend(other.read);
        self.write.extend(other.write);
        self.users.extend(other.users);
    }

    /// Adds a path that is read.
    pub(super) fn read_path(&mut self, path: Expr, span: Span) {
        self.read.push((path, span));
    }

    /// Adds a path that is written.
    pub(super) fn write_path(&mut self, path: Expr, span: Span) {
        self.write.push((path, span));
    }

    /// Returns what calling a function of the library needs.
    pub(super) fn of_library(signature: &Signature, arguments: &Arguments, span: Span) -> Needs {
        let position = |name: &str| signature.parameters.iter().position(|parameter| parameter.name == name);
        let argument = |name: &str| position(name).and_then(|index| arguments.exprs.get(index)).cloned();
        let mut needs = Needs::default();
        for need in signature.needs {
            match need {
                Need::Run(program) => needs.run.push(((*program).to_owned(), span)),
                Need::Connect { host, port } => {
                    if let (Some(host), Some(port)) = (argument(host), argument(port)) {
                        needs.connect.push((Endpoint { host, port }, span));
                    }
                }
                Need::Read(name) => needs.read.extend(argument(name).map(|path| (path, span))),
                Need::Write(name) => needs.write.extend(argument(name).map(|path| (path, span))),
                Need::WriteKept(name) => {
                    let term = position(name).and_then(|index| arguments.terms.get(index)?.as_ref());
                    let kept = term.and_then(|term| term.kept.as_deref().cloned());
                    let field = |kept: Expr| Expr::Field(Box::new(kept), "path".to_owned());
                    needs.write.extend(kept.or_else(|| argument(name).map(field)).map(|path| (path, span)));
                }
            }
        }
        needs
    }

    /// Returns the needs with arguments in their places, needed at one place.
    pub(super) fn bound(&self, arguments: &BTreeMap<Name, Expr>, span: Span) -> Needs {
        let bind = |expr: &Expr| substitute(expr, arguments);
        Needs {
            commands: self.commands,
            script: self.script,
            // Where a program is named is where its fact was written; that is checked there too.
            run: self.run.clone(),
            connect: self
                .connect
                .iter()
                .map(|(to, _)| (Endpoint { host: bind(&to.host), port: bind(&to.port) }, span))
                .collect(),
            read: self.read.iter().map(|(path, _)| (bind(path), span)).collect(),
            write: self.write.iter().map(|(path, _)| (bind(path), span)).collect(),
            users: self.users.clone(),
        }
    }
}

impl<'a> Lowering<'a> {
    /// Understands `allow`.
    pub(super) fn allow(&mut self, allow: &'a Allow) {
        let (rights, _) = self.within(Context::nothing("`allow`"), |this| {
            let mut rights = Rights::default();
            for right in &allow.rights {
                this.right(right, &mut rights);
            }
            rights
        });
        self.plan.allow = rights;
        // What it was to grant is not known: nothing can be called missing.
        self.rights_damaged |= self.wrong_inside(allow.span);
        self.origins.allow = Some(allow.span);
    }

    fn right(&mut self, right: &'a Right, rights: &mut Rights) {
        let names = |names: &'a [Text]| names.iter().map(|name| name.text.clone());
        match right {
            Right::Run(programs) => rights.run.extend(names(programs)),
            Right::Detach(programs) => rights.detach.extend(names(programs)),
            Right::Connect(endpoints) => {
                for (host, port) in endpoints {
                    let hosts = self.one_or_more(host, &Type::Host, "the host of `connect`");
                    let ports = self.one_or_more(port, &Type::Port, "the port of `connect`");
                    for host in &hosts {
                        for port in &ports {
                            rights.connect.push(Endpoint { host: host.clone(), port: port.clone() });
                        }
                    }
                }
            }
            Right::ConnectAny(why) => {
                let first = self.written_allow().and_then(|allow| {
                    let any = |right: &Right| {
                        if let Right::ConnectAny(why) = right { Some(why.span) } else { None }
                    };
                    allow.rights.iter().find_map(any).filter(|first| *first != why.span)
                });
                if self.once("`connect any`", first, why.span) {
                    rights.connect_any = Some(why.text.clone());
                }
            }
            Right::Listen(ports) => {
                for port in ports {
                    rights.listen.extend(self.one_or_more(port, &Type::Port, "the port of `listen`"));
                }
            }
            Right::Read(paths) => {
                for path in paths {
                    let found = self.one_or_more(path, &Type::Path, "the path of `read`");
                    self.refuse_everything(&found, path.span);
                    rights.read.extend(found);
                }
            }
            Right::Write(paths) => {
                for path in paths {
                    let found = self.one_or_more(path, &Type::Path, "the path of `write`");
                    self.refuse_everything(&found, path.span);
                    rights.write.extend(found);
                }
            }
            Right::As(users) => rights.users.extend(users.iter().map(|user| user.text.clone())),
        }
    }

    /// Refuses a right that confines nothing: the sandbox would refuse it when the step acts.
    fn refuse_everything(&mut self, paths: &[Expr], span: Span) {
        for path in paths {
            let Expr::Literal(Value::Text(path)) = path else { continue };
            let of_each = ["/proc", "/sys", "/dev"].into_iter().find(|own| Path::new(path).starts_with(own));
            let found = match of_each {
                _ if Path::new(path).components().eq([Component::RootDir]) => {
                    error("SF0611", span, "a right to the whole file system confines nothing")
                        .help("name the folders that are needed: `read \"/etc/app\"`")
                }
                Some(own) => error("SF0611", span, format!("a right to `{path}` cannot be granted"))
                    .note(format!(
                        "every step has a `{own}` of its own; the machine's is not reached in this version"
                    ))
                    .help("take it out; what needs the machine's own is done with hands: `manual \"…\"`"),
                None => continue,
            };
            self.report(found);
            return;
        }
    }

    /// Understands an object of a right: one, or a list known to the plan.
    fn one_or_more(&mut self, syntax: &'a Syntax, wanted: &Type, place: &str) -> Vec<Expr> {
        let term = self.value_of(syntax);
        self.refuse_secret_shown(&term, "`allow`");
        if let Some(Type::List(_)) = &term.ty {
            let items = self.known_items(&term, syntax.span).unwrap_or_default();
            return items
                .into_iter()
                .filter_map(|item| {
                    let item = self.coerce(item.term, wanted, place);
                    value_expr(item)
                })
                .collect();
        }
        let term = self.coerce(term, wanted, place);
        value_expr(term).into_iter().collect()
    }

    /// Checks what reading needs, where nothing is changed.
    pub(super) fn finish_reads(&mut self, what: &str, cx: &Context) {
        let needs = cx.needs.clone();
        self.check_needs(&needs, what);
    }

    /// Checks needs against `allow`. What needs them: "the step `x`", "asking `y`".
    pub(super) fn check_needs(&mut self, needs: &Needs, what: &str) {
        if self.rights_damaged {
            return;
        }
        for (program, span) in &needs.run {
            if !self.plan.allow.run.contains(program) {
                self.refuse_program(program, *span, what);
            }
        }
        for (to, span) in &needs.connect {
            let allow = &self.plan.allow;
            let allowed = allow.connect_any.is_some() || allow.connect.contains(to);
            if !allowed {
                let shown = endpoint_shown(to);
                if !self.first_missing("connect", &shown) {
                    continue;
                }
                let found = error("SF0602", *span, format!("`allow` does not grant a connection to {shown}"))
                    .here(if what.starts_with("asking") {
                        "asking this connects there".to_owned()
                    } else {
                        format!("{what} connects there")
                    });
                let written = written(&to.host).zip(written(&to.port));
                self.report(match written {
                    Some((host, port)) => self.with_right(found, "connect", &format!("{host}:{port}")),
                    None => found.help(BY_PARAMETERS),
                });
            }
        }
        for (path, span) in &needs.read {
            let granted = self.plan.allow.read.iter().chain(&self.plan.allow.write);
            if !covers_any(granted, path) {
                self.refuse_path("read", path, *span, what);
            }
        }
        for (path, span) in &needs.write {
            if !covers_any(self.plan.allow.write.iter(), path) {
                self.refuse_path("write", path, *span, what);
            }
        }
        for (user, span) in &needs.users {
            if !self.plan.allow.users.contains(user) && self.first_missing("as", user) {
                let found = error("SF0605", *span, format!("`allow` does not let a program run as `{user}`"));
                self.report(self.with_right(found, "as", user));
            }
        }
        self.all_needs.add(needs.clone());
    }

    fn refuse_program(&mut self, program: &str, span: Span, what: &str) {
        if !self.first_missing("run", program) {
            return;
        }
        let found = error("SF0601", span, format!("`allow` does not name the program `{program}`")).here(
            if what.starts_with("asking") {
                "asking this runs it".to_owned()
            } else {
                format!("{what} runs it")
            },
        );
        self.report(self.with_right(found, "run", &program_written(program)));
    }

    fn refuse_path(&mut self, verb: &str, path: &Expr, span: Span, what: &str) {
        let found = depends(path);
        if found.run || found.fact {
            self.report(
                error("SF0608", span, format!("the plan cannot tell which path this would {verb}"))
                    .here(format!("`{path}` is known only when it runs"))
                    .help(BY_PARAMETERS),
            );
            return;
        }
        let shown = path.to_string();
        if !self.first_missing(verb, &shown) {
            return;
        }
        let refused = error("SF0603", span, format!("`allow` does not let {what} {verb} {shown}"));
        self.report(match written(path) {
            Some(written) => self.with_right(refused, verb, &written),
            None => refused.help(BY_PARAMETERS),
        });
    }

    /// Whether a right is found missing for the first time: one line of `allow` mends all the others.
    fn first_missing(&mut self, word: &str, object: &str) -> bool {
        self.missing.insert(format!("{word} {object}"))
    }

    /// Whether a place is in the runbook's `allow`.
    pub(super) fn in_allow(&self, place: Span) -> bool {
        self.written_allow().is_some_and(|allow| {
            let span = allow.span;
            span.file == place.file && span.start <= place.start && place.start <= span.end
        })
    }

    /// Returns what something that needs these is given.
    pub(super) fn granted(&self, needs: &Needs) -> Rights {
        let allow = &self.plan.allow;
        let mut rights = Rights::default();
        for (program, _) in &needs.run {
            if allow.run.contains(program) {
                rights.run.insert(program.clone());
            }
            if allow.detach.contains(program) {
                rights.detach.insert(program.clone());
            }
        }
        let push = |list: &mut Vec<Endpoint>, to: &Endpoint| {
            // The library says where it connects, so it is given no more.
            let allowed = allow.connect_any.is_some() || allow.connect.contains(to);
            if allowed && !list.contains(to) {
                list.push(to.clone());
            }
        };
        for (to, _) in &needs.connect {
            push(&mut rights.connect, to);
        }
        for (path, _) in &needs.read {
            let granted = covers_any(allow.read.iter().chain(&allow.write), path);
            if granted && !rights.read.contains(path) {
                rights.read.push(path.clone());
            }
        }
        for (path, _) in &needs.write {
            if covers_any(allow.write.iter(), path) && !rights.write.contains(path) {
                rights.write.push(path.clone());
            }
        }
        rights.users = needs
            .users
            .iter()
            .map(|(user, _)| user.clone())
            .filter(|user| allow.users.contains(user))
            .collect();
        if needs.commands {
            rights.run.clone_from(&allow.run);
            if needs.script {
                rights.detach.clone_from(&allow.detach);
            }
            rights.connect.clone_from(&allow.connect);
            rights.connect_any.clone_from(&allow.connect_any);
            rights.listen.clone_from(&allow.listen);
            rights.read.clone_from(&allow.read);
            rights.write.clone_from(&allow.write);
        }
        rights
    }

    /// Returns what something that only reads is given: what may be written may be read.
    pub(super) fn granted_to_read(&self, needs: &Needs) -> Rights {
        let mut rights = self.granted(needs);
        for path in std::mem::take(&mut rights.write) {
            if !rights.read.contains(&path) {
                rights.read.push(path);
            }
        }
        rights.listen.clear();
        rights
    }

    /// Warns of rights that nothing needs. With a `$` nothing can be told but of `detach`.
    pub(super) fn warn_of_unneeded_rights(&mut self) {
        let Some(allow) = self.written_allow() else { return };
        let used: BTreeSet<&str> = self.all_needs.run.iter().map(|(program, _)| program.as_str()).collect();
        let mut found: Vec<(Span, Option<Span>, String)> = Vec::new();
        for right in &allow.rights {
            match right {
                Right::Run(programs) if !self.commands => {
                    let places = places(programs);
                    for (index, program) in programs.iter().enumerate() {
                        if !used.contains(program.text.as_str()) {
                            let message = format!("nothing runs `{}`", program.text);
                            found.push((program.span, self.without("run", &places, index), message));
                        }
                    }
                }
                Right::Detach(programs) if !self.all_needs.script => {
                    let places = places(programs);
                    for (index, program) in programs.iter().enumerate() {
                        if !used.contains(program.text.as_str()) {
                            let name = &program.text;
                            let message =
                                format!("nothing here runs `{name}`, so nothing of it can be left running");
                            found.push((program.span, self.without("detach", &places, index), message));
                        }
                    }
                }
                Right::Listen(ports) if !self.commands => {
                    let places: Vec<Span> = ports.iter().map(|port| port.span).collect();
                    for (index, port) in ports.iter().enumerate() {
                        let message = "nothing listens on a port".to_owned();
                        found.push((port.span, self.without("listen", &places, index), message));
                    }
                }
                Right::ConnectAny(why) if !self.commands => {
                    let message = "nothing runs a program, and the library says where it connects".to_owned();
                    found.push((why.span, None, message));
                }
                Right::Run(_)
                | Right::Detach(_)
                | Right::ConnectAny(_)
                | Right::Connect(_)
                | Right::Listen(_)
                | Right::Read(_)
                | Right::Write(_)
                | Right::As(_) => {}
            }
        }
        for (span, out, message) in found {
            let found = warning("SF0606", span, message)
                .help("it grants more than is needed: take it out of `allow`");
            self.report(match out {
                Some(out) => found.fixed_by("take it out", out, ""),
                None => found,
            });
        }
    }

    /// Reports programs that may detach and may not run.
    pub(super) fn check_detach(&mut self) {
        let Some(allow) = self.written_allow() else { return };
        for right in &allow.rights {
            let Right::Detach(programs) = right else { continue };
            for program in programs {
                if !self.plan.allow.run.contains(&program.text) {
                    let found = error(
                        "SF0607",
                        program.span,
                        format!("`{}` may leave a process running, and may not run", program.text),
                    );
                    self.report(self.with_right(found, "run", &program_written(&program.text)));
                }
            }
        }
    }
}

/// Whether one of the granted paths is a path, or a folder it lies in.
pub(super) fn covers_any<'e>(granted: impl Iterator<Item = &'e Expr>, path: &Expr) -> bool {
    let mut granted = granted;
    granted.any(|granted| covers(granted, path))
}

/// Whether a granted path is a path, or a folder it lies in, whatever the inputs are.
pub(super) fn covers(granted: &Expr, path: &Expr) -> bool {
    let (granted, path) = (parts(granted), parts(path));
    let mut rest = path.iter();
    let count = granted.len();
    for (index, part) in granted.iter().enumerate() {
        let Some(other) = rest.next() else { return false };
        if part == other {
            continue;
        }
        // The last known part of the granted path may go on in the other.
        let (Expr::Literal(Value::Text(part)), Expr::Literal(Value::Text(other))) = (part, other) else {
            return false;
        };
        let part = part.trim_end_matches('/');
        let last = index + 1 == count;
        return last && other.strip_prefix(part).is_some_and(|below| below.starts_with('/'));
    }
    match rest.next() {
        None => true,
        Some(Expr::Literal(Value::Text(below))) => below.starts_with('/') || granted_is_root(&granted),
        Some(_) => false,
    }
}

fn granted_is_root(granted: &[Expr]) -> bool {
    matches!(granted, [Expr::Literal(Value::Text(root))] if root == "/")
}

/// Returns the parts of a path that are joined.
fn parts(path: &Expr) -> Vec<Expr> {
    if let Expr::Join(parts) = path { parts.clone() } else { vec![path.clone()] }
}

fn endpoint_shown(to: &Endpoint) -> String {
    format!("{}:{}", to.host, to.port)
}

#[cfg(test)]
mod tests;
