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
            fill(f"{STATE}/filler")
            first = call("Open", mode="reserve", pool="pair").get("text", "")
            close_all()
            since = time.monotonic()
            if not until(is_whole, 1): raise Problem("addresses are not returned on a full disk")
            if unended(): raise Problem("ends are not in the history")
            if os.stat(kept).st_size: raise Problem("the reserve was not needed")
            # What was given up is taken by somebody else, too.
            fill(f"{STATE}/filler")
            second = call("Open", mode="reserve", pool="pair").get("text", "")
            # The service is started anew on the full disk, with sessions whose ends it then has to write.
            service.kill()
            start(service)
            os.remove(f"{STATE}/filler")
            since = time.monotonic()
            took = normal(lambda: since)
            if os.stat(kept).st_blocks * 512 < 8 << 20: raise Problem("the reserve is not made again")
            expect_nothing()
            print(json.dumps({"first": first, "second": second, "seconds": took}))

        """#
}
