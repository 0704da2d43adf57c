//! The configuration, `surefoot.toml`, and where runs are kept.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use surefoot_plan::Name;

use crate::args::State;
use crate::error::{CommandError, at_path};

/// The name of the configuration's file: beside the runbook, or in a folder above it.
pub(crate) const FILE: &str = "surefoot.toml";

/// Most bytes of a configuration that are read. A larger one is a mistake.
const CONFIG_BYTES_MAX: u64 = 1 << 20;

/// What `surefoot.toml` says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Who may give which approval: the names of users.
    #[serde(default)]
    pub(crate) roles: BTreeMap<Name, Vec<String>>,
    /// What each channel is bound to: `terminal`, the terminal of who runs.
    #[serde(default)]
    pub(crate) channels: BTreeMap<Name, String>,
    /// Where runs are kept, if the command line and the environment do not say.
    pub(crate) state: Option<PathBuf>,
    /// How much each code is minded, and the `baseline`.
    #[serde(default)]
    pub(crate) check: BTreeMap<String, String>,
    /// The folder it stands in.
    #[serde(skip)]
    pub(crate) folder: PathBuf,
}

/// Reads the nearest configuration above a file; an empty one if there is none.
pub(crate) fn near(file: &Path) -> Result<Config, CommandError> {
    let whole = std::path::absolute(file).map_err(|error| CommandError::usage(at_path(file, &error)))?;
    let Some(found) = whole.ancestors().skip(1).map(|folder| folder.join(FILE)).find(|path| path.is_file())
    else {
        return Ok(Config::default());
    };
    let text = crate::sources::read_file(&found, CONFIG_BYTES_MAX)?;
    let mut config: Config = toml::from_str(&text).map_err(|error| {
        CommandError::usage(format!("{} does not read: {}", found.display(), error.message().trim_end()))
            .hint("it may have `state = \"DIR\"`, a table `[roles]` with lines as `lead = [\"ann\"]`, a table `[channels]` with lines as `ops = \"terminal\"`, and a table `[check]` with lines as `SF0106 = \"off\"`")
    })?;
    config.folder = found.parent().map(Path::to_owned).unwrap_or_default();
    if let Some(state) = &config.state {
        config.state = Some(config.folder.join(state));
    }
    Ok(config)
}

/// Where runs are kept.
#[expect(clippy::disallowed_methods, reason = "the environment is an input of the command")]
pub(crate) fn state_root(given: &State, config: &Config) -> Result<PathBuf, CommandError> {
    let from_env = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty()).map(PathBuf::from);
    let root = given
        .state
        .clone()
        .or_else(|| from_env("SUREFOOT_STATE"))
        .or_else(|| config.state.clone())
        .or_else(|| from_env("XDG_STATE_HOME").map(|folder| folder.join("surefoot")))
        .or_else(|| from_env("HOME").map(|home| home.join(".local/state/surefoot")))
        .ok_or_else(|| {
            CommandError::usage("there is no place to keep runs: HOME is not set.")
                .hint("say where with `--state DIR` or SUREFOOT_STATE")
        })?;
    std::path::absolute(&root).map_err(|error| CommandError::usage(at_path(&root, &error)))
}
