extension FaultHarness {
    /// The daemons, clients, and what is there: what all the harness stands on.
    static let lab = #"""
        import ctypes, errno, hashlib, json, os, re, select, signal, socket, sqlite3, struct, subprocess, sys
        import threading, time

        libc = ctypes.CDLL(None, use_errno=True)
        # A crash is told by its signal; a backtrace would keep the process for seconds.
        os.environ["SWIFT_BACKTRACE"] = "enable=no"
        BIN, STATE, LOG = "/run/vipns-lab/bin", "/run/vipns-lab/state", "/run/vipns-lab/log"
        CONFIGURATION = "/run/vipns-lab/vipns.yaml"
        WORDS = {
            "helper": [f"{BIN}/vipns-helper", "--service-user", "64742", "--config", CONFIGURATION],
            "service": [f"{BIN}/vipnsd", "--config", CONFIGURATION, "--state", STATE],
        }
        POOLS = ("lab", "pair", "one", "lone", "spare")

        def until(what, limit=2.0, pause=0.002):
            """Asks again and again until the answer is yes; gives whether it was."""
            end = time.monotonic() + limit
            while True:
                if what(): return True
                if time.monotonic() > end: return False
                time.sleep(pause)

        class Problem(Exception): pass

        # What is late when it took longer, in seconds.
        LATE = \#(Dose.limit(1))

        IS_SANITIZED = \#(Dose.isSanitized ? "True" : "False")

        class Late(Problem):
            def __init__(self, seconds):
                super().__init__(f"well only after {seconds:.2f} s")
                self.seconds = seconds

        # ---- The daemons, children of this program

        class Daemon:
            def __init__(self, name): self.name, self.pid, self.status = name, None, None

            def launch(self, held=False):
                """Starts it; `held` leaves it stopped before its first own system call."""
                self.status = None
                pid = os.fork()
                if pid:
                    self.pid = pid
                    if held: os.waitpid(pid, os.WUNTRACED)
                    return
                try:
                    log = os.open(f"{LOG}/{self.name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
                    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
                    for target in (1, 2): os.dup2(log, target)
                    os.closerange(3, 256)
                    os.setpgid(0, 0)
                    if before_start: before_start(self.name)
                    if self.name == "service":
                        os.setgroups([]); os.setresgid(64742, 64742, 64742); os.setresuid(64742, 64742, 64742)
                    if held: os.kill(os.getpid(), signal.SIGSTOP)
                    os.execv(WORDS[self.name][0], WORDS[self.name])
                finally:
                    os._exit(127)

            def lives(self):
                if self.status is None:
                    pid, status = os.waitpid(self.pid, os.WNOHANG)
                    if pid: self.status = status
                return self.status is None

            def kill(self):
                if self.lives():
                    os.kill(self.pid, signal.SIGKILL)
                    self.status = os.waitpid(self.pid, 0)[1]

            def descriptors(self):
                """What it has open, by kind, but for the store's own files."""
                found = []
                for number in os.listdir(f"/proc/{self.pid}/fd"):
                    try: target = os.readlink(f"/proc/{self.pid}/fd/{number}")
                    except OSError: continue
                    # The store opens and closes its files as it likes.
                    if re.fullmatch(rf"{STATE}/vipns\.db(-wal|-shm|-journal)?", target): continue
                    found.append(target.split(":[")[0] if re.match("(socket|net|pipe):", target) else target)
                # Dispatch's own, which a debug build has from its first use on: of a store whose opening failed.
                dispatch = [f"anon_inode:[{kind}]" for kind in ("timerfd", "eventpoll", "eventfd")]
                if dispatch[0] in found:
                    for kind in dispatch: found.remove(kind)
                return sorted(found)

        before_start = None
        helper, service = Daemon("helper"), Daemon("service")
        daemons = {"helper": helper, "service": service}

        # ---- Clients

        class Client:
            def __init__(self, patience=4.0):
                self.socket = socket.socket(socket.AF_UNIX)
                self.socket.settimeout(patience)
                self.socket.connect("/run/vipns/io.vipns")
            def ask(self, method, **parameters):
                request = {"method": "io.vipns." + method, "parameters": parameters}
                self.socket.sendall(json.dumps(request).encode() + b"\0")
            def answer(self):
                octets, descriptors = b"", []
                try:
                    while not octets.endswith(b"\0"):
                        part, new, _, _ = socket.recv_fds(self.socket, 1 << 16, 4)
                        descriptors += new
                        if not part: raise ConnectionError("the connection has ended")
                        octets += part
                finally:
                    for descriptor in descriptors: os.close(descriptor)
                reply = json.loads(octets[:-1])
                return reply.get("parameters", {}) | ({"error": reply["error"]} if "error" in reply else {})
            def call(self, method, **parameters):
                self.ask(method, **parameters)
                return self.answer()
            def need(self, method, **parameters):
                """The answer, which must be none of an error."""
                reply = self.call(method, **parameters)
                if "error" in reply: raise Problem(f"{method}: {reply}")
                return reply
            def close(self): self.socket.close()
            def __enter__(self): return self
            def __exit__(self, *_): self.close()

        def call(method, patience=4.0, **parameters):
            with Client(patience) as client: return client.call(method, **parameters)

        def tried(method, patience=4.0, **parameters):
            """The answer; an error for none."""
            try: return call(method, patience, **parameters)
            except (OSError, ValueError) as error: return {"error": str(error)}

        def need(method, **parameters):
            with Client() as client: return client.need(method, **parameters)

        def reserve(pool="lab", outcome="granted"):
            reply = need("Open", mode="reserve", pool=pool)
            if reply.get("outcome") != outcome: raise Problem(f"not {outcome}: {reply}")
            return reply.get("session", {}).get("id")

        programs = []
        def enter(before="", pool="lab"):
            """Starts a program that enters a session."""
            script = f"{before} echo in $VIPNS_SESSION; exec sleep 600"
            program = subprocess.Popen(
                [f"{BIN}/vipns", "enter", "--pool", pool, "--", "sh", "-c", script],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
            programs.append(program)
            return program

        def entered(program, limit=4.0):
            """The session that a program has entered; None where it has not."""
            if not select.select([program.stdout], [], [], limit)[0]: return None
            words = os.read(program.stdout.fileno(), 200).split()
            return words[1].decode() if len(words) > 1 else None

        def forget_programs():
            for program in programs:
                if program.poll() is None: program.kill()
                program.wait()
                program.stdout.close()
            programs.clear()

        # ---- What is there

        def numbers():
            """The sessions' namespaces that the kernel still knows by number; rtnetlink, RTM_GETNSID."""
            found = set()
            with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0) as route:
                route.send(struct.pack("=IHHIIB3x", 20, 90, 0x301, 1, 0, 0))
                while True:
                    octets, place = route.recv(1 << 16), 0
                    while place < len(octets):
                        size, kind = struct.unpack_from("=IH", octets, place)
                        if kind == 3: return found
                        attribute = place + 20
                        while kind == 88 and attribute < place + size:
                            length, name, value = struct.unpack_from("=HHi", octets, attribute)
                            if name == 1 and value >= 1 << 20: found.add(value)
                            attribute += length + 3 & ~3
                        place += size + 3 & ~3

        def namespaces():
            """A path to each network namespace that a process or a mount holds, by inode."""
            found = {}
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    link = f"/proc/{pid}/ns/net"
                    found[os.stat(link).st_ino] = link
                except OSError: pass
            for line in open("/proc/self/mountinfo"):
                words = line.split()
                if words[3].startswith("net:["):
                    try: found[os.stat(words[4]).st_ino] = words[4]
                    except OSError: pass
            return found

        def processes():
            found = set()
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try: words = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
                except OSError: continue
                if words[0] not in "ZX": found.add(int(pid))
            return found

        def addresses():
            """The virtual IPs on all links of all namespaces, one entry a link."""
            found, own = [], os.open("/proc/thread-self/ns/net", os.O_RDONLY)
            try:
                for path in namespaces().values():
                    try: place = os.open(path, os.O_RDONLY)
                    except OSError: continue
                    if libc.setns(place, 0x40000000) == 0:
                        table = open("/proc/thread-self/net/fib_trie").read()
                        local = set(re.findall(r"\|-- (10\.77\.0\.\d+)\n\s+/32 host LOCAL", table))
                        found += [address for address in local if int(address.split(".")[3]) > 100]
                        if os.path.exists("/proc/thread-self/net/if_inet6"):
                            found += [line.split()[0] for line in open("/proc/thread-self/net/if_inet6")
                                if line.startswith("fd766970") and int(line[28:32], 16) > 0xa0]
                    os.close(place)
            finally:
                if libc.setns(own, 0x40000000) != 0: os._exit(3)
                os.close(own)
            return found

        def census():
            """All that a session could leave behind."""
            living = {daemon.pid for daemon in daemons.values() if daemon.lives()}
            return {
                "processes": processes() - living, "namespaces": set(namespaces()), "numbers": numbers(),
                "mounts": sum("net:[" in line for line in open("/proc/self/mountinfo")),
                "pins": set(os.listdir("/run/vipns/netns")), "names": set(os.listdir("/run/netns")),
                "links": set(os.listdir("/sys/class/net")),
            }

        def rows(sql):
            file = sqlite3.connect(f"file:{STATE}/vipns.db?mode=ro", uri=True, timeout=5)
            try: return file.execute(sql).fetchone()[0]
            finally: file.close()

        def pools(): return {pool["name"]: pool for pool in call("Pools")["pools"]}

        def is_whole(): return all(pool["free"] == pool["total"] for pool in pools().values())

        # ---- The life of the lab

        def ready(daemon, since, limit=5.0):
            """Seconds from then to the first answer that needs the daemon."""
            while time.monotonic() < since + limit:
                if not daemon.lives(): raise Problem(f"the {daemon.name} ends by itself: {daemon.status:#x}")
                reply = tried("Pools") if daemon is service else tried("Reload")
                if "error" not in reply: return time.monotonic() - since
                time.sleep(0.002)
            raise Problem(f"the {daemon.name} is not ready: {reply}")

        def start(daemon):
            since = time.monotonic()
            daemon.launch()
            return ready(daemon, since)

        def begin():
            """Both daemons anew; what there is then is what there must be at the end."""
            global empty, open_descriptors
            with open(CONFIGURATION, "w") as file: file.write(configuration)
            os.chown(STATE, 64742, 64742)
            since = time.monotonic()
            for daemon in (helper, service): daemon.launch()
            ready(service, since); ready(helper, since)
            if not until(is_whole): raise Problem("the pool is not whole at the start")
            empty = census()
            time.sleep(0.1)
            open_descriptors = {daemon.name: daemon.descriptors() for daemon in daemons.values()}

        def close_all(*kept, patience=4.0):
            """Closes every session, all at once and at the first try."""
            resting = ("held", "quarantined")
            sessions = [session["id"] for session in need("List")["sessions"] if session["state"] not in resting]
            sessions = [session for session in sessions if session not in kept]
            clients, left = [Client(patience) for _ in sessions], {}
            for client, session in zip(clients, sessions): client.ask("Close", session=session, leftovers="kill")
            for client, session in zip(clients, sessions):
                try:
                    with client: reply = client.answer()
                except (OSError, ValueError) as error: reply = {"error": f"{type(error).__name__} {error}"}
                if "error" in reply and not reply["error"].endswith("SessionNotFound"): left[session] = reply
            if left: raise Problem(f"cannot close: {left}")
            return sessions

        def expect_nothing():
            """All sessions close, and nothing is left of them."""
            # What was under way may become a session a moment after the list was made.
            if not until(lambda: not close_all(), 5, 0.05): raise Problem("there are sessions again and again")
            forget_programs()
            now = {}
            def is_empty():
                nonlocal now
                now = census()
                return now == empty
            if not until(is_empty, 5, 0.005): raise Problem(f"left behind: {differences(now)}")
            if not until(is_whole, 5, 0.005):
                raise Problem(f"leaked addresses: {[(p['name'], p['free'], p['total']) for p in pools().values()]}")
            if rows("SELECT count(*) FROM lease"): raise Problem("leaked rows")
            if not until(lambda: not unended(), 2): raise Problem(f"history without end: {unended()}")
            for daemon in daemons.values():
                once = open_descriptors[daemon.name]
                if not until(lambda: daemon.descriptors() == once, 3, 0.01):
                    raise Problem(f"descriptors of the {daemon.name}: {daemon.descriptors()}, once {once}")

        def unended():
            """Records of sessions that are gone and have no end."""
            return rows("SELECT count(*) FROM history WHERE endedAt IS NULL AND outcome IN ('granted', 'isolated')")

        def differences(now):
            return {key: (sorted(map(str, now[key] - empty[key])), sorted(map(str, empty[key] - now[key])))
                if isinstance(now[key], set) else now[key] - empty[key] for key in now if now[key] != empty[key]}

        def expect_no_address_twice():
            """Grants all that counts as free: had an address been freed too early, it would be on two links now."""
            clients = {pool: Client() for pool in POOLS}
            while clients:
                for pool, client in clients.items(): client.ask("Open", mode="reserve", pool=pool)
                for pool, client in list(clients.items()):
                    if client.answer().get("outcome") != "granted": clients.pop(pool).close()
            found = addresses()
            twice = {address for address in found if found.count(address) > 1}
            if twice: raise Problem(f"on two links: {sorted(twice)}")

        # ---- strace

        # What is no other point than the call before it: waiting, the clock, own memory, threads, signals.
        # Nobody outside can tell at which of them a process was killed.
        UNSEEN = set("""
            futex epoll_wait epoll_pwait poll ppoll restart_syscall rt_sigprocmask rt_sigaction rt_sigreturn
            rt_sigsuspend rt_sigtimedwait sigaltstack madvise mmap munmap mprotect brk getrandom clock_nanosleep
            nanosleep clock_gettime sched_yield sched_getaffinity set_robust_list rseq set_tid_address arch_prctl
            getpid gettid getuid geteuid getgid getegid exit exit_group prlimit64 getrlimit prctl membarrier uname
            execve sysinfo tgkill
            """.split())

        class Tracer:
            def __init__(self, daemon, *options, children=True):
                self.daemon = daemon
                words = ["strace", *(["-f"] if children else []), "-p", str(daemon.pid), *options]
                self.process = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
                line = self.process.stderr.readline().decode()
                if "attached" not in line: raise Problem(f"strace: {line}")
            def end(self):
                if self.process.poll() is None: self.process.terminate()
                try: self.process.wait(1)
                except subprocess.TimeoutExpired:
                    # It waits for a process whose last threads wait for it: strace 6.1, on its way out.
                    self.process.kill()
                    self.process.wait()
                self.process.stderr.close()

        def counts(path, pid):
            """How often the busiest thread of the process made each call.

            Of what the process started only the call counts by which a program is started: it is the process that fails
            then. Its own start is not its own call."""
            with open(path) as file: lines = [line.rstrip().partition(" ")[::2] for line in file]
            # A new process may be at work before the call that made it is told to have returned, if it is told at all.
            calls, foreign, begun = {}, set(), {}
            for thread, text in lines:
                if re.match(r"\s*execve\(", text) and thread != str(pid): foreign.add(thread)
                if re.match(r"\s*(clone3?|vfork|fork)\(", text): begun[thread] = text
                made = re.search(r"(?:clone3?|vfork|fork)(?:\(| resumed).*= (\d+)$", text)
                if made and ("CLONE_THREAD" not in begun.get(thread, "") or thread in foreign): foreign.add(made.group(1))
            for thread, text in lines:
                name = re.match(r"\s*(\w+)\(", text)
                if not name or (thread in foreign) != (name.group(1) == "execve"): continue
                calls.setdefault(name.group(1), {}).setdefault(thread, 0)
                calls[name.group(1)][thread] += 1
            return {name: max(threads.values()) for name, threads in calls.items()}

        """#
}
