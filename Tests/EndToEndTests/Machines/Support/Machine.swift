import Foundation
import Glibc
import LinuxSystem

/// A whole virtual machine, and a test's hands in it; Tests/Machines says how it is built and booted.
///
/// Emulation makes programs 5 to 20 times slower: limits are wide, and what is judged is behaviour, never speed.
final class Machine {
    /// What a machine is for.
    enum Role {
        /// A server with systemd.
        case server
        /// Somebody else on the LAN: no more than a kernel and a shell.
        case neighbour
    }

    /// What it writes on.
    enum Disk {
        /// The system's own image; nothing is kept.
        case forgotten
        /// A copy, in which everything is kept, whatever happens.
        case kept(String)
    }

    /// How it is made; each can be left as it is.
    struct Options {
        var role = Role.server
        var disk = Disk.forgotten
        /// More words for the kernel.
        var words: [String] = []
        var processors = 2
        /// More options of QEMU.
        var emulator: [String] = []
    }

    /// On the LAN.
    let address: String
    let mac: String
    private let folder: String
    private let running: Running
    private let hands: LineChannel
    private let monitor: LineChannel

    /// Plugs it in; it is ready when ``awaitReady(within:)`` returns.
    init(_ system: MachineSystem, host: Int, _ options: Options = Options()) throws {
        let card = try MachineLAN.card(host)
        (address, mac) = (card.address, card.mac)
        let folder = "/tmp/vipns-machine-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try checked { unsafe mkdir(folder, 0o700) }
        self.folder = folder
        let disk = if case .kept(let path) = options.disk { path } else { "-" }
        let words = (options.role == .neighbour ? ["init=/usr/local/sbin/hands"] : []) + options.words
        // Not bound to the thread that starts it: it ends with its standard input, however this process ends.
        running = try Running(
            [
                "\(Project.root)/Tests/Machines/boot.sh", try system.folder(), folder, disk,
                "\(card.tap),\(card.mac)", words.joined(separator: " "),
            ] + options.emulator,
            environment: [
                "PATH=\(Environment["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin")", "PROCESSORS=\(options.processors)",
            ],
            options: .detached)
        hands = try Self.connect("\(folder)/hands", running)
        monitor = try Self.connect("\(folder)/monitor", running)
        _ = monitor.line(within: .seconds(10))
        _ = try command("qmp_capabilities")
    }

    deinit {
        cutPower()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static func connect(_ path: String, _ running: Running) throws -> LineChannel {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline, !running.hasEnded {
            if let socket = try? UnixSocket.connect(.stream, to: path) { return LineChannel(socket) }
            usleep(20_000)
        }
        running.kill()
        throw TestFailure(
            "the emulator did not start: \(try running.end().errors) \((try? readTextFile("\(path)/../qemu.log")) ?? "")"
        )
    }

    // MARK: Hands

    private struct Answer: Decodable {
        let ready: Bool?
        let status: Int32?
        let output: String?
    }

    /// Waits until the machine that was switched on, or boots anew, takes commands.
    func awaitReady(within limit: Duration = .seconds(180)) throws {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            guard let line = hands.line(within: deadline - .now) else { break }
            if (try? JSONDecoder().decode(Answer.self, from: Data(line.utf8)))?.ready == true { return }
        }
        throw TestFailure("the machine is not ready after \(limit): \(console.suffix(3000))")
    }

    /// Sends a script for bash, as root, without waiting for its end.
    func send(_ script: String, within limit: Duration = .seconds(60)) throws {
        let request: [String: Any] = ["run": script, "limit": limit.components.seconds]
        try hands.say(String(decoding: JSONSerialization.data(withJSONObject: request), as: UTF8.self))
    }

    /// Runs a script for bash, as root; its output has both streams.
    func run(_ script: String, within limit: Duration = .seconds(60)) throws -> Outcome {
        try send(script, within: limit)
        guard let line = hands.line(within: limit + .seconds(60)) else {
            throw TestFailure("'\(script)' was not answered: \(console.suffix(3000))")
        }
        let answer = try JSONDecoder().decode(Answer.self, from: Data(line.utf8))
        guard let status = answer.status, var output = answer.output else {
            throw TestFailure("'\(script)' was answered by '\(line)': the machine was started anew")
        }
        while output.last?.isNewline == true { output.removeLast() }
        return Outcome(status: status, output: output, errors: "")
    }

    /// Runs a script that must succeed; gives its output.
    @discardableResult
    func succeed(_ script: String, within limit: Duration = .seconds(60)) throws -> String {
        let outcome = try run(script, within: limit)
        guard outcome.status == 0 else {
            throw TestFailure("'\(script)' gave \(outcome.status): \(outcome.output)")
        }
        return outcome.output
    }

    /// Runs a script of Tests/Machines/guest that must succeed.
    @discardableResult
    func script(_ name: String, _ arguments: String..., within limit: Duration = .seconds(180)) throws -> String {
        let words = arguments.map { "'\($0)'" }.joined(separator: " ")
        return try succeed("bash -euo pipefail /run/guest/\(name).sh \(words)", within: limit)
    }

    /// What the kernel and the first process have written.
    var console: String { (try? String(contentsOfFile: "\(folder)/console.log", encoding: .utf8)) ?? "" }

    // MARK: The emulator

    /// Gives the emulator a command; qemu-qmp-ref(7).
    @discardableResult
    func command(_ name: String, _ arguments: [String: Any] = [:]) throws -> String {
        let request: [String: Any] = ["execute": name, "arguments": arguments]
        try monitor.say(String(decoding: JSONSerialization.data(withJSONObject: request), as: UTF8.self))
        while let line = monitor.line(within: .seconds(20)) {
            // Events come in between.
            if line.contains("\"return\"") { return line }
            if line.contains("\"error\"") { throw TestFailure("\(name): \(line)") }
        }
        throw TestFailure("\(name): the emulator does not answer")
    }

    /// Pulls the plug.
    func cutPower() {
        running.endInput()
        _ = try? running.end(within: .seconds(10))
    }

    /// Waits until it has switched itself off.
    func awaitEnd(within limit: Duration = .seconds(120)) throws {
        let deadline = ContinuousClock.now + limit
        while !running.hasEnded {
            guard ContinuousClock.now < deadline else {
                throw TestFailure("it is not off after \(limit): \(console.suffix(3000))")
            }
            usleep(50_000)
        }
    }
}
