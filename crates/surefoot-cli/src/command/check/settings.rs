//! What `surefoot.toml` says about findings: `[check]`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use surefoot_syntax::{Diagnostic, Levels};

use crate::config;
use crate::error::CommandError;

/// The key that names a baseline; every other is a code.
const BASELINE: &str = "baseline";

/// What holds for the files of one project.
#[derive(Debug, Default)]
pub(super) struct Setting {
    /// How much each code is minded.
    pub(super) levels: Levels,
    /// Where the findings are that are known.
    pub(super) baseline: Option<PathBuf>,
}

/// What holds for each file: the nearest `surefoot.toml` above it says so.
#[derive(Debug, Default)]
pub(super) struct Settings {
    of_folders: RefCell<BTreeMap<PathBuf, Rc<Setting>>>,
}

impl Settings {
    /// What holds for a file.
    pub(super) fn of(&self, file: &Path) -> Result<Rc<Setting>, CommandError> {
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        if let Some(known) = self.of_folders.borrow().get(&folder) {
            return Ok(known.clone());
        }
        let setting = Rc::new(read(file)?);
        self.of_folders.borrow_mut().insert(folder, setting.clone());
        Ok(setting)
    }

    /// A finding in a file, as much as it is minded there.
    pub(super) fn judge(&self, file: &str, found: Diagnostic) -> Result<Option<Diagnostic>, CommandError> {
        Ok(self.of(Path::new(file))?.levels.apply(found))
    }
}

fn read(file: &Path) -> Result<Setting, CommandError> {
    let config = config::near(file)?;
    let mut setting = Setting::default();
    for (key, value) in &config.check {
        if key == BASELINE {
            setting.baseline = Some(config.folder.join(value));
        } else if let Err(why) = setting.levels.set(key, value) {
            let path = config.folder.join(config::FILE);
            return Err(CommandError::usage(format!("{}: {why}.", path.display()))
                .hint("`[check]` holds lines as `SF0106 = \"off\"`, and `baseline = \"FILE\"`"));
        }
    }
    Ok(setting)
}
