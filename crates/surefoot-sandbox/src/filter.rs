//! The system calls that a payload may not make; the third layer, for what the other two do not cover.
//!
//! A list of what is denied, not of what is allowed: operators' tools are too many kinds for the latter.
//! What is denied is what leads out (namespaces, mounts, other processes' memory, kernel facilities with a
//! history) and the ways to speak to the network that Landlock's ports do not see.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

/// What a filter has to know of a payload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Whether it shares the machine's network: then only TCP, whose ports Landlock limits.
    pub(crate) host_network: bool,
    /// Whether connections may go anywhere: then by UDP too, without which no name is found.
    pub(crate) anywhere: bool,
    /// Whether it may send signals. A probe that sees the machine's processes may only ask whether they live.
    pub(crate) signals: bool,
}

/// A compiled filter, to be put on by [`enforce`].
pub(crate) struct Filter(Vec<BpfProgram>);

/// Makes the filter.
pub(crate) fn compile(shape: Shape) -> Result<Filter, String> {
    build(shape).map(Filter).map_err(|error| format!("its system call filter could not be made: {error}"))
}

/// Puts a filter on this process and all that it starts.
pub(crate) fn enforce(filter: &Filter) -> Result<(), String> {
    for program in &filter.0 {
        seccompiler::apply_filter(program)
            .map_err(|error| format!("its system call filter could not be switched on: {error}"))?;
    }
    Ok(())
}

/// Never allowed, whatever the arguments.
#[rustfmt::skip]
const DENIED: &[libc::c_long] = &[
    libc::SYS_unshare, libc::SYS_setns, libc::SYS_mount, libc::SYS_umount2, libc::SYS_pivot_root,
    libc::SYS_chroot, libc::SYS_open_tree, libc::SYS_move_mount, libc::SYS_fsopen, libc::SYS_fsconfig,
    libc::SYS_fsmount, libc::SYS_fspick, libc::SYS_mount_setattr, libc::SYS_ptrace,
    libc::SYS_process_vm_readv, libc::SYS_process_vm_writev, libc::SYS_pidfd_getfd, libc::SYS_kcmp,
    libc::SYS_process_madvise, libc::SYS_keyctl, libc::SYS_add_key, libc::SYS_request_key, libc::SYS_bpf,
    libc::SYS_perf_event_open, libc::SYS_userfaultfd, libc::SYS_io_uring_setup, libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register, libc::SYS_init_module, libc::SYS_finit_module, libc::SYS_delete_module,
    libc::SYS_kexec_load, libc::SYS_kexec_file_load, libc::SYS_reboot, libc::SYS_swapon, libc::SYS_swapoff,
    libc::SYS_acct, libc::SYS_quotactl, libc::SYS_nfsservctl, libc::SYS_settimeofday,
    libc::SYS_clock_settime, libc::SYS_adjtimex, libc::SYS_clock_adjtime, libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at, libc::SYS_fanotify_init, libc::SYS_fanotify_mark, libc::SYS_lookup_dcookie,
    libc::SYS_personality, libc::SYS_vhangup, libc::SYS_syslog, libc::SYS_sethostname,
    libc::SYS_setdomainname, libc::SYS_migrate_pages, libc::SYS_move_pages, libc::SYS_mbind,
    libc::SYS_set_mempolicy,
];

/// Older names of some of these that only x86-64 has.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
const DENIED_HERE: &[libc::c_long] = &[
    libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_uselib, libc::SYS_modify_ldt, libc::SYS__sysctl,
    libc::SYS_ustat, libc::SYS_sysfs,
];
#[cfg(not(target_arch = "x86_64"))]
const DENIED_HERE: &[libc::c_long] = &[];

type Rules = BTreeMap<i64, Vec<SeccompRule>>;
type Built<T> = Result<T, Box<dyn std::error::Error>>;

fn build(shape: Shape) -> Built<Vec<BpfProgram>> {
    let architecture: TargetArch = std::env::consts::ARCH.try_into()?;
    let mut denied: Rules = DENIED.iter().chain(DENIED_HERE).map(|number| (*number, Vec::new())).collect();
    let namespaces = (libc::CLONE_NEWNS
        | libc::CLONE_NEWUSER
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWNET
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWCGROUP) as u64;
    // A masked comparison is with one value, so each flag has its rule.
    let flags = (0..32).map(|bit| 1_u64 << bit).filter(|flag| namespaces & flag != 0);
    denied.insert(
        libc::SYS_clone,
        flags.map(|flag| one(0, SeccompCmpOp::MaskedEq(flag), flag)).collect::<Built<_>>()?,
    );
    denied.insert(libc::SYS_socket, socket_rules(shape)?);
    denied.insert(libc::SYS_socketpair, vec![one(0, SeccompCmpOp::Ne, libc::AF_UNIX as u64)?]);
    // TCP Fast Open connects while sending, behind the back of Landlock's ports.
    let fast_open = |argument| {
        one(argument, SeccompCmpOp::MaskedEq(libc::MSG_FASTOPEN as u64), libc::MSG_FASTOPEN as u64)
    };
    denied.insert(libc::SYS_sendto, vec![fast_open(3)?]);
    denied.insert(libc::SYS_sendmsg, vec![fast_open(2)?]);
    denied.insert(libc::SYS_sendmmsg, vec![fast_open(3)?]);
    // Memory that could be executed as a file, past what Landlock knows.
    const MFD_NOEXEC_SEAL: u64 = 8;
    denied.insert(libc::SYS_memfd_create, vec![one(1, SeccompCmpOp::MaskedEq(MFD_NOEXEC_SEAL), 0)?]);
    let ioctls = [libc::TIOCSTI, libc::TIOCLINUX];
    denied.insert(
        libc::SYS_ioctl,
        ioctls.iter().map(|number| one(1, SeccompCmpOp::Eq, *number)).collect::<Built<_>>()?,
    );
    if !shape.signals {
        for (number, argument) in [
            (libc::SYS_kill, 1),
            (libc::SYS_tkill, 1),
            (libc::SYS_tgkill, 2),
            (libc::SYS_rt_sigqueueinfo, 1),
            (libc::SYS_rt_tgsigqueueinfo, 2),
            (libc::SYS_pidfd_send_signal, 1),
        ] {
            denied.insert(number, vec![one(argument, SeccompCmpOp::Ne, 0)?]);
        }
    }
    let denied = SeccompFilter::new(
        denied,
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM as u32),
        architecture,
    )?;
    // Its flags lie in memory, where a filter cannot look; told that it does not exist, libraries use `clone`.
    let absent: Rules = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let absent = SeccompFilter::new(
        absent,
        SeccompAction::Allow,
        SeccompAction::Errno(libc::ENOSYS as u32),
        architecture,
    )?;
    Ok(vec![absent.try_into()?, denied.try_into()?])
}

/// Sockets: local ones, TCP, and UDP where the network is private and leads nowhere, or connections may go anywhere.
fn socket_rules(shape: Shape) -> Built<Vec<SeccompRule>> {
    const SOCKET_TYPE: u64 = 0xf;
    let mut rules = Vec::new();
    let families = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];
    rules.push(SeccompRule::new(
        families
            .iter()
            .map(|family| SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, *family as u64))
            .collect::<Result<_, _>>()?,
    )?);
    for family in [libc::AF_INET, libc::AF_INET6] {
        let family = || SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, family as u64);
        // MPTCP and SCTP are not what Landlock calls TCP.
        let mut protocols = vec![family()?];
        for protocol in [0, libc::IPPROTO_TCP, libc::IPPROTO_UDP] {
            protocols.push(SeccompCondition::new(
                2,
                SeccompCmpArgLen::Dword,
                SeccompCmpOp::Ne,
                protocol as u64,
            )?);
        }
        rules.push(SeccompRule::new(protocols)?);
        let mut types = vec![libc::SOCK_RAW, libc::SOCK_SEQPACKET];
        if shape.host_network && !shape.anywhere {
            types.push(libc::SOCK_DGRAM);
        }
        for kind in types {
            let kind = SeccompCondition::new(
                1,
                SeccompCmpArgLen::Dword,
                SeccompCmpOp::MaskedEq(SOCKET_TYPE),
                kind as u64,
            )?;
            rules.push(SeccompRule::new(vec![family()?, kind])?);
        }
    }
    Ok(rules)
}

fn one(argument: u8, operator: SeccompCmpOp, value: u64) -> Built<SeccompRule> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)?;
    Ok(SeccompRule::new(vec![condition])?)
}
