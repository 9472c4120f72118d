// Theory of operation
//
// vipnsd is the session service: it decides and keeps, and has no privilege at any time. It is started as its own user,
// takes the lock on its state directory, opens the store, connects to vipns-helper and gets its client socket from it.
// More ways to call it do one thing and end: --check reads a configuration for an administrator, --allowance prints what
// the helper may do with it, --repair makes a damaged store anew from what the kernel has.

import ArgumentParser
import Glibc
import LeaseStoreSQLite
import Leasing
import LinuxSystem
import Logging
import ProgramVersion
import ServiceConfiguration
import ServiceLifecycle
import SessionService

@main
struct Vipnsd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vipnsd", abstract: "The session service: pools, leases, sessions. Runs as its own user.",
        discussion: "Started by the system after vipns-helper. Either may be restarted while sessions live.",
        version: programVersion)

    @Option(help: "The configuration file.")
    var config = "/etc/vipns/vipns.yaml"

    @Option(help: "The directory for leases and history.")
    var state = "/var/lib/vipns"

    @Option(help: "The helper's socket.")
    var helper = "/run/vipns/helper"

    @Option(help: ArgumentHelp("Check a configuration, print every problem, and end.", valueName: "file"))
    var check: String?

    @Option(help: ArgumentHelp("Print a configuration's allowance for vipns-helper, and end.", valueName: "file"))
    var allowance: String?

    @Option(
        help: ArgumentHelp(
            "How often to look for what nobody needs any more; it is freed after twice that time.",
            valueName: "seconds"))
    var collect = 30

    @Flag(help: "Make a damaged store of leases anew from what lives, and end.")
    var repair = false

    @Flag(help: "With --repair: tell what would be done, and do nothing.")
    var dryRun = false

    @Option(help: "How much to log: debug, info, notice, warning, error.")
    var logLevel = "info"

    func validate() throws {
        guard (1...3600).contains(collect) else { throw ValidationError("'--collect' takes 1 to 3600 seconds") }
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("'\(logLevel)' is no log level (debug, info, notice, warning, error)")
        }
    }

    func run() throws {
        if let check { throw ExitCode(Checking.check(check)) }
        if let allowance { throw ExitCode(Checking.printAllowance(allowance)) }
        // Who reads what is said here may end first: no reason to end as well.
        _ = signal(SIGPIPE, SIG_IGN)
        do {
            if repair { try repairStore() } else { try serve() }
        } catch let error as StartError {
            complain(error.description)
            throw ExitCode(1)
        } catch let error as LeaseStoreError {
            complain(error.description)
            throw ExitCode(1)
        } catch let error as StoreBehind {
            complain(error.description)
            throw ExitCode(1)
        }
    }

    private func serve() throws {
        guard geteuid() != 0 else {
            throw StartError("start as root: the service has no privilege (start it as its own user, such as 'vipns')")
        }
        let configuration = try loadConfiguration()
        let descriptor: OwnedDescriptor
        do throws(Errno) {
            descriptor = try Signals.block()
        } catch {
            throw StartError("hear signals: \(error)")
        }
        let lock = try takeLock()
        defer { extendLifetime(lock) }
        do throws(Errno) {
            try raiseDescriptorLimit()
        } catch {
            throw StartError("raise the limit of open descriptors: \(error)")
        }
        let operators = try operatorsGroup(configuration)
        let store = try openStore()
        LoggingSystem.bootstrap { _ in LineLogHandler(program: "vipnsd") }
        var logger = Logger(label: "vipnsd")
        logger.logLevel = Logger.Level(rawValue: logLevel) ?? .info
        guard let boot = try? readBootID() else {
            throw StartError("read this boot's id: /proc is not there, or hidden")
        }
        warnOfOldKernel(logger)
        let service: SessionService
        let signals: Signals
        do {
            service = try SessionService(
                configuration: configuration,
                surroundings: .init(
                    helperPath: helper, bootID: boot, operators: operators, version: programVersion,
                    configurationFile: config, collectEvery: .seconds(collect),
                    readConfiguration: { [config] in Checking.reading(config) }),
                store: store, logger: logger)
            signals = try Signals(descriptor, for: service)
        } catch {
            throw StartError("make the service's event loops: \(error)")
        }
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: signals, successTerminationBehavior: .gracefullyShutdownGroup),
                    .init(service: service, successTerminationBehavior: .gracefullyShutdownGroup),
                ],
                logger: quiet(logger)))
        defer { LogWriter.shared.flush() }
        try signals.loop.run { try await group.run() }
    }

    private func warnOfOldKernel(_ logger: Logger) {
        for feature in [KernelFeature.peerProcess, .peerNamespace] where !feature.isThere {
            logger.warning(
                "optional kernel feature missing", metadata: ["lacks": "\(feature.consequence)"])
        }
    }

    private func repairStore() throws {
        guard geteuid() != 0 else {
            throw StartError("repair as root: the store is the service's (run 'vipns repair', which becomes its user)")
        }
        let configuration = try loadConfiguration()
        let lock = try takeLock(to: "repair", " (stop it first: systemctl stop vipnsd)")
        defer { extendLifetime(lock) }
        _ = umask(0o077)
        let repairing = Repairing(
            path: "\(state)/vipns.db", helper: helper, configuration: configuration, isRehearsal: dryRun)
        try EventLoop().run { try await repairing.run() }
    }

    /// The life-cycle library tells of every step at a level that would drown what matters.
    private func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = .error
        return logger
    }

    private func loadConfiguration() throws(StartError) -> ServiceConfiguration {
        guard let configuration = Checking.read(config) else {
            throw StartError("start with configuration '\(config)' (see 'vipns check')")
        }
        return configuration
    }

    private func takeLock(to aim: String = "start", _ hint: String = "") throws(StartError) -> FileLock {
        do throws(Errno) {
            return try FileLock(path: "\(state)/lock")
        } catch .wouldBlock {
            throw StartError("\(aim): another vipnsd serves '\(state)'\(hint)")
        } catch {
            throw StartError("lock '\(state)/lock': \(error) (the directory must belong to the service's user)")
        }
    }

    private func openStore() throws(StartError) -> SQLiteLeaseStore {
        // The history tells who was where when: for the service and root alone.
        _ = umask(0o077)
        do {
            return try SQLiteLeaseStore(path: "\(state)/vipns.db")
        } catch {
            throw StartError(sentence: error.description)
        }
    }

    private func operatorsGroup(_ configuration: ServiceConfiguration) throws(StartError) -> UInt32? {
        guard let name = configuration.operators else { return nil }
        guard let group = groupNumber(named: name) else {
            throw StartError("find group '\(name)' of 'operators' in '\(config)'")
        }
        return group
    }
}

/// What keeps the service from starting, in words.
struct StartError: Error, CustomStringConvertible {
    let description: String
    init(_ operation: String) { description = "cannot \(operation)" }
    init(sentence: String) { description = sentence }
}
