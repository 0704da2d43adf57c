//! `surefoot fmt`: what it writes, what it only says, and what it leaves alone.

use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::process::Stdio;

use crate::place::Place;

const UNTIDY: &str = "runbook demo{\n  step one{note   \"one\"}\n}\n";
const TIDY: &str = "runbook demo {\n    step one { note \"one\" }\n}\n";
const DAMAGED: &str = "fact   up=f( 1 )\nrunbook demo{\n  step one{note   \"one\"}\n  note   \"two\"  ;\n}\n";

fn read(place: &Place, name: &str) -> String {
    std::fs::read_to_string(place.path().join(name)).unwrap()
}

#[test]
fn files_and_folders_are_formatted_and_named() {
    let place = Place::new();
    std::fs::create_dir_all(place.path().join("more/deep")).unwrap();
    std::fs::create_dir_all(place.path().join(".hidden")).unwrap();
    for name in ["a.runbook", "more/b.runbook", "more/deep/c.runbook", "more/other.txt", ".hidden/d.runbook"]
    {
        place.write(name, UNTIDY);
    }
    place.write("more/tidy.runbook", TIDY);
    place.run(&["fmt", "more"]).exits(0).says("formatted more/b.runbook\nformatted more/deep/c.runbook\n");
    assert_eq!([read(&place, "more/b.runbook"), read(&place, "a.runbook")], [TIDY, UNTIDY]);
    // Without a path: the folder one is in.
    let ran = place.run(&["fmt"]);
    assert_eq!(ran.exits(0).out, "formatted a.runbook\n");
    assert_eq!([read(&place, "more/other.txt"), read(&place, ".hidden/d.runbook")], [UNTIDY, UNTIDY]);
    assert_eq!(place.run(&["fmt"]).exits(0).out, "");
    let left: Vec<_> =
        std::fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "a draft is left: {left:?}");
}

#[test]
fn check_names_what_would_change_and_diff_shows_it() {
    let place = Place::new();
    place.write("a.runbook", UNTIDY);
    place.write("b.runbook", TIDY);
    assert_eq!(place.run(&["fmt", "--check"]).exits(1).out, "a.runbook\n");
    assert_eq!(place.run(&["fmt", "--check", "b.runbook"]).exits(0).out, "");
    let ran = place.run(&["fmt", "--diff", "a.runbook", "b.runbook"]);
    ran.exits(0).says("--- a.runbook\n+++ a.runbook\n@@ -1,3 +1,3 @@\n-runbook demo{\n");
    ran.says("+    step one { note \"one\" }\n }\n");
    assert!(!ran.out.contains("b.runbook"), "{}", ran.out);
    place.run(&["fmt", "--check", "--diff", "a.runbook"]).exits(1).says("+runbook demo {\n");
    assert_eq!(read(&place, "a.runbook"), UNTIDY, "neither changes anything");
}

#[test]
fn standard_input_is_formatted_to_standard_output() {
    let place = Place::new();
    let through = |arguments: &[&str], text: &[u8]| {
        let mut command = place.command(arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said)
    };
    assert_eq!(through(&["fmt", "-"], UNTIDY.as_bytes()), (Some(0), TIDY.to_owned()));
    assert_eq!(through(&["fmt", "-"], TIDY.as_bytes()), (Some(0), TIDY.to_owned()));
    assert_eq!(through(&["fmt", "-"], b""), (Some(0), String::new()));
    assert_eq!(
        through(&["fmt", "-", "--check"], UNTIDY.as_bytes()),
        (Some(1), "standard input\n".to_owned())
    );
    let (code, said) = through(&["fmt", "-"], b"# Schl\xf6sser\n");
    assert!(code == Some(2) && said.contains("standard input: it is not UTF-8 text"), "{said}");
}

#[test]
fn what_cannot_be_read_is_left_and_said() {
    let place = Place::new();
    place.write("a.runbook", DAMAGED);
    let ran = place.run(&["fmt", "a.runbook"]);
    ran.exits(1).says("formatted a.runbook").complains("what stands on line 4 cannot be read");
    ran.complains("surefoot check a.runbook");
    let text = read(&place, "a.runbook");
    assert_eq!(
        text,
        "fact up = f(1)\nrunbook demo {\n    step one { note \"one\" }\n  note   \"two\"  ;\n}\n"
    );
    assert_eq!(place.run(&["fmt", "a.runbook"]).exits(1).out, "");
}

#[test]
fn a_mistake_in_the_command_line_changes_nothing() {
    let place = Place::new();
    place.write("a.runbook", UNTIDY);
    place.write("latin.runbook", "");
    std::fs::write(place.path().join("latin.runbook"), b"# Schl\xf6sser\n").unwrap();
    std::fs::create_dir(place.path().join("empty")).unwrap();
    place.run(&["fmt", "a.runbook", "nowhere.runbook"]).exits(2).complains("there is no such file");
    place.run(&["fmt", "a.runbook", "latin.runbook"]).exits(2).complains("latin.runbook: it is not UTF-8");
    place.run(&["fmt", "a.runbook", "empty"]).exits(2).complains("empty holds no `.runbook` file");
    place.run(&["fmt", "a.runbook", "-"]).exits(2).complains("stands alone");
    place.run(&["fmt", "a.runbook", "--width", "80"]).exits(2).complains("--width");
    assert_eq!(read(&place, "a.runbook"), UNTIDY);
}

#[test]
fn a_file_is_replaced_whole_and_stays_what_it_was() {
    let place = Place::new();
    place.write("a.runbook", UNTIDY);
    let path = place.path().join("a.runbook");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink("a.runbook", place.path().join("link.runbook")).unwrap();
    let before = std::fs::metadata(&path).unwrap();
    place.run(&["fmt", "link.runbook"]).exits(0);
    let after = std::fs::metadata(&path).unwrap();
    assert_eq!(read(&place, "a.runbook"), TIDY);
    assert_eq!((after.mode(), after.uid(), after.gid()), (before.mode(), before.uid(), before.gid()));
    assert_ne!(after.ino(), before.ino(), "it was written where it stood: a reader could see half of it");
    assert!(std::fs::symlink_metadata(place.path().join("link.runbook")).unwrap().is_symlink());
    // What is tidy is not written at all.
    place.run(&["fmt", "a.runbook"]).exits(0);
    assert_eq!(std::fs::metadata(&path).unwrap().ino(), after.ino());
}
