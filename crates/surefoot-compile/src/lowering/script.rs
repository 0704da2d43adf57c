//! What can be told of a script without running it.
//!
//! Scripts run with `nounset`, so a variable that nothing sets stops them in the middle. One whose name stands
//! in the script only where it is read, and which is given by no argument and no `env`, is set by nothing.
//!
//! Deliberately narrow: names in capitals may come from the environment, and what stands in single quotes is
//! for another program. A full reading of the shell's grammar is not here.

/// Returns the variables that a script reads and that nothing sets, in the order of the text, each once.
pub(super) fn unset_variables(script: &str, given: impl Fn(&str) -> bool) -> Vec<String> {
    let plain = without_quoted(script);
    let mut unset: Vec<String> = Vec::new();
    for (at, _) in plain.match_indices('$') {
        let Some(name) = variable(plain.get(at + 1..).unwrap_or_default()) else { continue };
        if !given(name) && !named_elsewhere(&plain, name) && !unset.iter().any(|known| known == name) {
            unset.push(name.to_owned());
        }
    }
    unset
}

/// Returns the variable that is read after a `$`, if its absence would stop the script.
fn variable(after: &str) -> Option<&str> {
    let (braced, rest) = match after.strip_prefix('{') {
        Some(rest) => (true, rest),
        None => (false, after),
    };
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let name =
        rest.get(..end).filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_'))?;
    if name.chars().any(|c| c.is_ascii_uppercase()) {
        return None;
    }
    // `${x:-default}` and its like say themselves what counts when it is absent.
    let alone =
        !braced || rest.get(end..).is_some_and(|rest| rest.starts_with(['}', '%', '#', '/', '[', '^', ',']));
    alone.then_some(name)
}

/// Whether a name stands anywhere as a word that is not read: then something may set it.
fn named_elsewhere(script: &str, name: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    script.match_indices(name).any(|(at, _)| {
        let before = script.get(..at).unwrap_or_default();
        let after = script.get(at + name.len()..).unwrap_or_default();
        let whole = !before.ends_with(word) && !after.starts_with(word);
        whole && !before.ends_with('$') && !before.ends_with("${")
    })
}

/// Returns a script with blanks for what stands in single quotes and in comments.
fn without_quoted(script: &str) -> String {
    let mut plain = String::with_capacity(script.len());
    let (mut single, mut double, mut comment, mut escaped) = (false, false, false, false);
    let mut last = '\n';
    for c in script.chars() {
        let hidden = match c {
            '\n' => {
                comment = false;
                false
            }
            _ if comment => true,
            '\'' if !double && !escaped => {
                single = !single;
                true
            }
            _ if single => true,
            '"' if !escaped => {
                double = !double;
                false
            }
            '#' if !double && last.is_whitespace() => {
                comment = true;
                true
            }
            '$' if escaped => true,
            _ => false,
        };
        escaped = c == '\\' && !escaped;
        plain.push(if hidden { ' ' } else { c });
        last = c;
    }
    plain
}

#[cfg(test)]
mod tests;
