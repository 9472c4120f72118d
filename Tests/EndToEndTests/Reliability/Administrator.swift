/// What an administrator does to sessions on a whim, and looking at what comes of it, in Python: one process for all.
enum Administrator {
    /// Defines the acts, `whole(SESSION)`, `Events` and `perform`; a session is a dictionary as `vipns list --json` has it.
    static let prelude = """
        import ctypes, json, os, random, subprocess, sys, threading, time
        libc = ctypes.CDLL(None, use_errno=True)
        def sh(text):
            return subprocess.run(["sh", "-c", text], capture_output=True, text=True)
        def pin(s): return "/run/vipns/netns/" + s["id"]
        def name(s): return "/run/netns/vipns-" + s["id"]
        def inside(s, text):
            place = f"/proc/{s['leaders'][0]}/ns/net" if s["leaders"] else pin(s)
            return subprocess.run(["nsenter", "--net=" + place] + text.split(), capture_output=True, text=True)

        class Events:
            # All that `vipns watch` tells from now on.
            def __init__(self):
                self.all = []
                self.process = subprocess.Popen(
                    ["vipns", "watch", "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
                threading.Thread(target=self.read, daemon=True).start()
                time.sleep(0.3)
            def read(self):
                for line in self.process.stdout:
                    event = json.loads(line)
                    self.all.append((time.monotonic(), event["kind"], (event.get("session") or {}).get("id"), event))
            def since(self, start, kinds, session=None):
                return [e for t, k, i, e in list(self.all) if t >= start and k in kinds and session in (None, i)]

        def whole(s):
            # Nothing of the session is missing, and the gateway answers.
            problems = []
            mounts = [line.split() for line in open("/proc/self/mountinfo")]
            if not any(f[4] == pin(s) and "nsfs" in f for f in mounts): problems.append("pin")
            try:
                if os.readlink(name(s)) != pin(s): problems.append("name leads elsewhere")
            except OSError: problems.append("name")
            links = [l for l in json.loads(inside(s, "ip -json addr").stdout or "[]") if l.get("ifname") == "eth0"]
            if not links: return problems + ["link"]
            if "UP" not in links[0]["flags"]: problems.append("down")
            if not any(a.get("local") == s["address"] for a in links[0]["addr_info"]): problems.append("address")
            routes = json.loads(inside(s, "ip -json route").stdout or "[]")
            if not any(r["dst"] == "default" and r.get("gateway") == "10.77.0.1" for r in routes):
                problems.append("default route")
            if not any(r["dst"] == "10.77.0.0/24" for r in routes): problems.append("network's route")
            if not problems and inside(s, "ping -q -c1 -W1 10.77.0.1").returncode != 0: problems.append("traffic")
            return problems

        # Each gives the exit status of what was done. Those in `others` are done to what all sessions share.
        acts = {
            "unmount pin": lambda s: sh(f"umount -l {pin(s)}"),
            "unlink pin": lambda s: sh(f"unshare -m sh -c 'umount {pin(s)}; rm {pin(s)}'"),
            "ip netns del": lambda s: sh(f"ip netns del vipns-{s['id']}"),
            "remove name": lambda s: sh(f"rm {name(s)}"),
            "delete link": lambda s: inside(s, "ip link del eth0"),
            "delete address": lambda s: inside(s, f"ip addr del {s['address']}/24 dev eth0"),
            "delete default route": lambda s: inside(s, "ip route del default"),
            "delete network's route": lambda s: inside(s, "ip route del 10.77.0.0/24"),
            "set link down": lambda s: inside(s, "ip link set eth0 down"),
        }
        # A namespace in which nobody stands dies with its pin: its session ends.
        fatal = {"unmount pin", "unlink pin", "ip netns del"}
        limit = \(Dose.limit(5))

        def settle(act, s, start, events):
            # Waits until the session is whole and it was said, or it was told that it ends.
            problems = ["not looked at"]
            while time.monotonic() - start < limit:
                if events.since(start, ["closing", "closed"], s["id"]): return "ended", []
                if events.since(start, ["healed"], s["id"]):
                    problems = whole(s)
                    if not problems: return "healed", []
                if events.since(start, ["alarm"], s["id"]) and time.monotonic() - start > 4.5: return "alarmed", []
                time.sleep(0.02)
            return "failed", problems + [e["text"] for e in events.since(start, ["healed", "alarm"], s["id"])]

        def perform(round, events):
            # Acts on sessions of their own, together; then waits for each.
            begun = []
            for act, s in round:
                start = time.monotonic()
                outcome = acts[act](s)
                begun.append((act, s, start, outcome))
            results, threads = [], []
            def follow(act, s, start, outcome):
                end, problems = settle(act, s, start, events)
                seconds = time.monotonic() - start
                # One that has just ended, as nothing but its pin kept it, cannot be done anything to.
                if outcome.returncode != 0 and end != "ended": end, problems = "failed", ["could not be done: " + outcome.stderr]
                print(json.dumps({"act": act, "session": s["id"], "end": end, "seconds": seconds,
                    "isEmpty": not s["leaders"], "isFatal": act in fatal, "text": "; ".join(problems)}), flush=True)
            for one in begun:
                threads.append(threading.Thread(target=follow, args=one))
                threads[-1].start()
            for thread in threads: thread.join()

        """
}
