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
            """A stage's work on a thread of its own; what fails for want of a daemon, fails."""
            def __init__(self, daemon, stage, *options):
                super().__init__(daemon=True)
                self.watched, self.settle, self.refused = daemon, 0.1, None
                if stage == "start":
                    sessions = self.sessions = furnish()
                    start_anew(daemon)
                    self.work = lambda: until(lambda: serves(daemon, sessions), 8)
                else:
                    made = STAGES[stage].before()
                    self.sessions, self.settle = None, STAGES[stage].settle
                    self.work = lambda: STAGES[stage].work(made)
                self.tracer = Tracer(daemon, *options)
                if stage == "start": os.kill(daemon.pid, signal.SIGCONT)
                self.start()
            def run(self):
                try: self.work()
                except Refused as refused: self.refused = refused
                except (OSError, Problem, ValueError, subprocess.TimeoutExpired): pass
            def wait(self):
                """Until the daemon has ended, or the work and what follows from it are done.

                Gives whether it was killed."""
                until(lambda: not self.watched.lives() or not self.is_alive(), 10)
                until(lambda: not self.watched.lives(), self.settle)
                self.tracer.end()
                # A kill on which strace lets go may come a moment after strace's own end.
                return until(lambda: not self.watched.lives(), 0.01)

        def recorded(daemon, stage):
            """The calls of a stage: name to how often."""
            path = "/run/calls"
            if Work(daemon, stage, "-o", path).wait(): raise Problem(f"the {daemon.name} ended by itself")
            expect_nothing()
            return counts(path, daemon.pid)

        # The store's log is read piece by piece at a start: of a hundred reads in a row none is another point.
        MOST = {"pread64": 40}

        def points():
            """Every (daemon, stage, call, number) there is; luck decides whether the last ones are met."""
            return [(name, stage, call, number)
                for name, daemon in daemons.items() for stage in ["start", *STAGES]
                for call, count in sorted(recorded(daemon, stage).items())
                for number in range(1, min(count, MOST.get(call, count)) + 1)]

        def kill_at(daemon, stage, call, number):
            """Has a daemon killed there, starts it again and looks at what is left.

            Gives the seconds until it was ready again; None where it did not come to that call."""
            fault = f"inject={call}:signal=KILL:when={number}"
            work = Work(daemon, stage, "-o", "/dev/null", "-e", f"trace={call}", "-e", fault)
            took = start(daemon) if work.wait() else None
            if took and took > LATE: raise Late(f"ready after {took:.2f} s")
            expect_sessions(work)
            work.join(8)
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
            found = {session["id"]: session["state"] for session in call("List")["sessions"]}
            return [found.get(session) for session in sessions]

        def chosen(points, seed, count, part, parts):
            """So many of one part, the same for a seed also where a few more or less were found."""
            place = {point: hashlib.sha256(f"{seed} {' '.join(map(str, point))}".encode()).digest() for point in points}
            mine = [point for point in points if place[point][-1] % parts == part]
            return sorted(mine, key=place.get)[:count]

        def run(points, body):
            """Does it at every point; gives how many were met, the longest time, and what was found."""
            met, slowest, failures = 0, 0.0, []
            for point in points:
                # So many tell what is wrong; each takes its time to be sure of.
                if len(failures) == 10: break
                try:
                    try: took = body(daemons[point[0]], *point[1:])
                    except Late:
                        # Something else may have had the processors: late twice is late.
                        restore()
                        took = body(daemons[point[0]], *point[1:])
                    met += took is not None
                    slowest = max(slowest, took or 0)
                except (Problem, OSError, ValueError, KeyError) as error:
                    failures.append(" ".join(map(str, point)) + f": {type(error).__name__} {error}")
                    restore()
            return met, slowest, failures

        def restore():
            """Begins again after a failure, so that the next point stands for itself."""
            for daemon in (service, helper): daemon.kill()
            forget_programs()
            for pid in processes() - empty["processes"]: os.kill(pid, signal.SIGKILL)
            for daemon in (helper, service): daemon.launch()
            until(lambda: "error" not in tried("Pools"), 5)
            try: expect_nothing()
            except (Problem, OSError, ValueError): pass

        def go(kind, count, seed, part, parts, *named):
            """Does the points that are named, or so many of all there are."""
            begin()
            if named: all_points = [tuple(name.split()) for name in named]
            else: all_points = points() if kind == "kill" else fault_points(points())
            mine = all_points if named else chosen(all_points, seed, int(count), int(part), int(parts))
            met, slowest, failures = run(mine, kill_at if kind == "kill" else fail_at)
            print(json.dumps(
                {"all": len(all_points), "tried": len(mine), "met": met, "slowest": slowest, "failures": failures}))

        """#
}
