import ClientAPI
import Glibc
import LinuxSystem
import Testing
import Varlink

@testable import vipns

/// The program against a service that answers what the real one answers rarely; granting is tested end to end.
@Suite(.enabled(if: isRoot, "needs root"))
struct ServiceTests {
    static let sentence =
        "No virtual IP address is available for this session, please contact your administrator."

    /// Listens, and answers Open, Entered and Join with a fresh namespace, and Close and List with one session.
    private static func server(at path: String, _ outcome: Method.Open.Outcome?) throws -> VarlinkServer {
        let server = VarlinkServer(
            identity: .init(vendor: "vipns", product: "test", version: "1", url: "https://example.org"),
            interfaces: [
                VarlinkInterface(
                    name: InterfaceDescription.name, description: InterfaceDescription.text,
                    methods: [
                        "Open": .single { _, _ in try opened(outcome) },
                        "Entered": .single { _, _ in VarlinkReply() },
                        "Join": .single { _, _ in
                            try VarlinkReply(
                                Method.Join.Reply(session: TextTests.session(), namespace: 0), passing: namespace())
                        },
                        "List": .single { _, _ in try VarlinkReply(Method.List.Reply(sessions: [])) },
                        "Close": .single { call, _ in
                            let asked = try call.parameters(as: Method.Close.Parameters.self)
                            guard asked.session == "k7f3" else {
                                throw ServiceError.sessionNotFound(session: asked.session)
                            }
                            return try VarlinkReply(Method.Close.Reply(session: TextTests.session(.held)))
                        },
                    ])
            ], loop: try EventLoop())
        try server.serve(on: UnixSocket.listen(.stream, at: path, mode: 0o666))
        return server
    }

    private static func namespace() throws -> OwnedDescriptor {
        try NetworkNamespace.make(prepare: {}).intoNamespace().intoDescriptor()
    }

    private static func opened(_ outcome: Method.Open.Outcome?) throws -> VarlinkReply {
        switch outcome {
        case nil: throw ServiceError.poolExhausted(pool: "lab", message: sentence)
        case .shared: try VarlinkReply(Method.Open.Reply(outcome: .shared, message: sentence))
        case .isolated:
            try VarlinkReply(
                Method.Open.Reply(
                    outcome: .isolated, session: TextTests.session(address: nil), namespace: 0, message: sentence),
                passing: namespace())
        case .granted:
            try VarlinkReply(
                Method.Open.Reply(outcome: .granted, session: TextTests.session(), namespace: 0), passing: namespace())
        }
    }

    /// Runs the program against such a service.
    private static func run(
        _ outcome: Method.Open.Outcome?, _ arguments: String..., environment: [String: String] = [:]
    ) async throws -> Program.Ending {
        let path = temporaryName()
        let server = try server(at: path, outcome)
        let ending = try await Program.run(list: ["--socket", path] + arguments, environment: environment)
        await server.stop()
        unsafe unlink(path)
        return ending
    }

    @Test func `entering becomes the command, alone in another network, with the user's ids`() async throws {
        let ending = try await Self.run(
            .granted, "enter", "--user", "daemon", "--", "sh", "-c",
            """
            echo $$ $(id -u) $(id -g) $(id -G) $VIPNS_SESSION $VIPNS_ADDRESS $VIPNS_POOL $USER ${SECRET-none} $LANG
            readlink /proc/self/ns/net; grep -c : /proc/net/dev; ls /proc/$$/task | wc -l; grep CapEff /proc/$$/status
            exit 7
            """, environment: ["SECRET": "x", "LANG": "C"])
        let lines = ending.output.split(separator: "\n")
        #expect(ending.status == 7 && ending.error.isEmpty, "\(ending)")
        try #require(lines.count == 5, "\(ending)")
        #expect(lines[0] == "\(ending.pid) 1 1 1 k7f3q2m9 192.168.200.100 callcenter daemon none C")
        #expect(String(lines[1]) != readSymbolicLink("/proc/self/ns/net"))
        #expect(lines[2] == "1" && lines[3] == "1")
        #expect(lines[4] == "CapEff:\t0000000000000000")
    }

    @Test func `no descriptor of ours reaches the command`() async throws {
        let ending = try await Self.run(.granted, "enter", "--", "ls", "/proc/self/fd")
        #expect(ending.status == 0 && ending.output == "0\n1\n2\n3\n", "\(ending)")
    }

    @Test func `the default user is the one behind sudo`() async throws {
        let ending = try await Self.run(
            .granted, "enter", "--", "id", "-un", environment: ["SUDO_UID": "1", "SUDO_USER": "daemon"])
        #expect(ending.status == 0 && ending.output == "daemon\n", "\(ending)")
    }

    @Test func `an empty pool that shares goes on in the host's network without a session`() async throws {
        let ending = try await Self.run(
            .shared, "enter", "--", "sh", "-c", "readlink /proc/self/ns/net; env | grep -c VIPNS_",
            environment: ["VIPNS_SESSION": "outer"])
        #expect(ending.error == Self.sentence + "\n")
        #expect(ending.output == "\(readSymbolicLink("/proc/self/ns/net") ?? "")\n0\n" && ending.status == 1)
    }

    @Test func `an empty pool that isolates goes on inside without an address`() async throws {
        let ending = try await Self.run(
            .isolated, "enter", "--", "sh", "-c",
            "readlink /proc/self/ns/net; echo $VIPNS_SESSION${VIPNS_ADDRESS-,none}")
        #expect(ending.error == Self.sentence + "\n" && ending.status == 0)
        #expect(ending.output.hasSuffix("\nk7f3q2m9,none\n"))
        #expect(!ending.output.hasPrefix(readSymbolicLink("/proc/self/ns/net") ?? "?"))
    }

    @Test func `an empty pool that denies says the sentence and ends with 75`() async throws {
        let ending = try await Self.run(nil, "enter", "--", "echo", "never")
        #expect(ending.status == 75 && ending.output.isEmpty && ending.error == Self.sentence + "\n")
    }

    @Test(
        arguments: [
            (
                "no-such-command", 127,
                "vipns: cannot run 'no-such-command': No such file or directory (not found in PATH"
            ),
            ("/no/such/command", 127, "vipns: cannot run '/no/such/command': No such file or directory\n"),
            ("/etc/passwd", 126, "vipns: cannot run '/etc/passwd': Permission denied\n"),
            ("/etc", 126, "vipns: cannot run '/etc': Permission denied\n"),
        ] as [(String, CInt, String)])
    func `a command that cannot be run ends as with env`(command: String, status: CInt, text: String) async throws {
        let ending = try await Self.run(.granted, "enter", "--", command)
        #expect(ending.status == status && ending.error.hasPrefix(text), "\(ending)")
    }

    @Test func `the command's own options are left to it, with and without the two dashes`() async throws {
        for arguments in [
            ["printf", "%s,", "--help", "--", "--user"], ["--", "printf", "%s,", "--help", "--", "--user"],
        ] {
            let path = temporaryName()
            let server = try Self.server(at: path, .granted)
            let ending = try await Program.run(list: ["enter", "--socket", path] + arguments)
            await server.stop()
            unsafe unlink(path)
            #expect(ending.status == 0 && ending.output == "--help,--,--user,", "\(ending)")
        }
    }

    @Test func `exec becomes the command in the session it names`() async throws {
        let ending = try await Self.run(
            .granted, "exec", "k7f3", "--user", "daemon", "--", "sh", "-c", "id -un; echo $VIPNS_SESSION; exit 9")
        #expect(ending.status == 9 && ending.output == "daemon\nk7f3q2m9\n", "\(ending)")
    }

    @Test func `closing goes on after a failure and reports it`() async throws {
        let ending = try await Self.run(.granted, "close", "zzzz", "k7f3")
        #expect(ending.status == 1 && ending.output == "session 'k7f3q2m9' is closed\n", "\(ending)")
        #expect(ending.error == "vipns: there is no session 'zzzz'\n")
    }

    @Test func `closing all where there is none is no failure`() async throws {
        let ending = try await Self.run(.granted, "close", "--all")
        #expect(ending.status == 0 && ending.output == "no sessions\n" && ending.error.isEmpty)
    }

    @Test func `an empty list is an array in JSON`() async throws {
        let ending = try await Self.run(.granted, "list", "--json")
        #expect(ending.status == 0 && ending.output.filter { !$0.isWhitespace } == "[]", "\(ending)")
    }
}
