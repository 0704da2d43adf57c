//! A program that is nothing but the supervisor: what the tests of this room start.

fn main() {
    surefoot_sandbox::maybe_supervise();
}
