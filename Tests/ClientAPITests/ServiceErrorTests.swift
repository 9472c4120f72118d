import LinuxSystem
import Testing
import Varlink

@testable import ClientAPI

@Suite struct ServiceErrorTests {
    private static let samples: [(ServiceError, String)] = [
        (.sessionNotFound(session: "k7"), "there is no session 'k7'"),
        (.sessionAmbiguous(session: "k", matches: ["k7", "k8"]), "session 'k' is ambiguous (k7, k8)"),
        (.poolNotFound(pool: "lab"), "there is no pool 'lab' (see 'vipns pool')"),
        (.poolExhausted(pool: "lab", message: "Sorry."), "pool 'lab' has no free address"),
        (.permissionDenied(text: "only root opens sessions"), "permission denied: only root opens sessions"),
        (.openFailed(text: "no parent link"), "cannot open a session: no parent link"),
        (.wrongState(session: "k7", state: .held), "session 'k7' does not allow that: it is held"),
        (
            .helperUnavailable(text: "Connection refused"),
            "cannot reach the helper: Connection refused (is vipns-helper running?)"
        ),
        (
            .invalidConfiguration(
                file: "/f",
                problems: [
                    Problem(severity: .error, line: 3, column: 7, text: "no"),
                    Problem(severity: .warning, line: 0, column: 0, text: "odd"),
                ]), "'/f' line 3, column 7: no\nwarning: odd"
        ),
        (.failed(text: "database is locked"), "database is locked"),
    ]

    @Test(arguments: samples)
    func `an error survives the way over the wire`(error: ServiceError, text: String) {
        #expect(ServiceError(error.varlinkReply) == error)
        #expect("\(error)" == text)
    }

    @Test(arguments: [
        VarlinkErrorReply.permissionDenied, VarlinkErrorReply("io.vipns.Unknown", ["text": "x"]),
        VarlinkErrorReply("io.vipns.WrongState", ["session": "x", "state": "asleep"]),
        VarlinkErrorReply("io.vipns.Failed"), VarlinkErrorReply("io.vipnsFailed", ["text": "x"]),
    ])
    func `other errors are not taken for ours`(reply: VarlinkErrorReply) {
        #expect(ServiceError(reply) == nil)
    }

    @Test func `a service that is not there is told with its path and a hint`() {
        let error = #expect(throws: ServiceUnreachable.self) { _ = try VipnsClient(path: "/nonexistent/io.vipns") }
        #expect(
            error.map { "\($0)" } == "cannot reach the session service at '/nonexistent/io.vipns': "
                + "No such file or directory (is vipnsd running?)")
    }
}
