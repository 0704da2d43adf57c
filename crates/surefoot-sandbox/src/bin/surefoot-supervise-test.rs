//! A program that is nothing but the supervisor: what the tests of this room start.
//!
//! Called by another name it plays a machine that offers less: `without-namespaces`, `without-landlock`.

use std::collections::BTreeMap;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

fn main() {
    let name = std::env::args().next().unwrap_or_default();
    if name.ends_with("without-namespaces") {
        deny(&[libc::SYS_clone3, libc::SYS_unshare], libc::EPERM);
    }
    if name.ends_with("without-landlock") {
        deny(&[libc::SYS_landlock_create_ruleset], libc::ENOSYS);
    }
    surefoot_sandbox::maybe_supervise();
}

fn deny(calls: &[libc::c_long], error: i32) {
    let rules: BTreeMap<i64, Vec<_>> = calls.iter().map(|call| (*call, Vec::new())).collect();
    let error = SeccompAction::Errno(error.unsigned_abs());
    let architecture = std::env::consts::ARCH.try_into().expect("a known architecture");
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, error, architecture).expect("a filter");
    let filter: BpfProgram = filter.try_into().expect("a program");
    seccompiler::apply_filter(&filter).expect("applied");
}
