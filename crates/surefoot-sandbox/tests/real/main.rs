//! The sandbox tried for real: on this machine's kernel, as whoever runs the tests, and again as an ordinary user.

#![expect(clippy::disallowed_methods, reason = "sets scenes, and looks at what really happened")]

mod confined;
mod machine;
mod outlives;
mod support;

#[test]
fn everything_again_as_an_ordinary_user() {
    support::again_as_an_ordinary_user();
}
