//! The system calls that have no safe wrapper. The only file of Surefoot with `unsafe` in it.
//!
//! Must hold: every function here is sound for any argument; each `unsafe` block says why.
//!
//! Not here: anything that `rustix`, `landlock` or `seccompiler` do safely.

#![expect(unsafe_code, reason = "system calls without a safe wrapper; each block says why it is sound")]

use std::ffi::{CStr, CString};
use std::io;
use std::mem;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::ptr;

use rustix::process::Pid;
use tokio::io::unix::AsyncFd;

/// New namespaces for a child.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Namespaces(libc::c_int);

impl Namespaces {
    /// Users and mounts: what a private view of the files takes.
    pub(crate) const FILES: Namespaces =
        Namespaces(libc::CLONE_NEWUSER | libc::CLONE_NEWNS | libc::CLONE_NEWUTS);
    /// Everything.
    pub(crate) const ALL: Namespaces = Namespaces(
        libc::CLONE_NEWUSER
            | libc::CLONE_NEWNS
            | libc::CLONE_NEWUTS
            | libc::CLONE_NEWPID
            | libc::CLONE_NEWNET
            | libc::CLONE_NEWIPC
            | libc::CLONE_NEWCGROUP,
    );
    /// Everything but the network: where connections may go anywhere.
    pub(crate) const ALL_BUT_NETWORK: Namespaces = Namespaces(Namespaces::ALL.0 & !libc::CLONE_NEWNET);
    /// None.
    pub(crate) const NONE: Namespaces = Namespaces(0);
}

/// Forks into new namespaces. `None` in the child.
///
/// The caller must have one thread only; with more, the child could find a lock held for ever. This is
/// checked, not trusted.
pub(crate) fn fork(namespaces: Namespaces) -> io::Result<Option<Pid>> {
    let threads = std::fs::read_dir("/proc/self/task").map(Iterator::count).unwrap_or(1);
    assert!(threads <= 1, "forking with {threads} threads would not be sound");
    if namespaces.0 == 0 {
        // SAFETY: there is one thread, so the child is a full copy of a consistent process.
        return pid_or_child(i64::from(unsafe { libc::fork() }));
    }
    // SAFETY: a zeroed `clone_args` is valid: all its fields are integers, and zero means "none".
    let mut arguments: libc::clone_args = unsafe { mem::zeroed() };
    arguments.flags = namespaces.0 as u64;
    arguments.exit_signal = libc::SIGCHLD as u64;
    // SAFETY: without CLONE_VM the child runs on a copy of this stack and memory, as after fork; the
    // arguments are valid for the length given; there is one thread.
    let result =
        unsafe { libc::syscall(libc::SYS_clone3, &raw const arguments, mem::size_of::<libc::clone_args>()) };
    pid_or_child(result)
}

fn pid_or_child(result: i64) -> io::Result<Option<Pid>> {
    match result {
        -1 => Err(io::Error::last_os_error()),
        pid => Ok(i32::try_from(pid).ok().and_then(Pid::from_raw)),
    }
}

/// Replaces this process by a program. Returns only on failure.
pub(crate) fn exec(program: &CStr, arguments: &[CString], environment: &[CString]) -> io::Error {
    let pointers = |strings: &[CString]| -> Vec<*const libc::c_char> {
        strings.iter().map(|string| string.as_ptr()).chain([ptr::null()]).collect()
    };
    let (arguments, environment) = (pointers(arguments), pointers(environment));
    // SAFETY: both lists end with a null pointer and point into strings that live until the call returns.
    unsafe { libc::execve(program.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
    io::Error::last_os_error()
}

/// Ends this process at once, without running what a normal exit runs: for a forked child.
pub(crate) fn exit_now(code: i32) -> ! {
    // SAFETY: it never returns and touches no memory.
    unsafe { libc::_exit(code) }
}

/// What a mount is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MountFlags {
    /// Nothing on it can be changed.
    pub(crate) read_only: bool,
    /// Nothing on it can be executed.
    pub(crate) no_exec: bool,
    /// Device files on it are dead.
    pub(crate) no_dev: bool,
}

/// The kernel's `struct mount_attr`.
#[repr(C)]
struct MountAttributes {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

/// Sets flags on a mount and on all below it. Set-user-ID is always switched off. Flags are only added.
pub(crate) fn set_mount_flags(mount: impl AsFd, flags: MountFlags) -> io::Result<()> {
    const READ_ONLY: u64 = 1;
    const NO_SUID: u64 = 2;
    const NO_DEV: u64 = 4;
    const NO_EXEC: u64 = 8;
    let mut set = NO_SUID;
    for (wanted, flag) in [(flags.read_only, READ_ONLY), (flags.no_exec, NO_EXEC), (flags.no_dev, NO_DEV)] {
        if wanted {
            set |= flag;
        }
    }
    let attributes = MountAttributes { set, clear: 0, propagation: 0, user_namespace: 0 };
    // SAFETY: the path is an empty C string, which with AT_EMPTY_PATH means the descriptor itself; the
    // attributes are valid for the length given.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_fd().as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | libc::AT_RECURSIVE,
            &raw const attributes,
            mem::size_of::<MountAttributes>(),
        )
    };
    check(result)
}

/// Switches the loopback interface of this network namespace on.
pub(crate) fn loopback_up(socket: impl AsFd) -> io::Result<()> {
    let mut request = interface(c"lo");
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: SIOCSIFFLAGS reads an `ifreq`, which is what it gets.
    check(unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::SIOCSIFFLAGS as _, &raw const request) })
}

/// Gives the loopback interface of this network namespace one more address.
pub(crate) fn loopback_address(socket: impl AsFd, index: usize, address: Ipv4Addr) -> io::Result<()> {
    let name = CString::new(format!("lo:{index}")).map_err(io::Error::other)?;
    let mut request = interface(&name);
    // SAFETY: a zeroed `sockaddr_in` is valid: all its fields are integers.
    let mut socket_address: libc::sockaddr_in = unsafe { mem::zeroed() };
    socket_address.sin_family = libc::AF_INET as libc::sa_family_t;
    socket_address.sin_addr.s_addr = u32::from_ne_bytes(address.octets());
    // SAFETY: `sockaddr_in` and `sockaddr` have the same size and may hold any bytes.
    request.ifr_ifru.ifru_addr =
        unsafe { mem::transmute::<libc::sockaddr_in, libc::sockaddr>(socket_address) };
    // SAFETY: SIOCSIFADDR reads an `ifreq`, which is what it gets.
    check(unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::SIOCSIFADDR as _, &raw const request) })
}

fn interface(name: &CStr) -> libc::ifreq {
    // SAFETY: a zeroed `ifreq` is valid: it is a name of zeroes and a union of integers.
    let mut request: libc::ifreq = unsafe { mem::zeroed() };
    // The last byte stays zero, so that a name that is too long still ends.
    let room = request.ifr_name.len().saturating_sub(1);
    for (slot, byte) in request.ifr_name.iter_mut().take(room).zip(name.to_bytes()) {
        *slot = *byte as libc::c_char;
    }
    request
}

/// Keeps these signals from acting on this thread, and gives a descriptor to read them from.
pub(crate) fn signals(numbers: &[i32]) -> io::Result<OwnedFd> {
    // SAFETY: `sigemptyset` initialises the zeroed set, `sigaddset` refuses numbers that are no signals,
    // and the new descriptor is owned by nobody else.
    unsafe {
        let mut set: libc::sigset_t = mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for number in numbers {
            libc::sigaddset(&raw mut set, *number);
        }
        check(libc::sigprocmask(libc::SIG_BLOCK, &raw const set, ptr::null_mut()))?;
        let descriptor = libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
        check(descriptor)?;
        Ok(OwnedFd::from_raw_fd(descriptor))
    }
}

/// Reads which signals came, from a descriptor that [`signals`] gave.
pub(crate) fn read_signals(descriptor: impl AsFd) -> Vec<i32> {
    let mut numbers = Vec::new();
    let mut event = [0_u8; mem::size_of::<libc::signalfd_siginfo>()];
    while rustix::io::read(&descriptor, &mut event).is_ok_and(|length| length == event.len()) {
        // `ssi_signo` is the first field.
        let [first, second, third, fourth, ..] = event;
        numbers.push(i32::from_ne_bytes([first, second, third, fourth]));
    }
    numbers
}

/// Lets every signal act as it does in a new process: Rust ignores SIGPIPE, and programs would inherit that.
pub(crate) fn default_signals() {
    // SAFETY: only default dispositions are set, so no handler can run; numbers that may not be changed
    // are refused by the kernel and that is right.
    unsafe {
        for number in 1..=64 {
            libc::signal(number, libc::SIG_DFL);
        }
        let mut set: libc::sigset_t = mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const set, ptr::null_mut());
    }
}

/// Sends a signal to every process of this pid namespace but the caller. Only for its first process.
pub(crate) fn signal_all(signal: i32) {
    assert_eq!(std::process::id(), 1, "only the first process of a private pid namespace may do this");
    // SAFETY: it touches no memory; the assertion keeps it inside a private namespace.
    unsafe { libc::kill(-1, signal) };
}

/// Closes every descriptor from `first` on.
pub(crate) fn close_from(first: u32) -> io::Result<()> {
    // SAFETY: for a process about to execute a program or that owns none of them: nothing uses them after.
    check(unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) })
}

/// Which version of Landlock the kernel has; 0 for none.
pub(crate) fn landlock_version() -> u32 {
    const LANDLOCK_CREATE_RULESET_VERSION: u32 = 1;
    // SAFETY: with this flag the kernel takes a null pointer of length zero and returns a number.
    let version = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            ptr::null::<libc::c_void>(),
            0_usize,
            LANDLOCK_CREATE_RULESET_VERSION,
        )
    };
    u32::try_from(version).unwrap_or(0)
}

/// Lets the executor's event loop watch a descriptor.
pub(crate) fn watched(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is the same open descriptor until it is dropped, and it is dropped by the
    // `AsyncFd`, which takes it out of the event loop first.
    let watched = unsafe { AsyncFd::register(descriptor) };
    Ok(watched?)
}

fn check(result: impl Into<i64>) -> io::Result<()> {
    if result.into() < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
