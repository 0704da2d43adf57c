//! Kills the executor after a journal record of its own: a preloaded library counts its `fdatasync`
//! calls on the journal and sends SIGKILL to its own process after the n-th. The first record comes
//! with the file: it is there when the file was renamed and its folder synced.
//!
//! Only the executor counts. Supervisors and helpers are the same program, re-executed with a first
//! argument that begins with `__`, and must live on.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::site::Site;

/// The variable that says after which record.
pub(crate) const KILL_AFTER: &str = "KILL_AFTER_RECORD";

const SOURCE: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_executor(void) {
    char line[4096];
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t length = read(fd, line, sizeof line - 1);
    close(fd);
    if (length <= 0) return 0;
    line[length] = 0;
    const char *first = line + strlen(line) + 1;
    return first < line + length && strncmp(first, "__", 2) != 0;
}

static int ends_as_journal(const char *path) {
    size_t length = strlen(path), end = strlen("/journal.jsonl");
    return length > end && strcmp(path + length - end, "/journal.jsonl") == 0;
}

static int is_journal(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return ends_as_journal(path);
}

static void record_is_durable(void) {
    static long records;
    const char *after = getenv("KILL_AFTER_RECORD");
    if (after && is_executor() && ++records == atol(after)) {
        kill(getpid(), SIGKILL);
        pause();
    }
}

static int created;

int rename(const char *from, const char *to) {
    static int (*real)(const char *, const char *);
    if (!real) real = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
    int result = real(from, to);
    if (result == 0 && ends_as_journal(to)) created = 1;
    return result;
}

int fsync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    int result = real(fd);
    if (created) {
        created = 0;
        record_is_durable();
    }
    return result;
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    int result = real(fd);
    if (is_journal(fd)) record_is_durable();
    return result;
}
"#;

/// Builds the library in the site.
pub(crate) fn build(site: &Site) -> PathBuf {
    let (source, library) = (site.path("shim.c"), site.path("shim.so"));
    fs::write(&source, SOURCE).expect("write the shim");
    let output = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(&source)
        .arg("-ldl")
        .output()
        .expect("there is no C compiler `cc`. Run tests/run as root, or: apt-get install gcc libc6-dev");
    assert!(output.status.success(), "cc: {}", String::from_utf8_lossy(&output.stderr));
    library
}
