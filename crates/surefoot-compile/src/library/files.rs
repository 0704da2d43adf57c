//! `std.files`: files of this machine, as they are, as they were, and as they shall be.

use super::{Effect, Inverse, Kind, Need, Parameter, Signature};

const PATH: Parameter = Parameter { name: "path", kind: Kind::Path, secret: false, default: None };
const TEXT: Parameter = Parameter { name: "text", kind: Kind::Text, secret: false, default: None };
const KEPT: Parameter = Parameter { name: "kept", kind: Kind::Kept, secret: false, default: None };

const KEEP_AND_RESTORE: Option<Inverse> = Some(Inverse { keep: "keep", of: "path", restore: "restore" });

/// A question about a path.
const fn question(name: &'static str, result: Kind, doc: &'static str) -> Signature {
    Signature {
        module: "files",
        name,
        parameters: &[PATH],
        result: Some(result),
        effect: Effect::Read,
        needs: &[Need::Read("path")],
        inverse: None,
        settles: None,
        doc,
    }
}

/// An action on a path.
const fn action(
    name: &'static str,
    parameters: &'static [Parameter],
    needs: &'static [Need],
    inverse: Option<Inverse>,
    settles: Option<(&'static str, bool)>,
    doc: &'static str,
) -> Signature {
    Signature {
        module: "files",
        name,
        parameters,
        result: None,
        effect: Effect::Idempotent,
        needs,
        inverse,
        settles,
        doc,
    }
}

pub(super) const SIGNATURES: &[Signature] = &[
    question("exists", Kind::Bool, "Whether something is at this path."),
    question("content", Kind::Text, "The text of a file."),
    question(
        "keep",
        Kind::Kept,
        "Keeps a file as it is in the run's folder, readable by its owner alone; also that it is absent.",
    ),
    action(
        "write",
        &[PATH, TEXT],
        &[Need::Write("path")],
        KEEP_AND_RESTORE,
        None,
        "Replaces a file by this text at once, and keeps its mode and owner.",
    ),
    action(
        "restore",
        &[KEPT],
        &[Need::WriteKept("kept")],
        None,
        None,
        "Makes a file as it was when it was kept; removes it if it was absent.",
    ),
    action(
        "remove",
        &[PATH],
        &[Need::Write("path")],
        KEEP_AND_RESTORE,
        Some(("exists", false)),
        "Removes a file, if it is there.",
    ),
];
