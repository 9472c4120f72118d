extension FaultHarness {
    /// A disk that is really full.
    static let fullDisk = #"""
        def fill(path):
            """Takes all that the disk has left."""
            with open(path, "ab", buffering=0) as file:
                for size in (1 << 20, 4096, 1):
                    try:
                        while True: file.write(bytes(size))
                    except OSError as error:
                        if error.errno != errno.ENOSPC: raise

        def full_disk():
            """The state directory is a small disk, and something else fills it."""
            options = "size=24m,mode=0700,uid=64742,gid=64742"
            subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", STATE], check=True)
            begin()
            kept = f"{STATE}/vipns.db.reserve"
            sessions = [entered_session()[1], reserve(), lingering()]
            program, last = entered_session()
            fill(f"{STATE}/filler")
            # The service is started anew on the full disk, with sessions whose ends it then has to write.
            restart(sessions + [last], ["active", "active", "lingering", "active"])
            first = call("Open", mode="reserve", pool="pair").get("text", "")
            if not set(sessions) <= set(close_all(last)): raise Problem("not all sessions were there")
            if not until(lambda: missing() == 1, 1): raise Problem("addresses are not returned on a full disk")
            if unended() != 1 or not is_ended(*sessions): raise Problem("ends are not in the history")
            if os.stat(kept).st_size: raise Problem("the reserve was not needed")
            # What was given up is taken by somebody else, too.
            fill(f"{STATE}/filler")
            second = call("Open", mode="reserve", pool="pair").get("text", "")
            restart([last], ["active"])
            close(last)
            if not until(lambda: program.poll() is not None, 1): raise Problem("the program lives on")
            # There is not an octet for the end of that one: its address waits for room, and counts as free no sooner.
            if until(is_whole, 1) and not is_ended(last): raise Problem("it is free before its session's end is stored")
            os.remove(f"{STATE}/filler")
            since = time.monotonic()
            took = normal(lambda: since)
            if not until(is_whole, 5): raise Problem("the address is not returned when there is room")
            if unended() or not is_ended(last): raise Problem("the end is not in the history when there is room")
            if os.stat(kept).st_blocks * 512 < 8 << 20: raise Problem("the reserve is not made again")
            expect_nothing()
            print(json.dumps({"first": first, "second": second, "seconds": took}))

        def restart(sessions, found):
            service.kill()
            start(service)
            if not until(lambda: states(sessions) == found): raise Problem(f"on the full disk: {states(sessions)}")

        def missing():
            """Addresses that are not free."""
            return sum(pool["total"] - pool["free"] for pool in pools().values())

        def is_ended(*sessions):
            """Whether the history has the end of each."""
            names = ", ".join(f"'{session}'" for session in sessions)
            ended = rows(f"SELECT count(*) FROM history WHERE session IN ({names}) AND endedAt IS NOT NULL")
            return ended == len(sessions)

        """#
}
