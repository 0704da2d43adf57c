//! Who is at work, and where: what the operating system says.
//!
//! Nothing here is proved by a signature; every [`Identity`] made here is unverified.

#![expect(clippy::disallowed_methods, reason = "identities are read from files of the system")]

use std::fs;

use crate::Identity;

/// The file that names the users of this machine.
const USERS: &str = "/etc/passwd";

/// The one who runs this process.
pub fn operator() -> Identity {
    identity(rustix::process::getuid().as_raw())
}

/// The user with this number.
pub fn identity(uid: u32) -> Identity {
    let users = fs::read_to_string(USERS).unwrap_or_default();
    let user = user_name(&users, uid).map_or_else(|| format!("uid {uid}"), str::to_owned);
    Identity { user, uid, verified: false }
}

/// The number of the user of this name.
pub fn uid_of(user: &str) -> Option<u32> {
    uid_in(&fs::read_to_string(USERS).ok()?, user)
}

/// The name of this machine.
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The boot of this machine: another one means that nothing survived. Empty if it cannot be told.
pub fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

/// Finds a number in the text of a users file: `name:password:uid:…`.
fn user_name(users: &str, uid: u32) -> Option<&str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid) && !name.is_empty()).then_some(name)
    })
}

/// Finds a name in the text of a users file.
fn uid_in(users: &str, user: &str) -> Option<u32> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == user).then(|| fields.nth(1)?.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::{uid_in, user_name};

    const USERS: &str =
        "root:x:0:0:root:/root:/bin/bash\n# comment\nanna:x:1000:1000::/home/anna:/bin/sh\n:x:7:7:::\n";

    #[test]
    fn names_and_numbers_are_found() {
        assert_eq!(user_name(USERS, 1000), Some("anna"));
        assert_eq!(user_name(USERS, 1), None);
        assert_eq!(user_name(USERS, 7), None, "a user without a name has none to show");
        assert_eq!(uid_in(USERS, "anna"), Some(1000));
        assert_eq!(uid_in(USERS, "ann"), None);
    }
}
