import Foundation
import Testing

/// What the programs that are shipped are linked with, read from the release build that `make test` makes first.
@Suite(.enabled(if: Release.isThere, "needs the release build (make build)"))
struct LinkageTests {
    @Test(arguments: Release.programs) func `a program needs the system's own libraries alone`(program: String) throws {
        let allowed: Set = [
            "libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6", "ld-linux-x86-64.so.2",
            "ld-linux-aarch64.so.1", "libmnl.so.0", "libsqlite3.so.0",
        ]
        let dynamic = try Release.lines(of: "readelf", "-d", program)
        let needed = dynamic.filter { $0.contains("(NEEDED)") }.compactMap { line in
            line.split(separator: "[").last.map { String($0.prefix { $0 != "]" }) }
        }
        #expect(!needed.isEmpty)
        #expect(Set(needed).subtracting(allowed).isEmpty)
        #expect(!dynamic.contains { $0.contains("RUNPATH") || $0.contains("RPATH") })
    }

    @Test func `only the service is linked with SQLite`() throws {
        for program in Release.programs where program != "vipnsd" {
            #expect(try !Release.lines(of: "readelf", "-d", program).contains { $0.contains("libsqlite3") })
        }
    }

    @Test(arguments: Release.programs) func `no program is ended by Dispatch for want of a descriptor`(
        program: String
    ) throws {
        let symbols = try Release.lines(of: "nm", program: program)
        // There are its queues, and not the watch over who works for them: Sources/CLinux/dispatch_monitor.c.
        #expect(symbols.contains { $0.hasSuffix(" _dispatch_workq_worker_register") })
        #expect(!symbols.contains { $0.contains("_dispatch_workq_monitor_pools") })
    }

    @Test func `the helper holds no part of Foundation, and the command line not the large one`() throws {
        let helper = try Release.lines(of: "nm", program: "vipns-helper")
        #expect(helper.count > 1000)
        #expect(!helper.contains { $0.contains("$s20FoundationEssentials") || $0.contains("$s10Foundation") })
        #expect(try !Release.lines(of: "nm", program: "vipns").contains { $0.contains("$s10Foundation") })
    }
}

/// The release build's programs.
enum Release {
    static let programs = ["vipns", "vipnsd", "vipns-helper"]
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent(".build/release")

    /// Continuous integration must not pass without it.
    static var isThere: Bool {
        let isThere = programs.allSatisfy {
            FileManager.default.fileExists(atPath: folder.appendingPathComponent($0).path)
        }
        return isThere || ProcessInfo.processInfo.environment["VIPNS_REQUIRE_ROOT"] == "1"
    }

    static func lines(of tool: String, _ options: String..., program: String) throws -> [Substring] {
        try lines(of: tool, list: options, program: program)
    }

    /// Foundation's Process does not always notice that one of several programs at a time has ended; popen(3) does.
    static func lines(of tool: String, list options: [String], program: String) throws -> [Substring] {
        let words = [tool] + options + [folder.appendingPathComponent(program).path]
        let command = words.map { "'\($0)'" }.joined(separator: " ")
        guard let output = unsafe popen(command, "re") else {
            Issue.record("\(tool) cannot be started")
            return []
        }
        var octets: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&chunk, 1, chunk.count, output)
            if count == 0 { break }
            octets += chunk[..<count]
        }
        let status = unsafe pclose(output)
        try #require(status == 0, "\(tool) failed")
        return String(decoding: octets, as: UTF8.self).split(separator: "\n")
    }

    static func lines(of tool: String, _ option: String, _ program: String) throws -> [Substring] {
        try lines(of: tool, option, program: program)
    }
}
