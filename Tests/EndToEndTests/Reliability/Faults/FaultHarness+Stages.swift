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

        class Refused(Exception): pass

        class Stage:
            """A piece of work during which a daemon is watched: what comes before it, and the work itself."""
            def __init__(self, before, work, settle=0.2): self.before, self.work, self.settle = before, work, settle

        def nothing(): return None

        def open_and_abandon(_):
            with Client() as client: client.call("Open", mode="enter", pool="lab")

        def enter_now(_): entered(enter())

        def entered_session():
            program = enter()
            session = entered(program)
            if not session: raise Problem("cannot enter")
            return program, session

        def with_leftover():
            program = enter("setsid sleep 600 &")
            session = entered(program)
            if not session: raise Problem("cannot enter")
            return program, session

        def lingering():
            program, session = with_leftover()
            os.kill(program.pid, signal.SIGKILL); program.wait()
            if not until(lambda: state(session) == "lingering"): raise Problem(f"does not linger: {state(session)}")
            return session

        def state(session): return next((s["state"] for s in call("List")["sessions"] if s["id"] == session), None)

        def members(session): return call("Show", session=session).get("members", [])

        def end_leader(made):
            os.kill(made[0].pid, signal.SIGKILL); made[0].wait()

        def end_leftovers(session):
            for pid in members(session): os.kill(pid, signal.SIGKILL)

        def close(session):
            reply = call("Close", session=session, leftovers="kill")
            if "error" in reply: raise Refused(reply)

        def join(session):
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            subprocess.run([f"{BIN}/vipns", "exec", session, "--", "true"], timeout=5, **quiet)

        def log_in(_):
            """Twice, so that the second joins; then both leave."""
            first, second = Client(), Client()
            with first, second:
                session = first.call("Login", user="root", service="sshd").get("session", {}).get("id")
                if not session: return
                first.call("Entered", session=session)
                second.call("Login", user="root", service="sshd")
                second.call("Entered", session=session)
                first.call("Leave", session=session)
                second.call("Leave", session=session)

        def look(session):
            with Client() as client:
                client.call("Show", session=session)
                client.call("List"); client.call("Pools"); client.call("History", limit=3)

        STAGES = {
            "enter": Stage(nothing, enter_now),
            "reserve": Stage(nothing, lambda _: reserve()),
            "abandon": Stage(nothing, open_and_abandon),
            "pair": Stage(nothing, lambda _: reserve("pair")),
            "shared": Stage(lambda: reserve("one"), lambda _: call("Open", mode="reserve", pool="one"), settle=0.05),
            "isolated": Stage(
                lambda: reserve("lone"), lambda _: call("Open", mode="reserve", pool="lone"), settle=0.05),
            "join": Stage(reserve, join, settle=0.05),
            "login": Stage(nothing, log_in),
            "look": Stage(reserve, look, settle=0.02),
            "close": Stage(lambda: entered_session()[1], close),
            "exit": Stage(entered_session, end_leader),
            "kill": Stage(lambda: with_leftover()[1], close),
            "linger": Stage(with_leftover, lambda made: (end_leader(made), time.sleep(0.05))),
            "sweep": Stage(lingering, lambda _: None, settle=1.1),
            "last": Stage(lingering, end_leftovers),
            "reload": Stage(reserve, lambda _: call("Reload"), settle=0.02),
        }

        """#
}
