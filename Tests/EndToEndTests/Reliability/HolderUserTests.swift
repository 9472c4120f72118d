import Foundation
import LinuxSystem
import Testing

extension EndToEnd {
    /// Holders that are not root's, for a helper that has what its unit gives it and no more.
    @Suite struct HolderUserTests {}
}

extension EndToEnd.HolderUserTests {
    /// What setpriv(1) calls the capabilities of the unit, after nothing.
    private static func unitCapabilities() throws -> String {
        let root = #filePath.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" }
        let unit = try readTextFile("\(root)/hooks/systemd/vipns-helper.service")
        let line = try #require(unit.split(separator: "\n").first { $0.hasPrefix("CapabilityBoundingSet=") })
        let names = line.dropFirst("CapabilityBoundingSet=".count).split(separator: " ")
        return "-all" + names.map { ",+\($0.dropFirst("CAP_".count).lowercased())" }.joined()
    }

    /// Starts a helper with fewer capabilities in place of the lab's.
    private func startHelper(_ capabilities: String, _ lab: TestLab) throws -> Running {
        try lab.tell("kill helper")
        let helper = try lab.start(
            "setpriv", "--bounding-set", capabilities, "--inh-caps", capabilities, "vipns-helper", "--service-user",
            "64742", "--config", "/run/vipns-lab/vipns.yaml")
        #expect(try eventually { try lab.vipns("enter", "--", "true").status == 0 })
        return helper
    }

    private func replace(_ helper: Running, _ lab: TestLab) throws -> String {
        try lab.succeed("pkill", "-x", "vipns-helper")
        let errors = try helper.end().errors
        try lab.tell("start helper")
        #expect(try eventually { try lab.vipns("enter", "--", "true").status == 0 })
        return errors
    }

    /// Opens something of the session, then is another user's program that does not know.
    private func hold(_ script: String, _ session: Entered, _ lab: TestLab) throws -> Running {
        try lab.start(
            "/usr/bin/python3", "-c",
            """
            import ctypes, os, socket
            leader = \(session.pid)
            \(script)
            os.set_inheritable(held.fileno(), True)
            os.execvp("setpriv", ["setpriv", "--reuid", "alice", "--regid", "alice", "--clear-groups", "sh", "-c",
                "echo $$; exec sleep 600"])
            """)
    }

    @Test func `a holder of another user is named by a helper with its unit's capabilities`() async throws {
        try await inLab { lab in
            let helper = try startHelper(try Self.unitCapabilities(), lab)
            let sessions = [try lab.enter(), try lab.enter()]
            let descriptor = try hold("held = open(f'/proc/{leader}/ns/net')", sessions[0], lab).line()
            let socket = try hold(
                """
                host, there = open("/proc/self/ns/net"), open(f"/proc/{leader}/ns/net")
                libc = ctypes.CDLL(None)
                assert libc.setns(there.fileno(), 0x40000000) == 0
                held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                assert libc.setns(host.fileno(), 0x40000000) == 0
                """, sessions[1], lab
            ).line()
            try lab.succeed("sh", "-c", "kill -9 \(sessions[0].pid) \(sessions[1].pid)")
            let named = [
                "process \(descriptor) (sleep), by a descriptor", "process \(socket) (sleep), by a socket",
            ]
            for (session, words) in zip(sessions, named) {
                let isNamed = try eventually(within: .seconds(5)) {
                    try lab.succeed("cat", "/run/vipns-lab/log/service.log").contains(words)
                }
                #expect(isNamed, "\(words)")
                // Its address may have rested for long enough while the other was looked for.
                try lab.expect(session.id, becomes: nil, within: .seconds(5))
            }
            try lab.succeed("kill", "-9", descriptor, socket)
            let errors = try replace(helper, lab)
            #expect(!errors.contains("could not be looked at"), "\(errors)")
        }
    }

    @Test func `a helper that cannot list a process's descriptors says so`() async throws {
        try await inLab { lab in
            let helper = try startHelper(try Self.unitCapabilities(), lab)
            let session = try lab.enter()
            let holder = try hold("held = open(f'/proc/{leader}/ns/net')", session, lab).line()
            try lab.failing("setfsuid", with: "EPERM", in: "$(pgrep -x vipns-helper)") {
                try lab.succeed("sh", "-c", "kill -9 \(session.pid)")
                #expect(
                    try eventually(within: .seconds(5)) {
                        try lab.succeed("cat", "/run/vipns-lab/log/service.log").contains("somebody holds")
                    })
                try lab.succeed("kill", "-9", holder)
            }
            let errors = try replace(helper, lab)
            #expect(errors.contains("could not be looked at for holders of ended sessions"), "\(errors)")
        }
    }
}
