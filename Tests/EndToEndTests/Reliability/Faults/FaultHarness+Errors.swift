extension FaultHarness {
    /// What a call can fail with, and where that is not tried.
    static let errors = #"""
        # What each call can fail with, of the errors that shortage, a bad disk and a signal make: its page in section 2
        # of the manual, netlink(7) and unix(7). Some calls make a descriptor in one of their uses: SO_PEERPIDFD and
        # NS_GET_USERNS do.
        ERRORS = {call: errors.split() for calls, errors in {
            "openat": "ENOSPC EINTR ENOMEM EMFILE EBUSY EACCES", "read readv pread64 preadv": "EIO EINTR",
            "write writev pwrite64 pwritev fdatasync fsync fallocate": "EIO EINTR ENOSPC", "ftruncate": "EIO EINTR",
            "newfstatat stat lstat fstat statx listxattr": "EACCES ENOMEM", "readlink readlinkat": "EACCES EIO ENOMEM",
            "statfs fstatfs": "EINTR EIO ENOMEM", "access faccessat faccessat2": "EACCES EIO ENOMEM",
            "unlink unlinkat": "EACCES EBUSY EIO ENOMEM", "mkdir mkdirat": "EACCES ENOMEM ENOSPC",
            "symlink symlinkat": "EACCES EIO ENOMEM ENOSPC", "rename renameat renameat2": "EACCES EBUSY ENOMEM ENOSPC",
            "chmod fchmod fchmodat chown fchown fchownat": "EACCES EIO ENOMEM",
            "mount": "EACCES EBUSY EMFILE ENOMEM", "umount2": "EBUSY ENOMEM", "fsopen fsmount": "EMFILE ENOMEM", "fsconfig": "ENOMEM", "unshare": "ENOMEM ENOSPC",
            "setns": "ENOMEM",
            "clone clone3 vfork": "EAGAIN ENOMEM", "socket": "EACCES EMFILE ENOBUFS ENOMEM", "socketpair": "EMFILE",
            "bind": "EACCES ENOMEM", "getsockname": "ENOBUFS",
            "getsockopt": "EMFILE ENOMEM", "setsockopt": "ENOBUFS ENOMEM", "ioctl": "EMFILE ENOMEM",
            "connect": "EACCES EINTR", "accept4": "EINTR EMFILE ENOBUFS ENOMEM",
            "sendmsg sendto": "EACCES EINTR ENOBUFS ENOMEM",
            "recvmsg recvfrom": "EINTR ENOBUFS ENOMEM",
            # Not poll's ENOMEM: the kernel takes memory where there are more than 30 descriptors, and nobody here has.
            "poll ppoll epoll_wait epoll_pwait": "EINTR", "epoll_ctl": "ENOMEM ENOSPC",
            "pidfd_open": "EMFILE ENOMEM", "epoll_create1 eventfd2 timerfd_create signalfd4": "EMFILE ENOMEM",
            "pipe2 dup": "EMFILE", "execve": "EACCES EIO EMFILE ENOMEM", "wait4 waitid": "EINTR",
            "flock": "EINTR ENOMEM",
            "getdents64": "EIO", "setpriority": "EACCES",
        }.items() for call in calls.split()}

        # Calls of which no failure is tried, and why.
        UNTRIED = set(" ".join(calls for why, calls in (
            ("strace keeps a call that fails from happening: a descriptor would stay open, a lock held, as never else",
                "close fcntl"),
            ("a Swift program ends where it gets no memory", "mmap munmap mprotect mremap brk madvise"),
            ("they fail for a wrong argument or a missing right alone, and want nothing", """
                arch_prctl capget clock_gettime geteuid getegid getgid getpid getrlimit gettid getuid listen lseek
                membarrier pidfd_send_signal prctl prlimit64 rseq rt_sigaction rt_sigprocmask rt_sigreturn
                sched_getaffinity sched_yield set_robust_list set_tid_address sigaltstack sysinfo tgkill timerfd_settime
                umask uname"""),
            ("what is interrupted goes on in libc or in the kernel; getrandom waits while a machine starts alone",
                "clock_nanosleep nanosleep futex restart_syscall rt_sigsuspend rt_sigtimedwait getrandom"),
            ("they do not return", "exit exit_group"),
        )).split())

        # What the helper hears of a process in /proc that has just gone: it is no error.
        GONE = {("helper", call, "EACCES") for call in ("openat", "readlink")}
        # The daemon's own start is the harness's call.
        NOT_OWN = {(daemon, "start", "execve") for daemon in daemons}
        # What may take a client's connection from it; it hears that by the connection's end, and nothing else.
        CONNECTION = {("service", call) for call in ("getsockopt", "recvmsg", "sendmsg")}

        def fault_points(recorded):
            """For each call that was seen and each error that it can have: once at each number, and lasting.

            But for EINTR, which is answered by another try: one that has no end goes on until strace lets go, and where
            it does so in the middle of a call that fails, the call ends with ENOSYS."""
            return [(daemon, stage, call, error, when)
                for daemon, stage, call, number in recorded
                for error in ERRORS.get(call, []) if (daemon, call, error) not in GONE
                if (daemon, stage, call) not in NOT_OWN
                for when in ([f"{number}", "1+"] if number == 1 and error != "EINTR" else [f"{number}"])]

        """#
}
