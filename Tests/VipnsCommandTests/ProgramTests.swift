import Glibc
import LinuxSystem
import Testing

@testable import vipns

/// The program without a service.
struct ProgramTests {
    @Test func `version and help go to standard output and are no failure`() async throws {
        let version = try await Program.run("--version")
        #expect(version.status == 0 && version.output == "vipns 0.1.0\n" && version.error.isEmpty)
        for verb in ["enter", "exec", "list", "show", "close", "pool", "history", "watch", "check", "reload"] {
            let help = try await Program.run(verb, "--help")
            #expect(help.status == 0 && help.output.contains("USAGE: vipns \(verb)") && help.error.isEmpty, "\(verb)")
        }
    }

    @Test(arguments: [
        ["lst"], ["list", "--jsn"], ["show"], ["close"], ["close", "--all", "x"], ["close", "--kill", "--wait", "x"],
        ["enter", "--usr", "bob"], ["history", "--at", "noon"], ["history", "--limit", "0"], ["exec"],
        ["exec", "k7f3", "ls"], ["exec", "--", "ls"],
    ])
    func `wrong usage is told in one style and ends with 64`(arguments: [String]) async throws {
        let ending = try await Program.run(list: arguments)
        #expect(ending.status == 64, "\(ending)")
        #expect(ending.error.hasPrefix("vipns: ") && ending.output.isEmpty, "\(ending)")
    }

    @Test(arguments: ["list", "watch", "pool", "history", "reload"])
    func `a service that is not there is told with its socket`(verb: String) async throws {
        let path = temporaryName()
        let missing = try await Program.run(verb, "--socket", path)
        #expect(missing.status == 75)
        #expect(
            missing.error
                == "vipns: cannot reach the session service at '\(path)': No such file or directory (is vipnsd running?)\n"
        )
        // A socket that nobody listens on any more, as kill -9 leaves it.
        do { _ = try UnixSocket.listen(.stream, at: path, mode: 0o600) }
        defer { unsafe unlink(path) }
        let refused = try await Program.run("--socket", path, verb, "--json")
        #expect(refused.status == 75 && refused.output.isEmpty)
        #expect(
            refused.error
                == "vipns: cannot reach the session service at '\(path)': Connection refused (is vipnsd running?)\n")
    }

    @Test(.enabled(if: isRoot, "needs root"), arguments: [["enter"], ["enter", "--", "true"], ["exec", "k7f3"]])
    func `only root may enter, and others are told before anything is tried`(arguments: [String]) async throws {
        let ending = try await Program.run(
            list: arguments, identity: ChildProcess.Identity(uid: 65_534, gid: 65_534))
        #expect(ending.status == 1)
        #expect(
            ending.error
                == "vipns: cannot enter a session: Operation not permitted "
                + "(only root may; try 'sudo vipns \(arguments[0])')\n")
    }

    @Test(.enabled(if: isRoot, "needs root"))
    func `an unknown user is told before a session is opened`() async throws {
        let ending = try await Program.run("enter", "--user", "nobody-here", "--socket", "/nonexistent")
        #expect(ending.status == 1 && ending.error == "vipns: there is no user 'nobody-here'\n")
    }

    @Test func `check runs the vipnsd beside it and passes on its output and status`() async throws {
        let folder = temporaryName()
        try checked { unsafe mkdir(folder, 0o755) }
        defer {
            for name in ["vipns", "vipnsd"] { unsafe unlink("\(folder)/\(name)") }
            unsafe rmdir(folder)
        }
        #expect(try await Program.run(Program.path, folder, program: "/bin/cp").status == 0)
        let script = "#!/bin/sh\nprintf '<%s>' \"$@\"\nexit 3\n"
        try writeFile("\(folder)/vipnsd", script, flags: O_CREAT, mode: 0o755)
        let ending = try await Program.run("check", "/some file.yaml", program: "\(folder)/vipns")
        #expect(ending.status == 3 && ending.output == "<--check></some file.yaml>", "\(ending)")
    }
}
