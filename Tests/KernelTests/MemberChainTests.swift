import Glibc
import KernelSupport
import LinuxSystem
import Testing

@testable import SessionNetwork

/// A program that forks and ends, as its child does, and so on for a minute; on a host of its own.
@Suite(.needsRoot, .timeLimit(.minutes(1))) struct MemberChainTests {
    /// Starts the chain in the session pinned at its argument, stays outside, and takes leave of each that ends.
    private static let script = """
        import ctypes, os, sys, time
        libc = ctypes.CDLL(None)
        # PR_SET_CHILD_SUBREAPER
        libc.prctl(36, 1)
        if os.fork() == 0:
            pin = os.open(sys.argv[1], os.O_RDONLY)
            assert libc.setns(pin, 0x40000000) == 0
            os.close(pin)
            os.write(1, b"1")
            end = time.monotonic() + 60
            while time.monotonic() < end:
                if libc.fork(): libc._exit(0)
            os._exit(0)
        while True:
            try: os.wait()
            except ChildProcessError: break
        """

    @Test func `a chain of short-lived processes is never counted as none, and killing ends it`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let opened = try host.open(101)
                let gate = try UnixSocket.pair(.stream)
                let far = gate.second.withRaw { $0 }
                let reaper = try ChildProcess(
                    "/usr/bin/python3", arguments: ["-S", "-E", "-c", Self.script, opened.pin], output: far,
                    error: 2)
                _ = try UnixSocket.receive(limit: 1, on: gate.first)
                var met = 0
                var unknown = 0
                var none = 0
                // On a machine that is busy with other things, as many as there is time for.
                let end = ContinuousClock.now + .seconds(15)
                while none == 0, met + unknown < 500, met + unknown < 50 || ContinuousClock.now < end {
                    do {
                        if try host.networks.members().isEmpty { none += 1 } else { met += 1 }
                    } catch let error as NetworkError where error.errno == .wouldBlock {
                        unknown += 1
                    }
                }
                // To say that it cannot tell is right, as long as it mostly can.
                #expect(none == 0 && met > unknown, "\(met) met it, \(unknown) could not tell, \(none) said none")
                #expect(try eventually { try host.networks.killMembers(numbers: [opened.number]).isEmpty })
                // The kernel's word for it: nobody is left to be taken along.
                _ = try host.networks.unpin(opened.session, number: opened.number)
                #expect(try eventually(within: 2000) { try host.networks.isAlive(opened.number) == false })
                _ = try reaper.wait()
            }
        }
    }
}
