import Foundation
import Glibc
import LinuxSystem
import Testing

extension EndToEndWaits {
    @Suite(.enabled(if: FakeTime.library != nil || Environment["VIPNS_REQUIRE_ROOT"] == "1", "needs libfaketime"))
    struct ClockTests {}
}

/// A wall clock of the service's own, by libfaketime(1); all other clocks, and all other programs, are left alone.
private enum FakeTime {
    static let library: String? = {
        let places = ["x86_64-linux-gnu", "aarch64-linux-gnu"].map { "/usr/lib/\($0)" } + ["/usr/lib64", "/usr/lib"]
        return places.map { "\($0)/faketime/libfaketimeMT.so.1" }.first { unsafe access($0, R_OK) == 0 }
    }()

    static let year = 31_536_000
}

extension TestLab {
    /// Puts a program at the service's place that becomes the service with a clock of its own.
    fileprivate func preferFakeTime() throws {
        let library = try #require(FakeTime.library)
        let script = """
            set -e
            cd /run
            echo +0 > wall-clock
            touch vipnsd
            mount --bind /run/vipns-lab/bin/vipnsd vipnsd
            mount -t tmpfs -o mode=1777 tmpfs /dev/shm
            cat > with-wall-clock <<'END'
            #!/bin/sh
            # The library's own variable is set in a shell: in the service it would hide the arguments from Swift.
            export FAKETIME_TIMESTAMP_FILE=/run/wall-clock FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1
            export LD_PRELOAD=\(library)
            exec sh -c 'exec /run/vipnsd "$@"' sh "$@"
            END
            chmod 755 with-wall-clock vipnsd
            mount --bind with-wall-clock /run/vipns-lab/bin/vipnsd
            """
        try succeed("sh", "-c", script)
    }

    /// Starts both daemons, the service with a clock of its own; gives what there is then.
    fileprivate func startWithWallClock() throws -> [String: String] {
        try preferFakeTime()
        for daemon in ["helper", "service"] { try tell("start \(daemon)") }
        return try census()
    }

    /// Ends all sessions, and looks at what is there that was not before the first one.
    fileprivate func expectNothingLeft(since empty: [String: String]) throws {
        try succeed("vipns", "close", "--all", "--kill")
        // Of its own descriptors the service has more or fewer, as its database likes.
        func counted(_ census: [String: String]) -> [String: String] {
            census.filter { $0.key != "service-descriptors" }
        }
        var now: [String: String] = [:]
        let isEmpty = try eventually(within: .seconds(8)) {
            now = counted(try census())
            return now == counted(empty)
        }
        #expect(isEmpty && now["sessions"] == "0", "left behind: \(now), once: \(empty)")
    }

    /// Sets the service's wall clock that far from the right time.
    fileprivate func setWallClock(_ seconds: Int) throws {
        // In place: a reader must never find it empty.
        try succeed("sh", "-c", "printf '%+d\\n' \(seconds) > /run/.new && mv /run/.new /run/wall-clock")
    }

    /// Ends a session and gives the time, of the clock since boot, at which its address rests.
    fileprivate func end(_ session: Entered) throws -> Int64 {
        try succeed("vipns", "close", session.id, "--kill")
        return SystemClock.bootTimeMicroseconds()
    }

    /// Waits until the session's address rests no more, and gives the time.
    fileprivate func waitUntilFree(_ session: Entered) throws -> Int64 {
        let isFree = try eventually(within: .seconds(8)) { try self.session(session.id) == nil }
        guard isFree else { throw TestFailure("the address is not free") }
        return SystemClock.bootTimeMicroseconds()
    }
}

/// What happens to the clock while an address rests.
private struct Jump: CustomTestStringConvertible {
    let from: Int
    let to: Int
    var isRestarted = false

    var testDescription: String { "\(from) to \(to)\(isRestarted ? ", restarted" : "")" }

    static let usual = [
        Jump(from: 0, to: FakeTime.year), Jump(from: FakeTime.year, to: -FakeTime.year, isRestarted: true),
        Jump(from: -FakeTime.year, to: 0),
    ]
    static let others = [
        Jump(from: FakeTime.year, to: 0), Jump(from: 0, to: -FakeTime.year),
        Jump(from: -FakeTime.year, to: FakeTime.year, isRestarted: true),
        Jump(from: 0, to: -FakeTime.year, isRestarted: true),
    ]
    static let all = Dose.isFull ? usual + others + usual + others : usual
}

extension EndToEndWaits.ClockTests {
    @Test func `a clock that jumps by years ends no hold and no session early or late, and history stays in order`()
        async throws
    {
        try await inLab(daemons: false) { lab in
            try lab.furnish(hold: "2s")
            let empty = try lab.startWithWallClock()
            let living = try lab.enter()
            let reserved = try #require(try lab.reserve().first)
            var opened = [living.id, reserved]
            var errors: [Double] = []
            var seen: Set<Int> = []
            for jump in Jump.all {
                try lab.setWallClock(jump.from)
                let session = try lab.enter()
                opened.append(session.id)
                let ended = try lab.end(session)
                usleep(500_000)
                try lab.setWallClock(jump.to)
                if jump.isRestarted {
                    try lab.kill(.service)
                    try lab.restart(.service)
                }
                let free = try lab.waitUntilFree(session)
                let rest = Double(free - ended) / 1e6
                errors.append(rest - 2)
                #expect(abs(rest - 2) < 1, "\(jump.testDescription): \(rest) s of 2")
                // One that ends now, so that the history has an end by each clock.
                let next = try lab.enter("exit 0")
                opened.append(next.id)
                try lab.expect(next.id, becomes: "held")
                let row = try lab.history(of: next.id)
                let years = Double(row.opened / 1_000_000 - Int(time(nil))) / Double(FakeTime.year)
                seen.insert(Int(years.rounded()))
                for id in [living.id, reserved] { #expect(try lab.session(id)?.state == "active") }
                #expect(try lab.session(living.id)?.address == living.address)
            }
            // The clock did jump, for the service.
            #expect(seen == [-1, 0, 1], "\(seen)")
            #expect(try lab.history("--limit", "100").map(\.id) == opened.reversed())
            #expect(try lab.history("--limit", "100").count { $0.ended == nil } == 2)
            print(
                "measured: \(Jump.all.count) jumps of a wall clock by a year or two: holds of 2 s were off by \(errors) s"
            )
            try lab.expectNothingLeft(since: empty)
        }
    }
}

extension EndToEndWaits.ClockTests {
    @Test func `an opener's time to enter, and the rest of an address in conflict, are not of the clock that jumps`()
        async throws
    {
        try await inLab(daemons: false) { lab in
            try lab.furnish(hold: "2s")
            let empty = try lab.startWithWallClock()
            // The first address is another link's.
            let rival = ["name", "rival", "link", "lan0", "address", "02:00:0a:4d:00:65", "type", "macvlan"]
            try lab.succeed(
                "sh", "-ec", "ip link add \(rival.joined(separator: " ")) mode bridge; ip link set rival up")
            let begun = SystemClock.bootTimeMicroseconds()
            let opener = try lab.startClient(
                """
                reply, descriptors = call_with_descriptor("Open", mode="enter")
                print(reply["parameters"]["session"]["id"])
                time.sleep(60)
                """)
            let opened = try opener.line()
            // What was made of the first one is taken apart meanwhile.
            var conflicts: [SessionRow] = []
            let isQuarantined = try eventually {
                conflicts = try lab.sessions().filter { $0.state == "quarantined" }
                return !conflicts.isEmpty
            }
            try #require(isQuarantined)
            let quarantined = conflicts[0].id
            try lab.succeed("ip", "link", "del", "rival")
            var waited: [String: Double] = [:]
            let isOver = try eventually(within: .seconds(15)) {
                let seconds = Double(SystemClock.bootTimeMicroseconds() - begun) / 1e6
                // Forth and back, more than once: what is looked at by the wall clock would end at one of them.
                try lab.setWallClock(Int(seconds) % 2 == 0 ? FakeTime.year : -FakeTime.year)
                let states = Dictionary(uniqueKeysWithValues: try lab.sessions().map { ($0.id, $0.state) })
                if states[opened] != "allocating", waited["entry"] == nil { waited["entry"] = seconds }
                if states[quarantined] == nil, waited["quarantine"] == nil { waited["quarantine"] = seconds }
                return waited.count == 2
            }
            #expect(isOver && waited.values.allSatisfy { abs($0 - 10) < 1 }, "\(waited)")
            // The opener has the namespace's descriptor: the link is deleted first.
            #expect(try eventually { try lab.history(of: opened).ended != nil })
            #expect(try lab.history(of: opened).reason == "opener never entered")
            print("measured: ends of 10 s under a wall clock that jumps: \(waited)")
            try lab.setWallClock(0)
            opener.kill()
            try lab.succeed("pkill", "-f", "call_with_descriptor")
            try lab.expectNothingLeft(since: empty)
        }
    }
}

extension EndToEndWaits.ClockTests {
    @Test func `a clock that is a year ahead for a moment costs no history, not of former boots either`() async throws {
        try await inLab(daemons: false) { lab in
            try lab.furnish(hold: "100ms", line: "history: {keep: 30d}")
            let empty = try lab.startWithWallClock()
            func use() throws -> String {
                let session = try lab.enter("exit 0")
                try lab.expect(session.id, becomes: nil)
                return session.id
            }
            var used = [try use(), try use()]
            let living = try lab.enter()
            used.append(living.id)
            for daemon in ["service", "helper"] { try lab.tell("kill \(daemon)") }
            try lab.succeed("kill", "-9", "\(living.pid)")
            try lab.succeed("sh", "-c", "cat /proc/sys/kernel/random/uuid > /run/boot_id")
            try lab.succeed("mount", "--bind", "/run/boot_id", "/proc/sys/kernel/random/boot_id")
            for daemon in ["helper", "service"] { try lab.tell("start \(daemon)") }
            used.append(try use())
            for years in [1, 0, -1, 1] {
                try lab.setWallClock(years * FakeTime.year)
                try lab.kill(.service)
                try lab.restart(.service)
                used.append(try use())
            }
            #expect(try lab.history("--limit", "100").map(\.id) == used.reversed())
            #expect(try lab.history(of: living.id).reason == "ended by reboot")
            try lab.expectNothingLeft(since: empty)
        }
    }
}

extension TestLab {
    /// What the lab does before it starts daemons.
    fileprivate func furnish(hold: String, line: String = "") throws {
        let text = """
            \(line)
            pools:
              lab:
                ranges: [10.77.0.101-10.77.0.120]
                prefix: 10.77.0.0/24
                gateway: 10.77.0.1
                parent: lan0
                hold: \(hold)
            """
        try succeed("sh", "-c", "printf '%s\\n' '\(text)' > /run/vipns-lab/vipns.yaml")
        try succeed("chown", "64742:64742", "/run/vipns-lab/state")
    }
}
