// Theory of operation
//
// vipns-helper is the privileged part. It listens on one socket, serves one peer (the service, by SO_PEERCRED), and does
// what RequestTable lists: it makes, lists and ends network namespaces that it numbers itself, and binds the client
// socket. It decides nothing and parses no language. It touches its run directory, the names in /run/netns, /proc/sys/net
// of namespaces that it makes, and reads /proc/PID. It is single-threaded but for the short-lived threads that enter a
// namespace (NetworkNamespace.run), and remembers nothing that it could not find again after kill -9.

import ArgumentParser
import Glibc
import LinuxSystem
import SessionNetwork

@main
struct VipnsHelper: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vipns-helper",
        abstract: "Makes and ends the sessions' networks for vipnsd. Needs root.",
        discussion: "Started by the system before vipnsd. SIGHUP reads the allowance again.")

    @Option(name: .customLong("run"), help: "The directory for sockets and pins; made where missing.")
    var runDirectory = "/run/vipns"

    @Option(help: "Where 'ip netns' looks for names.")
    var names = "/run/netns"

    @Option(help: "The configuration file, which vipnsd reads for the helper.")
    var config = "/etc/vipns/vipns.yaml"

    @Option(help: "The user that vipnsd runs as: a name or a number.")
    var serviceUser = "vipns"

    @Option(help: "The vipnsd that prints the allowance; default: beside this program.")
    var serviceProgram: String?

    @Flag(help: "Start although the mount namespace is not init's: pins are then visible in it alone.")
    var privateMounts = false

    func run() throws {
        do {
            try serve()
        } catch let error as HelperError {
            log(error.description)
            throw ExitCode(1)
        } catch let error as NetworkError {
            log(error.description)
            throw ExitCode(1)
        }
    }

    private func serve() throws {
        try checkSurroundings()
        let identity = try serviceIdentity()
        try makeRunDirectory()
        let lock = try takeLock()
        defer { extendLifetime(lock) }
        let signals = OwnedDescriptor(adopting: try signalDescriptor([SIGHUP, SIGTERM, SIGINT]))
        let source = AllowanceSource(
            program: serviceProgram ?? Self.sibling("vipnsd"), configuration: config, identity: identity)
        let clientSocket = "\(runDirectory)/io.vipns"
        let networks = try SessionNetworks(pins: PinDirectory(path: "\(runDirectory)/netns", namesPath: names))
        let table = RequestTable(allowance: try source.load(), networks: networks) { () throws(NetworkError) in
            do throws(Errno) {
                // Everybody may connect: who asks is told by the kernel at every connection.
                return try UnixSocket.listen(.stream, at: clientSocket, mode: 0o666)
            } catch {
                throw NetworkError("bind the client socket '\(clientSocket)'", error)
            }
        }
        let helper = try Helper(
            table: table, networks: networks, source: source, listener: try listen(group: identity.gid),
            signals: signals)
        log("ready, may give \(table.allowance.description)")
        try helper.run()
    }

    private func checkSurroundings() throws(HelperError) {
        guard geteuid() == 0 else { throw HelperError("start as user \(geteuid()): root is needed") }
        let own = try? FileIdentity(path: "/proc/self/ns/mnt")
        let inits = try? FileIdentity(path: "/proc/1/ns/mnt")
        guard own == inits || privateMounts else {
            throw HelperError(
                "start in a mount namespace that is not init's: the host would not see the pins (unit options such as "
                    + "ProtectSystem= make one; --private-mounts says that it is meant)")
        }
    }

    private func serviceIdentity() throws(HelperError) -> ChildProcess.Identity {
        guard let account = Account(serviceUser) else {
            throw HelperError("find service user '\(serviceUser)' (make the account, or give --service-user)")
        }
        guard account.uid != 0 else {
            throw HelperError("serve user '\(serviceUser)': the service must not be root (see --service-user)")
        }
        return ChildProcess.Identity(uid: account.uid, gid: account.gid)
    }

    private func makeRunDirectory() throws(HelperError) {
        do throws(Errno) {
            try checked { unsafe mkdir(runDirectory, 0o755) }
        } catch .fileExists {
            return
        } catch {
            throw HelperError("make directory '\(runDirectory)': \(error)")
        }
    }

    private func takeLock() throws(HelperError) -> FileLock {
        do throws(Errno) {
            return try FileLock(path: "\(runDirectory)/helper.lock")
        } catch .wouldBlock {
            throw HelperError("start: another vipns-helper serves '\(runDirectory)'")
        } catch {
            throw HelperError("lock '\(runDirectory)/helper.lock': \(error)")
        }
    }

    private func listen(group: UInt32) throws(HelperError) -> OwnedDescriptor {
        do throws(Errno) {
            return try UnixSocket.listen(.seqpacket, at: "\(runDirectory)/helper", mode: 0o660, group: group, backlog: 8)
        } catch {
            throw HelperError("listen on '\(runDirectory)/helper': \(error)")
        }
    }

    /// The program of that name in this program's own directory.
    private static func sibling(_ name: String) -> String {
        let own = readSymbolicLink("/proc/self/exe") ?? "/usr/sbin/vipns-helper"
        return own.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/\(name)"
    }
}
