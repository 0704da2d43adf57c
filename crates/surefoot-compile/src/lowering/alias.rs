//! Types that a file names: `type level = one of "low", "high"`.

use surefoot_plan::Type;
use surefoot_syntax::ast::{Ident, Item, TypeItem};

use super::Lowering;
use super::param::{named_type, unknown_type};
use crate::load::Target;
use crate::report::error;

impl<'a> Lowering<'a> {
    /// Returns the types that a file names.
    pub(super) fn types_of_file(&self, module: usize) -> impl Iterator<Item = &'a TypeItem> + use<'a> {
        let items: &'a [Item] = self.modules.loaded.get(module).map_or(&[], |loaded| &loaded.file.items);
        items.iter().filter_map(|item| if let Item::Type(found) = item { Some(found) } else { None })
    }

    /// Understands a type that a file names.
    pub(super) fn alias(&mut self, module: usize, name: &Ident) -> Option<Type> {
        let Some(found) = self.types_of_file(module).find(|found| found.name.text == name.text) else {
            let own: Vec<&'a str> =
                self.types_of_file(module).map(|found| found.name.text.as_str()).collect();
            self.report(unknown_type(&name.text, name.span, &own));
            return None;
        };
        let key = (module, name.text.clone());
        match self.aliases.get(&key) {
            Some(Some(known)) => return known.clone(),
            Some(None) => {
                self.report(
                    error("SF0104", name.span, format!("the type `{}` is defined by itself", name.text))
                        .label(found.name.span, "declared here")
                        .help("a value has an end: leave the type out of itself"),
                );
                return None;
            }
            None => {}
        }
        self.aliases.insert(key.clone(), None);
        let outer = std::mem::replace(&mut self.module, module);
        let r#type = found.r#type.as_ref().and_then(|written| self.inner_type(written));
        self.module = outer;
        self.aliases.insert(key, Some(r#type.clone()));
        r#type
    }

    /// Understands `module.name` as a type.
    pub(super) fn alias_of_module(&mut self, module: &Ident, name: &Ident) -> Option<Type> {
        let used = self.modules.loaded.get(self.module).and_then(|loaded| loaded.uses.get(&module.text));
        let Some(used) = used else {
            let names =
                self.modules.loaded.get(self.module).into_iter().flat_map(|loaded| loaded.uses.keys());
            let names: Vec<&'a str> = names.map(String::as_str).collect();
            self.report(
                error("SF0101", module.span, format!("there is no module `{}` here", module.text))
                    .help("`use` brings a module in")
                    .did_you_mean(&module.text, module.span, names),
            );
            return None;
        };
        let target = used.module;
        self.scopes.used.insert(module.text.clone());
        match target {
            Target::File(index) => self.alias(index, name),
            Target::Library(library) => {
                self.report(error("SF0101", name.span, format!("`std.{library}` names no type")));
                None
            }
        }
    }

    /// Checks the types that the root names, read or not.
    pub(super) fn check_types(&mut self) {
        let types: Vec<&'a TypeItem> = self.types_of_file(0).collect();
        for (index, found) in types.iter().enumerate() {
            if named_type(&found.name.text).is_some() {
                self.report(
                    error(
                        "SF0102",
                        found.name.span,
                        format!("`{}` is a type of the language", found.name.text),
                    )
                    .help("give yours another name"),
                );
                continue;
            }
            if let Some(first) = types.iter().take(index).find(|first| first.name.text == found.name.text) {
                self.report(
                    error(
                        "SF0102",
                        found.name.span,
                        format!("the type `{}` is named twice", found.name.text),
                    )
                    .label(first.name.span, "first here")
                    .help("give one of them another name"),
                );
                continue;
            }
            let _: Option<Type> = self.alias(0, &found.name);
        }
    }
}
