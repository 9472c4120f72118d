extension FaultHarness {
    /// A kernel without the newer calls.
    static let oldKernel = #"""
        def forbid(daemon):
            """A kernel filter that answers as a kernel from before the newer calls does; seccomp(2)."""
            numbers = {"x86_64": (55, 54), "aarch64": (209, 208)}[os.uname().machine]
            load, equal, answer = lambda offset: (0x20, 0, 0, offset), 0x15, lambda error: (6, 0, 0, 0x50000 | error)
            allow, program = (6, 0, 0, 0x7fff0000), []
            # SO_PEERPIDFD, and for the service SO_NETNS_COOKIE; SO_PASSRIGHTS. No ioctl of a pidfd: nothing uses one.
            options = [(0, 32, 77, 92), (1, 32, 83, 92)] + ([(0, 32, 71, 92)] if daemon == "service" else [])
            for call, offset, value, error in options:
                program += [load(0), (equal, 0, 3, numbers[call]), load(offset), (equal, 0, 1, value), answer(error)]
            # fsopen(2), whose number is the same everywhere.
            program += [load(0), (equal, 0, 1, 430), answer(38), allow]
            octets = b"".join(struct.pack("=HBBI", *step) for step in program)
            buffer = ctypes.create_string_buffer(octets, len(octets))
            filter = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(buffer)))
            if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, filter, 0, 0): os._exit(126)

        def successor():
            """Whether a process that got the number of one that connected is taken for it."""
            read, write = os.pipe()
            maker = os.fork()
            if not maker:
                try:
                    connection = Client()
                    session = connection.call("Open", mode="enter", pool="lab")["session"]["id"]
                    # A process's start is known to a clock tick, and a successor of the same one is like the maker.
                    time.sleep(0.02)
                    # The maker ends and leaves the connection to a child.
                    if os.fork(): os._exit(0)
                    time.sleep(0.3)
                    os.write(write, json.dumps(connection.call("Entered", session=session)).encode())
                finally: os._exit(0)
            os.waitpid(maker, 0)
            with open("/proc/sys/kernel/ns_last_pid", "w") as file: file.write(str(maker - 1))
            other = subprocess.Popen(["sleep", "5"])
            if other.pid != maker: raise Problem(f"the number is {other.pid}, not {maker}")
            reply = json.loads(os.read(read, 4096))
            other.kill(); other.wait()
            if "error" not in reply: raise Problem("a successor was taken for the process that connected")

        def old_kernel():
            """All that sessions do, with the newer calls refused."""
            global before_start
            before_start = forbid
            begin()
            for name, stage in STAGES.items():
                try:
                    stage.work(stage.before())
                    stage.expect_outcome()
                except Problem as problem: raise Problem(f"{name}: {problem}")
                expect_no_address_twice()
                expect_nothing()
            successor()
            expect_nothing()
            for daemon in (service, helper):
                sessions = furnish()
                daemon.kill()
                start(daemon)
                if not until(lambda: states(sessions) == ["active", "active", "lingering"]):
                    raise Problem(f"the sessions are {states(sessions)}")
                expect_nothing()
            def warnings(daemon):
                lines = open(f"{LOG}/{daemon}.log").read().splitlines()
                return [line[line.index("warning:"):] for line in lines if "optional kernel feature" in line]
            print(json.dumps({daemon: warnings(daemon) for daemon in daemons}))

        """#
}
