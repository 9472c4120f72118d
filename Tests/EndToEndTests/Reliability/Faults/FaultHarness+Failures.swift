extension FaultHarness {
    /// Has calls fail, once and for a while.
    static let failures = #"""
        def fail_at(daemon, stage, call, error, when):
            """Has calls of a daemon fail, and looks at what it does then and after.

            Gives the seconds from the end of the fault to normal service; None where no call failed."""
            log = "/run/injected"
            fault = f"inject={call}:error={error}:when={when}"
            work = Work(daemon, stage, "-o", log, "-e", f"trace={call}", "-e", fault)
            isLasting = when.endswith("+")
            until(lambda: not daemon.lives() or not work.is_alive(), 0.5 if isLasting else 4)
            until(lambda: not daemon.lives(), work.stage.settle)
            work.tracer.end()
            since, isFresh = time.monotonic(), False
            def begun():
                """The end of the fault, or the new start of what could not start: it may end a while after the fault."""
                nonlocal since, isFresh
                if daemon.lives(): return since
                if os.WIFSIGNALED(daemon.status):
                    raise Problem(f"crashed: signal {os.WTERMSIG(daemon.status)}: {last_words(daemon)}")
                # What cannot start says so, and is started again by whoever started it.
                if stage != "start" or isFresh: raise Problem(f"ended: {daemon.status:#x}")
                since, isFresh = time.monotonic(), True
                daemon.launch()
                return since
            took = normal(begun)
            with open(log) as lines: wasMet = "(INJECTED)" in lines.read()
            expect_sessions(work)
            if wasMet: work.expect_no_nonsense()
            else: work.expect_done()
            if stage in ("close", "kill"): expect_close(work, (daemon.name, call))
            expect_no_address_twice()
            expect_nothing()
            if wasMet and daemon is service: find_helper()
            return took if wasMet else None

        def expect_close(work, where):
            """No failed call makes a close fail, but for one that takes the client's own connection from it.

            Then it succeeds at the next try."""
            if not work.problem: return
            told = f"{type(work.problem).__name__} {work.problem}"
            if not isinstance(work.problem, ConnectionError) or where not in CONNECTION:
                raise Problem(f"a close failed: {told}")
            reply = call("Close", session=work.made, leftovers="kill")
            if not reply.get("error", "SessionNotFound").endswith("SessionNotFound"):
                raise Problem(f"a close failed: {told}, and again: {reply}")

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
                if session: need("Close", session=session, leftovers="kill")
                elif "error" not in reply: reply = {"error": reply.get("outcome")}
                return "error" not in reply
            reply = None
            if not until(works, 5, pause): raise Problem(f"no normal service after 5 s: {reply}")
            took = time.monotonic() - begun()
            if took > LATE: raise Late(took)
            return took

        """#
}
