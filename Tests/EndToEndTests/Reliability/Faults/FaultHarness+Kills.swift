extension FaultHarness {
    /// Finds the points, and has a daemon killed at each.
    static let kills = #"""
        def furnish():
            """What a daemon finds when it starts."""
            return entered_session()[1], reserve(), lingering()

        def start_anew(daemon):
            """Starts the daemon, stopped before its first call."""
            daemon.kill()
            daemon.launch(held=True)

        def serves(daemon, sessions):
            """Whether it does what it starts for; a service that lost the helper has nothing to show."""
            reply = tried("Show", session=sessions[0]) if daemon is helper else tried("List")
            return "error" not in reply

        class Work(threading.Thread):
            """A stage's work on a thread of its own; what it raised is kept for whoever looks at it."""
            def __init__(self, daemon, stage, *options):
                super().__init__(daemon=True)
                self.watched, self.stage, self.problem = daemon, STAGES.get(stage), None
                if stage == "start":
                    sessions = self.sessions = furnish()
                    start_anew(daemon)
                    def started():
                        if not until(lambda: serves(daemon, sessions), 8): raise Problem("it does not serve")
                    self.stage = Stage(furnish, lambda _: started(), settle=0.1)
                    made = None
                else:
                    made, self.sessions = self.stage.before(), None
                self.made = made
                self.tracer = Tracer(daemon, *options)
                if stage == "start": os.kill(daemon.pid, signal.SIGCONT)
                self.start()
            def run(self):
                try: self.stage.work(self.made)
                except Exception as problem: self.problem = problem
            def wait(self):
                """Until the daemon has ended, or the work and what follows from it are done.

                Gives whether it was killed."""
                until(lambda: not self.watched.lives() or not self.is_alive(), 10)
                until(lambda: not self.watched.lives(), self.stage.settle)
                self.tracer.end()
                # A kill on which strace lets go may come a moment after strace's own end.
                return until(lambda: not self.watched.lives(), 0.01)
            def expect_end(self):
                self.join(10)
                if self.is_alive(): raise Problem("the work does not end")
            def expect_done(self):
                """Nothing was in its way: it must have come to what it comes to."""
                self.expect_end()
                if self.problem: raise Problem(f"the work failed: {type(self.problem).__name__} {self.problem}")
                self.stage.expect_outcome()
            def expect_no_nonsense(self):
                """What is broken may refuse, hang up or be late, but answers nothing else than answers."""
                self.expect_end()
                if isinstance(self.problem, (OSError, Problem, subprocess.TimeoutExpired, type(None))): return
                raise Problem(f"the work got nonsense: {type(self.problem).__name__} {self.problem}")

        def recorded(daemon, stage):
            """The calls of a stage: name to how often."""
            path = "/run/calls"
            work = Work(daemon, stage, "-o", path)
            if work.wait(): raise Problem(f"the {daemon.name} ended by itself")
            try:
                work.expect_done()
                expect_sessions(work)
            except Problem as problem: raise Problem(f"{daemon.name} {stage}, unharmed: {problem}")
            expect_nothing()
            return counts(path, daemon.pid)

        # The store's log is read piece by piece at a start: of a hundred reads in a row none is another point. Nor is
        # one wait of a loop another than the next.
        MOST = {"pread64": 40, "epoll_wait": 3, "epoll_pwait": 3}
        # Seen beside other work: tens of thousands of one call while the helper has nft(8) load rules.
        MOST_OF_ANY = 300

        def record(part, parts):
            """Has every so manyth piece of work recorded: by daemon and stage, how often each call is made."""
            begin()
            works = [(name, stage) for name in daemons for stage in ["start", *STAGES]]
            print(json.dumps({f"{name} {stage}": recorded(daemons[name], stage) for name, stage in works[part::parts]}))

        def points(kind, recording):
            """Every (daemon, stage, call, number) there is; luck decides whether the last ones are met."""
            found = [(*work.split(), call, number)
                for work, calls in sorted(recording.items()) for call, count in sorted(calls.items())
                for number in range(1, min(count, MOST.get(call, MOST_OF_ANY)) + 1)]
            # A sanitizer makes calls of its own.
            unknown = {call for _, _, call, _ in found} - set(ERRORS) - UNTRIED
            if unknown and not IS_SANITIZED: raise Problem(f"how can they fail, and if not, why: {sorted(unknown)}")
            return [point for point in found if point[2] not in UNSEEN] if kind == "kill" else fault_points(found)

        def kill_at(daemon, stage, call, number):
            """Has a daemon killed there, starts it again and looks at what is left.

            Gives the seconds until it was ready again; None where it did not come to that call."""
            log = "/run/injected"
            fault = f"inject={call}:signal=KILL:when={number}"
            work = Work(daemon, stage, "-o", log, "-e", f"trace={call}", "-e", fault)
            took = start(daemon) if work.wait() else None
            if took and took > LATE: raise Late(took)
            expect_sessions(work)
            # What the daemon has started may come to that call before it, and is killed in its place.
            with open(log) as lines: wasMet = "killed by SIGKILL" in lines.read()
            if took or wasMet: work.expect_no_nonsense()
            else: work.expect_done()
            expect_no_address_twice()
            expect_nothing()
            return took

        def expect_sessions(work):
            """What lived when a daemon was started, lives.

            A service that was killed before it had stored that one lingers counts its members again, which takes a try
            more where the first one fails."""
            def live(): return states(work.sessions) == ["active", "active", "lingering"]
            if work.sessions and not until(live, 3): raise Problem(f"the sessions are {states(work.sessions)}")

        def states(sessions):
            found = {session["id"]: session["state"] for session in need("List")["sessions"]}
            return [found.get(session) for session in sessions]

        def chosen(points, seed, count, part, parts):
            """So many of one part, the same for a seed also where a few more or less were found.

            Every call comes once before any comes with a second error."""
            place = {point: hashlib.sha256(f"{seed} {' '.join(map(str, point))}".encode()).digest() for point in points}
            turn, calls = {}, {}
            for point in sorted(points, key=place.get):
                # (daemon, stage, call, number), or (daemon, stage, call, error, when).
                call = point[:3] + point[-1:]
                turn[point] = calls[call] = calls.get(call, -1) + 1
            mine = [point for point in points if place[point][-1] % parts == part]
            return sorted(mine, key=lambda point: (turn[point], place[point]))[:count]

        def run(points, body):
            """Does it at every point; gives what came of it."""
            slowest, late, failures, stages = 0.0, [], [], {}
            for point in points:
                # So many tell what is wrong; each takes its time to be sure of.
                if len(failures) == 10: break
                counted = stages.setdefault(" ".join(point[:2]), {"tried": 0, "met": 0})
                counted["tried"] += 1
                def once(): return body(daemons[point[0]], *point[1:])
                try:
                    try:
                        took = once()
                        # It is luck how often the last calls are made, and worth another try.
                        if took is None: took = once()
                    except Late as first:
                        # Something else may have had the processors: late twice is late.
                        late.append(first.seconds)
                        restore()
                        took = next((took for took in (once() for _ in range(3)) if took is not None), None)
                        if took is None: raise Problem(f"{first}, and not met in three tries more")
                    counted["met"] += took is not None
                    slowest = max(slowest, took or 0)
                except (Problem, OSError, ValueError, KeyError) as error:
                    failures.append(" ".join(map(str, point)) + f": {type(error).__name__} {error}")
                    restore()
            return {"stages": stages, "slowest": slowest, "late": late, "failures": failures}

        def restore():
            """Begins again after a failure, so that the next point stands for itself."""
            for daemon in (service, helper): daemon.kill()
            forget_programs()
            for pid in processes() - empty["processes"]: os.kill(pid, signal.SIGKILL)
            for daemon in (helper, service): daemon.launch()
            until(lambda: "error" not in tried("Pools"), 5)
            try: expect_nothing()
            except (Problem, OSError, ValueError, KeyError): pass

        def go(kind, mine, count):
            """Does the points, of so many that there are."""
            begin()
            print(json.dumps({"all": count} | run(mine, kill_at if kind == "kill" else fail_at)))

        def go_chosen(kind, recording, count, seed, part, parts):
            all_points = points(kind, recording)
            go(kind, chosen(all_points, seed, count, part, parts), len(all_points))

        """#
}
