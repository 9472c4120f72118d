// Theory of operation
//
// vipns-helper is the privileged part. It listens on one socket, serves one peer (the service, by SO_PEERCRED), and does
// what RequestTable lists: it makes, lists and ends network namespaces that it numbers itself, and binds the client
// socket. It decides nothing and parses no language; a pool's firewall is read by nft(8), from a file that only root can
// have written. It touches its run directory, the names in /run/netns, /proc/sys/net of namespaces that it makes, and
// reads /proc/PID and what of /proc/sys/net sessions inherit. It is single-threaded but for the short-lived threads that enter a
// namespace (NetworkNamespace.run), and remembers nothing that it could not find again after kill -9.

import Glibc
import LinuxSystem
import Netlink
import SessionNetwork

@main
struct VipnsHelper {
    let options: Options

    static func main() {
        switch Options.parse() {
        case .none:
            log("wrong usage (see 'vipns-helper --help')")
            exit(64)
        case .print(let text):
            print(text, terminator: "")
        case .serve(let options):
            do {
                try VipnsHelper(options: options).serve()
            } catch {
                log("\(error)")
                exit(1)
            }
        }
    }

    private func serve() throws {
        // Started without them, whatever is opened first would be taken for standard error.
        var spare: Int32 = 0
        while (0...2).contains(spare) { spare = unsafe open("/dev/null", O_RDWR) }
        close(spare)
        // The journal may go before us.
        _ = signal(SIGPIPE, SIG_IGN)
        try raiseDescriptorLimit()
        try checkSurroundings()
        let identity = try serviceIdentity()
        let directory = try RunDirectory(path: options.runDirectory, group: identity.gid)
        let signals = OwnedDescriptor(adopting: try signalDescriptor([SIGHUP, SIGTERM, SIGINT]))
        let source = AllowanceSource(
            program: options.serviceProgram ?? Self.sibling("vipnsd"), configuration: options.config, identity: identity
        )
        let networks = try SessionNetworks(
            pins: PinDirectory(path: "\(options.runDirectory)/netns", namesPath: options.names))
        let allowance = try source.load(within: .seconds(10))
        let table = RequestTable(allowance: allowance, source: source, networks: networks, directory: directory)
        try directory.listen()
        let manager = ServiceManager()
        let helper = try Helper(
            table: table, networks: networks, source: source, directory: directory, signals: signals, manager: manager)
        if !DeletionMonitor.isPermitted {
            log("warning: CAP_NET_BROADCAST is missing: what is taken away in a session is not noticed, continuing")
        }
        let old = KernelFeature.refusedDescriptors
        if !old.isThere { log("warning: optional kernel feature missing: \(old.consequence)") }
        if let error = networks.lacksPrivateProc {
            log(
                "warning: optional kernel feature missing: no /proc of our own by fsopen (Linux 5.2): \(error): an open gets "
                    + "slower with each session that is there")
        }
        log("ready, may give \(allowance.description)")
        manager.tellReady(status: "may give \(allowance.description)")
        do throws(Errno) {
            try helper.run()
        } catch {
            throw HelperError("wait for requests and signals: \(error)")
        }
    }

    private func checkSurroundings() throws(HelperError) {
        guard geteuid() == 0 else { throw HelperError("start as user \(geteuid()): root is needed") }
        guard let own = try? FileIdentity(path: "/proc/self/ns/mnt"),
            let inits = try? FileIdentity(path: "/proc/1/ns/mnt")
        else { throw HelperError("compare mount namespaces: /proc is not there, or hidden") }
        guard own == inits || options.privateMounts else {
            throw HelperError(
                "start in a mount namespace that is not init's: the host would not see the pins "
                    + "(unit options such as ProtectSystem= make one; --private-mounts says that it is meant)")
        }
    }

    private func serviceIdentity() throws(HelperError) -> ChildProcess.Identity {
        guard let account = Account(options.serviceUser) else {
            throw HelperError("find service user '\(options.serviceUser)' (make the account, or give --service-user)")
        }
        guard account.uid != 0 else {
            throw HelperError("serve user '\(options.serviceUser)': the service must not be root (see --service-user)")
        }
        return ChildProcess.Identity(uid: account.uid, gid: account.gid)
    }

    /// The program of that name in this program's own directory.
    private static func sibling(_ name: String) -> String {
        let own = readSymbolicLink("/proc/self/exe") ?? "/usr/sbin/vipns-helper"
        return own.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/\(name)"
    }
}
