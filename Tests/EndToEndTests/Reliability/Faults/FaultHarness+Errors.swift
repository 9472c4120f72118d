extension FaultHarness {
    /// Has calls fail, once and for a while.
    static let errors = #"""
        # What each call can fail with, of the errors that shortage, a bad disk and a signal make: its page in section 2
        # of the manual, netlink(7) and unix(7). Not close, nor the locks of fcntl: strace would leave a descriptor open
        # or a lock held, which the kernel does not. Not the calls by which memory is got: a Swift program ends where
        # malloc fails.
        ERRORS = {call: errors.split() for calls, errors in {
            "openat": "ENOSPC EINTR ENOMEM EMFILE EBUSY EACCES", "read pread64": "EIO EINTR",
            "write pwrite64 fdatasync fsync fallocate": "EIO EINTR ENOSPC", "ftruncate": "EIO EINTR",
            "newfstatat statx": "EACCES ENOMEM", "readlink": "EACCES EIO ENOMEM",
            "access faccessat2": "EACCES EIO ENOMEM",
            "unlink": "EACCES EBUSY EIO ENOMEM", "mkdir": "EACCES ENOMEM ENOSPC",
            "symlink": "EACCES EIO ENOMEM ENOSPC", "rename": "EACCES EBUSY ENOMEM ENOSPC",
            "chmod chown": "EACCES EIO ENOMEM",
            "mount": "EACCES EBUSY EMFILE ENOMEM", "umount2": "EBUSY ENOMEM", "unshare": "ENOMEM ENOSPC",
            "setns": "ENOMEM",
            "clone3 vfork": "ENOMEM", "socket": "EACCES EMFILE ENOBUFS ENOMEM", "socketpair": "EMFILE",
            "bind": "EACCES ENOMEM",
            "connect": "EACCES EINTR", "accept4": "EINTR EMFILE ENOBUFS ENOMEM",
            "sendmsg sendto": "EACCES EINTR ENOBUFS ENOMEM",
            "recvmsg recvfrom": "EINTR ENOBUFS ENOMEM", "epoll_ctl": "ENOMEM ENOSPC", "poll ppoll": "EINTR ENOMEM",
            "pidfd_open": "EMFILE ENOMEM", "epoll_create1 eventfd2 timerfd_create signalfd4": "EMFILE ENOMEM",
            "pipe2 dup": "EMFILE", "execve": "EACCES EIO EMFILE ENOMEM", "wait4 waitid": "EINTR",
            "flock": "EINTR ENOMEM",
            "getdents64": "EIO",
        }.items() for call in calls.split()}

        # What the helper hears of a process in /proc that has just gone: it is no error.
        GONE = {("helper", call, "EACCES") for call in ("openat", "readlink")}
        # Without its own few descriptors Dispatch ends the program: it does not start then.
        DISPATCH = {("start", call) for call in ("epoll_create1", "eventfd2", "timerfd_create", "epoll_ctl")}

        def fault_points(recorded):
            """For each call that was seen and each error that it can have: once at each number, and lasting."""
            return [(daemon, stage, call, error, when)
                for daemon, stage, call, number in recorded
                for error in ERRORS.get(call, []) if (daemon, call, error) not in GONE
                for when in ([f"{number}", "1+"] if number == 1 else [f"{number}"])]

        def fail_at(daemon, stage, call, error, when):
            """Has calls of a daemon fail, and looks at what it does then and after.

            Gives the seconds from the end of the fault to normal service; None where no call failed."""
            log = "/run/injected"
            fault = f"inject={call}:error={error}:when={when}"
            work = Work(daemon, stage, "-o", log, "-e", f"trace={call}", "-e", fault)
            lasting = when.endswith("+")
            until(lambda: not daemon.lives() or not work.is_alive(), 0.5 if lasting else 4)
            until(lambda: not daemon.lives(), min(work.settle, 0.2))
            work.tracer.end()
            since, isFresh = time.monotonic(), False
            def begun():
                """The end of the fault, or the new start of what could not start: it may end a while after the fault."""
                nonlocal since, isFresh
                if daemon.lives(): return since
                if os.WIFSIGNALED(daemon.status) and (stage, call) not in DISPATCH:
                    raise Problem(f"crashed: signal {os.WTERMSIG(daemon.status)}: {last_words(daemon)}")
                # What cannot start says so, and is started again by whoever started it.
                if stage != "start" or isFresh: raise Problem(f"ended: {daemon.status:#x}")
                since, isFresh = time.monotonic(), True
                daemon.launch()
                return since
            took = normal(begun)
            expect_sessions(work)
            work.join(8)
            if work.refused: raise Problem(f"a close was refused: {work.refused}")
            expect_no_address_twice()
            expect_nothing()
            with open(log) as lines: wasMet = "(INJECTED)" in lines.read()
            if wasMet and daemon is service: find_helper()
            return took if wasMet else None

        def last_words(daemon):
            with open(f"{LOG}/{daemon.name}.log") as log: return " | ".join(log.read().splitlines()[-3:])

        def find_helper():
            """Has the service lose the helper and find it again: what a failed call took from it for good shows there.

            Found much later, such a harm has no name but that of the point at which it was met."""
            helper.kill()
            since = time.monotonic()
            helper.launch()
            normal(lambda: since, pause=0.02)

        def normal(begun, pause=0.002):
            """Opens and closes until it works again; gives the seconds since `begun` says."""
            def works():
                nonlocal reply
                begun()
                reply = tried("Open", mode="reserve", pool="spare")
                session = reply.get("session", {}).get("id")
                if session: reply = tried("Close", session=session, leftovers="kill")
                elif "error" not in reply: reply = {"error": reply.get("outcome")}
                return "error" not in reply
            reply = None
            if not until(works, 5, pause): raise Problem(f"no normal service after 5 s: {reply}")
            took = time.monotonic() - begun()
            if took > LATE: raise Late(f"normal service only after {took:.2f} s")
            return took

        """#
}
