extension FaultHarness {
    /// The pieces of work during which a daemon is watched.
    static let stages = #"""
        configuration = """
        rules:
          - services: ['*']
            pool: lab
            scope: user
        pools:
          lab:
            ranges: [10.77.0.101-10.77.0.104]
            prefix: 10.77.0.0/24
            gateway: 10.77.0.1
            parent: lan0
            hold: 100ms
          one:
            ranges: [10.77.0.111]
            prefix: 10.77.0.0/24
            parent: lan0
            hold: 100ms
          spare:
            ranges: [10.77.0.113-10.77.0.114]
            prefix: 10.77.0.0/24
            parent: lan0
            hold: 100ms
          lone:
            ranges: [10.77.0.112]
            prefix: 10.77.0.0/24
            parent: lan0
            hold: 100ms
            exhaustion: isolate
          pair:
            ranges: [10.77.0.121-10.77.0.122, 'fd76:6970:6e73::a1-fd76:6970:6e73::a2']
            prefix: [10.77.0.0/24, 'fd76:6970:6e73::/64']
            gateway: [10.77.0.1, 'fd76:6970:6e73::1']
            parent: lan0
            hold: 100ms
            low_ports: yes
            dns: [10.77.0.1]
        """

        class Stage:
            """A piece of work during which a daemon is watched: what comes before it, and the work itself.

            The work raises where its outcome is another; `state` is what all sessions must come to after it."""
            def __init__(self, before, work, settle=0.2, state=None):
                self.before, self.work, self.settle, self.state = before, work, settle, state
            def expect_outcome(self):
                """Where nothing was in its way it has done what it says: an empty stage would test nothing."""
                found = None
                def come():
                    nonlocal found
                    found = [one["state"] for one in need("List")["sessions"] if one["state"] != "held"]
                    return found == self.state
                if self.state is not None and not until(come, 3): raise Problem(f"{found}, not {self.state}")

        def nothing(): return None

        def open_and_abandon(_):
            with Client() as client:
                reply = client.call("Open", mode="enter", pool="lab")
                if reply.get("outcome") != "granted": raise Problem(f"not granted: {reply}")

        def entered_session(before=""):
            program = enter(before)
            session = entered(program)
            if not session: raise Problem("cannot enter")
            return program, session

        def with_leftover(): return entered_session("setsid sleep 600 &")

        def lingering():
            program, session = with_leftover()
            os.kill(program.pid, signal.SIGKILL); program.wait()
            if not until(lambda: state(session) == "lingering"): raise Problem(f"does not linger: {state(session)}")
            return session

        def state(session): return next((s["state"] for s in need("List")["sessions"] if s["id"] == session), None)

        def end_leader(made):
            os.kill(made[0].pid, signal.SIGKILL); made[0].wait()

        def end_leftovers(session):
            members = need("Show", session=session)["members"]
            if not members: raise Problem("there is no leftover")
            for pid in members: os.kill(pid, signal.SIGKILL)

        def close(session): need("Close", session=session, leftovers="kill")

        def join(session):
            words = [f"{BIN}/vipns", "exec", session, "--", "true"]
            done = subprocess.run(words, timeout=5, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            if done.returncode: raise Problem(f"cannot join: {done.returncode} {done.stderr.decode()}")

        def log_in(_):
            """Twice, so that the second joins; then both leave."""
            first, second = Client(), Client()
            with first, second:
                session = logged_in(first)
                if logged_in(second) != session: raise Problem("the second login has a session of its own")
                for client in (first, second): client.need("Leave", session=session)

        def logged_in(client):
            reply = client.need("Login", user="root", service="sshd")
            if reply["outcome"] != "granted": raise Problem(f"not granted: {reply}")
            client.need("Entered", session=reply["session"]["id"])
            return reply["session"]["id"]

        def look(session):
            with Client() as client:
                if client.need("Show", session=session)["session"]["id"] != session: raise Problem("another is shown")
                if session not in [one["id"] for one in client.need("List")["sessions"]]: raise Problem("not listed")
                if len(client.need("Pools")["pools"]) != len(POOLS): raise Problem("not all pools")
                if not client.need("History", limit=3)["records"]: raise Problem("no history")

        STAGES = {
            "enter": Stage(nothing, lambda _: entered_session(), state=["active"]),
            "reserve": Stage(nothing, lambda _: reserve(), state=["active"]),
            "abandon": Stage(nothing, open_and_abandon, state=[]),
            "pair": Stage(nothing, lambda _: reserve("pair"), state=["active"]),
            "shared": Stage(lambda: reserve("one"), lambda _: reserve("one", "shared"), settle=0.05, state=["active"]),
            "isolated": Stage(
                lambda: reserve("lone"), lambda _: reserve("lone", "isolated"), settle=0.05, state=["active"] * 2),
            "join": Stage(reserve, join, settle=0.05, state=["active"]),
            "login": Stage(nothing, log_in, state=[]),
            "look": Stage(reserve, look, settle=0.02, state=["active"]),
            "close": Stage(lambda: entered_session()[1], close, state=[]),
            "exit": Stage(entered_session, end_leader, state=[]),
            "kill": Stage(lambda: with_leftover()[1], close, state=[]),
            "linger": Stage(with_leftover, lambda made: (end_leader(made), time.sleep(0.05)), state=["lingering"]),
            "sweep": Stage(lingering, lambda _: None, settle=1.1, state=["lingering"]),
            "last": Stage(lingering, end_leftovers, state=[]),
            "reload": Stage(reserve, lambda _: need("Reload"), settle=0.02, state=["active"]),
        }

        """#
}
