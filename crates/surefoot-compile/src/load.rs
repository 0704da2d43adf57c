//! Opens the files of a compilation: the root, and what it uses.
//!
//! A module is found by its path relative to the file that uses it. Each is opened once; a file that
//! uses itself, over whatever path, is an error.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use surefoot_plan::SourceFile;
use surefoot_syntax::ast::{File, Item, Member, Module, Text, Use};
use surefoot_syntax::{Diagnostic, FileId, Label, Source, Span, file_name, nearest, parse};

use crate::library;
use crate::report::{Report, error};

/// Most files of one compilation: a runbook that needs more is not read by anyone at night.
const FILES_MAX: usize = 256;

/// Where the files of a compilation come from.
pub trait Sources {
    /// Returns the text of a file, or why it cannot be had, in words for its author.
    fn read(&self, path: &str) -> Result<String, String>;
}

/// No files beside the root.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSources;

impl Sources for NoSources {
    fn read(&self, _path: &str) -> Result<String, String> {
        Err("no other file can be opened here".to_owned())
    }
}

/// The files of a compilation, each with what it brings in.
#[derive(Debug, Default)]
pub(crate) struct Modules {
    /// In the order they were opened; the root first.
    pub(crate) loaded: Vec<Loaded>,
}

/// An opened file.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) source: Source,
    /// What pins it: the SHA-256 of what its author wrote, without blanks and comments.
    sha256: String,
    pub(crate) file: File,
    /// What it uses, by the name that it has here.
    pub(crate) uses: BTreeMap<String, Used>,
    /// The files of the runbooks that it calls, by where each is named. Empty if nothing calls it from the root on.
    pub(crate) calls: BTreeMap<Span, usize>,
    /// Names of what it uses and could not be brought in: whoever reads them makes no second mistake.
    pub(crate) broken: BTreeSet<String>,
}

/// A module that a file uses.
#[derive(Clone, Debug)]
pub(crate) struct Used {
    pub(crate) module: Target,
    pub(crate) span: Span,
}

/// What a `use` names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Target {
    /// An index in [`Modules::loaded`].
    File(usize),
    /// A module of the library.
    Library(&'static str),
}

/// Opens the root and all it uses.
pub(crate) fn load(sources: &dyn Sources, root: Source, diagnostics: &mut Vec<Diagnostic>) -> Modules {
    let mut loader = Loader { sources, modules: Modules::default(), open: Vec::new(), diagnostics };
    loader.add(root);
    loader.open_called();
    loader.modules
}

impl Modules {
    /// Returns the files and library modules, as a plan pins them.
    pub(crate) fn pinned(&self) -> Vec<SourceFile> {
        let files = self
            .loaded
            .iter()
            .map(|loaded| SourceFile { path: loaded.source.path.clone(), sha256: loaded.sha256.clone() });
        let library: BTreeSet<&'static str> = self
            .loaded
            .iter()
            .flat_map(|loaded| loaded.uses.values())
            .filter_map(|used| match used.module {
                Target::Library(name) => Some(name),
                Target::File(_) => None,
            })
            .collect();
        let library = library.into_iter().map(|name| SourceFile {
            path: format!("std.{name}"),
            sha256: sha256(&library::module_text(name)),
        });
        files.chain(library).collect()
    }

    /// A place with its line, if nothing else stands on that.
    pub(crate) fn whole_line(&self, span: Span) -> Span {
        let Some(source) = self.loaded.get(span.file.0 as usize).map(|loaded| &loaded.source) else {
            return span;
        };
        let (head, rest) = (source.text.get(..span.start as usize), source.text.get(span.end as usize..));
        let (head, rest) = (head.unwrap_or_default(), rest.unwrap_or_default());
        let from = head.rfind('\n').map_or(0, |newline| newline + 1);
        let to = rest.find('\n').map_or(rest.len(), |newline| newline + 1);
        let blank = |text: Option<&str>| text.is_none_or(|text| text.trim().is_empty());
        if !blank(head.get(from..)) || !blank(rest.get(..to)) {
            return span;
        }
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { start: offset(from), end: offset(span.end as usize + to), ..span }
    }

    /// Returns the text of a place.
    pub(crate) fn text(&self, span: Span) -> &str {
        self.loaded
            .get(span.file.0 as usize)
            .and_then(|loaded| {
                let end = (span.end as usize).min(loaded.source.text.len());
                loaded.source.text.get(span.start as usize..end)
            })
            .unwrap_or_default()
    }
}

struct Loader<'a> {
    sources: &'a dyn Sources,
    modules: Modules,
    /// The files that are being opened, each with the `use` that named it: a chain from the root.
    open: Vec<(usize, Span)>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Loader<'_> {
    /// Parses a file, and opens what it uses.
    fn add(&mut self, source: Source) -> usize {
        let index = self.modules.loaded.len();
        let parsed = parse(&source);
        let sha256 = sha256(&parsed.without_blanks());
        self.diagnostics.extend(parsed.diagnostics);
        let file = parsed.file;
        let uses: Vec<Use> = file
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Use(used) => Some(used.clone()),
                Item::Runbook(_)
                | Item::Fact(_)
                | Item::Scenario(_)
                | Item::Function(_)
                | Item::Type(_)
                | Item::Action(_)
                | Item::NotBuilt(_) => None,
            })
            .collect();
        let path = source.path.clone();
        self.modules.loaded.push(Loaded {
            source,
            sha256,
            file,
            uses: BTreeMap::new(),
            calls: BTreeMap::new(),
            broken: BTreeSet::new(),
        });
        let mut named: BTreeMap<String, Used> = BTreeMap::new();
        let mut broken = BTreeSet::new();
        for used in &uses {
            self.open.push((index, used.span));
            let target = self.target(&path, used);
            self.open.pop();
            let Some(name) = local_name(used) else { continue };
            let Some(module) = target else {
                if let (Module::Library(_), None) = (&used.module, &used.alias) {
                    broken.extend(nearest(&name, library::modules()).map(|(meant, _)| meant.to_owned()));
                }
                broken.insert(name);
                continue;
            };
            if let Some(first) = named.get(&name) {
                self.diagnostics.push(
                    error("SF0102", used.span, format!("the name `{name}` is used for two modules"))
                        .label(first.span, "first here")
                        .help("give one of them another name: `use … as other`"),
                );
                continue;
            }
            named.insert(name, Used { module, span: used.span });
        }
        if let Some(loaded) = self.modules.loaded.get_mut(index) {
            loaded.uses = named;
            loaded.broken = broken;
        }
        index
    }

    /// Opens the files of the runbooks that the root calls, that those call, and so on. A circle of calls is found
    /// where they are put in place.
    fn open_called(&mut self) {
        let mut callers = vec![0];
        let mut done = 0;
        while let Some(caller) = callers.get(done).copied() {
            done += 1;
            let Some(loaded) = self.modules.loaded.get(caller) else { continue };
            let (from, paths) = (loaded.source.path.clone(), called_in(&loaded.file));
            for path in paths {
                let Some(Target::File(called)) = self.file(&joined(&from, &path.text), path.span) else {
                    continue;
                };
                if let Some(loaded) = self.modules.loaded.get_mut(caller) {
                    loaded.calls.insert(path.span, called);
                }
                if !callers.contains(&called) {
                    callers.push(called);
                }
            }
        }
    }

    fn target(&mut self, from: &str, used: &Use) -> Option<Target> {
        match &used.module {
            Module::Library(parts) => {
                let name: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
                let name = name.join(".");
                let known = library::modules().find(|module| name == format!("std.{module}"));
                if known.is_none() {
                    let names: Vec<String> =
                        library::modules().map(|module| format!("std.{module}")).collect();
                    let span = parts
                        .first()
                        .zip(parts.last())
                        .map_or(used.span, |(first, last)| Span { end: last.span.end, ..first.span });
                    self.diagnostics.push(
                        error("SF0113", span, format!("the library has no module `{name}`"))
                            .note(format!("it has {}", crate::report::listed(&names)))
                            .did_you_mean(&name, span, names.iter().map(String::as_str)),
                    );
                }
                known.map(Target::Library)
            }
            Module::File(path) => self.file(&joined(from, &path.text), path.span),
        }
    }

    fn file(&mut self, path: &str, span: Span) -> Option<Target> {
        let known = self.modules.loaded.iter().position(|loaded| loaded.source.path == path);
        if let Some(index) = known {
            if let Some(at) = self.open.iter().position(|(open, _)| *open == index) {
                let chain = self.open.iter().skip(at).map(|(open, span)| Label {
                    span: *span,
                    text: format!("`{}` uses this", self.path(*open)),
                });
                let chain = chain.collect();
                self.diagnostics.push(
                    error("SF0112", span, format!("`{path}` uses itself"))
                        .here("this closes the circle")
                        .along(chain)
                        .help("move what both need to a file of its own"),
                );
                return None;
            }
            return Some(Target::File(index));
        }
        if self.modules.loaded.len() >= FILES_MAX {
            self.diagnostics.push(error(
                "SF0114",
                span,
                format!("this is file number {}; at most {FILES_MAX} are opened", FILES_MAX + 1),
            ));
            return None;
        }
        match self.sources.read(path) {
            Ok(text) => {
                let id = FileId(u32::try_from(self.modules.loaded.len()).unwrap_or(u32::MAX));
                Some(Target::File(self.add(Source { id, path: path.to_owned(), text })))
            }
            Err(why) => {
                self.diagnostics.push(
                    error("SF0111", span, format!("cannot open `{path}`: {why}"))
                        .note("a path starts at the folder of the file it stands in"),
                );
                None
            }
        }
    }

    fn path(&self, index: usize) -> &str {
        self.modules.loaded.get(index).map_or("", |loaded| loaded.source.path.as_str())
    }
}

/// Returns the files of the runbooks that those of a file call, as they are named.
fn called_in(file: &File) -> Vec<Text> {
    let mut found = Vec::new();
    let mut rest: Vec<&Member> = Vec::new();
    for item in &file.items {
        if let Item::Runbook(runbook) = item {
            rest.extend(runbook.members.iter().rev());
        }
        while let Some(member) = rest.pop() {
            if let Member::Call(call) = member {
                found.push(call.path.clone());
            }
            rest.extend(member.blocks().into_iter().flatten());
        }
    }
    found
}

/// Returns the name a module has where it is used.
fn local_name(used: &Use) -> Option<String> {
    if let Some(alias) = &used.alias {
        return Some(alias.text.clone());
    }
    match &used.module {
        Module::Library(parts) => parts.last().map(|part| part.text.clone()),
        Module::File(path) => file_name(&path.text),
    }
}

/// Returns a path relative to the folder of another, without `.` and without needless `..`.
fn joined(from: &str, path: &str) -> String {
    let absolute = path.starts_with('/');
    let folder = if absolute { "" } else { from.rsplit_once('/').map_or("", |(folder, _)| folder) };
    let rooted = absolute || folder.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("{}{}", if rooted { "/" } else { "" }, parts.join("/"))
}

/// Returns the SHA-256 of a text, in hex.
fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
