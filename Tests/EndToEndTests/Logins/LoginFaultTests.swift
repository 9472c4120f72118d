import Foundation
import Testing

extension EndToEnd.Logins {
    @Suite struct FailingService {}
}

private let refusal = "The session service does not answer, please contact your administrator."

extension EndToEnd.Logins.FailingService {
    /// How often each login is tried; VIPNS_LOGIN_RUNS.
    private static let runs = Environment["VIPNS_LOGIN_RUNS"].flatMap { Int($0) } ?? 3

    /// One login: its status, how long it took, what it wrote.
    private struct Attempt: Decodable {
        let status: Int32
        let milliseconds: Double
        let output: String
        let errors: String

        /// Whether it came in as if there were no module.
        func went(on host: Place) -> Bool {
            status == 0 && errors.isEmpty && (try? Place(in: output).withoutClient) == host
        }

        /// Whether it was kept out by the program's own exit, told why where that is safe, and with nothing in the stream.
        func isRefused(isSSH: Bool, _ fault: ServiceFault) -> Bool {
            let isTold = !isSSH || fault.isToldEarly
            // What crashes has another status: sshd's end is 255 at the client, a session that it refuses 254.
            let isExit = isSSH ? status == (isTold ? 255 : 254) : (1..<128).contains(status)
            return isExit && output.isEmpty && errors.contains(refusal) == isTold
        }
    }

    /// Logs in again and again, `atOnce` at a time: what costs processor time must not be measured against itself.
    private static func attempts(
        _ words: [String], _ lab: TestLab, count: Int, atOnce: Int
    ) throws -> [Attempt] {
        let script = """
            import concurrent.futures, json, subprocess, sys, time
            def attempt(_):
                start = time.monotonic()
                done = subprocess.run(sys.argv[3:], stdin=subprocess.DEVNULL, capture_output=True, text=True)
                return {"status": done.returncode, "milliseconds": (time.monotonic() - start) * 1000,
                        "output": done.stdout, "errors": done.stderr}
            with concurrent.futures.ThreadPoolExecutor(int(sys.argv[2])) as pool:
                print(json.dumps(list(pool.map(attempt, range(int(sys.argv[1]))))))
            """
        let outcome = try lab.run(
            ["python3", "-c", script, "\(count)", "\(atOnce)"] + words, within: .seconds(30 + 3 * count))
        return try JSONDecoder().decode([Attempt].self, from: Data(outcome.output.utf8))
    }

    private static let programs: [(words: [String], atOnce: Int)] = [
        (["su", "alice", "-c", Place.program], 6), (["ssh", "alice@127.0.0.1", Place.program], 3),
    ]

    @Test(arguments: ServiceFault.allCases)
    func `logins go on within two seconds, or are refused where the module is told so`(fault: ServiceFault) async throws
    {
        try await inLoginLab(LoginConfiguration(rules: ["services: [su, sshd], pool: lab"])) { lab in
            let host = try lab.host()
            for (words, atOnce) in Self.programs {
                try lab.script("cp -R /etc/pam.d /run/stacks; sed -i /pam_vipns/d /etc/pam.d/*")
                let without = try Self.attempts(words, lab, count: Self.runs, atOnce: atOnce)
                // The slowest of each: what the machine adds now and then is not the module's.
                let usual = without.map(\.milliseconds).max() ?? 0
                try lab.script("rm -r /etc/pam.d; mv /run/stacks /etc/pam.d")
                let mend = try fault.strike(lab)
                for isOpen in [true, false] {
                    try lab.stack(isOpen ? "" : "fail=closed")
                    let attempts = try Self.attempts(words, lab, count: Self.runs, atOnce: atOnce)
                    let isSSH = words[0] == "ssh"
                    let odd = attempts.filter { attempt in
                        isOpen ? !attempt.went(on: host) : !attempt.isRefused(isSSH: isSSH, fault)
                    }
                    #expect(attempts.count == Self.runs && odd.isEmpty, "\(odd.count), the first: \(odd.first as Any)")
                    let slowest = (attempts.map(\.milliseconds).max() ?? 0) - usual
                    #expect(slowest < Dose.limit(2500), "\(words[0]), \(isOpen ? "open" : "closed")")
                    if Self.runs > 10 {
                        print("\(fault) \(words[0]) \(isOpen ? "open" : "closed"): \(Int(slowest)) ms")
                    }
                    let log = try lab.moduleLog(isSSH ? "sshd" : "su")
                    let reasons = log.count { $0.contains("cannot") || $0.contains("refused") }
                    #expect(reasons >= Self.runs * (isOpen ? 1 : 2), "\(log.suffix(3))")
                }
                try mend(lab)
                try lab.stack()
                // A service that came to its senses late gives back what it was asked for in the meantime.
                try lab.expectNoSession(within: .seconds(10))
                #expect(try lab.place(words).isSession)
            }
        }
    }
}
