//! Collects the pages of the codes, so that adding one is adding a file.

#![expect(clippy::disallowed_methods, reason = "a build script reads files and writes one")]

use std::fmt::Write as _;
use std::path::Path;

fn main() {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("codes");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut pages: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder of the pages")
        .map(|entry| entry.expect("an entry of the folder of the pages").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.sort();
    let mut table = String::from("&[\n");
    for page in pages {
        let code = page.file_stem().and_then(|stem| stem.to_str()).expect("a page's name is its code");
        writeln!(table, "    ({code:?}, include_str!({:?})),", page.display().to_string())
            .expect("a string takes all");
    }
    table.push(']');
    let out = std::env::var("OUT_DIR").expect("cargo sets it");
    std::fs::write(Path::new(&out).join("pages.rs"), table).expect("the build folder can be written");
}
