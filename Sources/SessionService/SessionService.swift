// Theory of operation
//
// The service decides and keeps; it has no privilege. One actor owns all sessions. For each there is a SessionPlan: every
// event (an answer of the helper or the store, a leader's end, a caller's wish, a timer) goes into the plan, and the actions
// that come out are performed in order (SessionService+Actions). An action that is answered runs as a task whose end is
// the next event. Nothing else changes a session, so the order of the plan's actions is the order of what happens.

internal import Addressing
internal import ClientAPI
internal import HelperChannel
public import Leasing
public import LinuxSystem
public import Logging
public import ServiceConfiguration
internal import SessionPlan
internal import Synchronization
internal import Varlink

/// The session service: pools, leases and sessions of one host.
public actor SessionService {
    /// Where the service finds its surroundings.
    public struct Surroundings: Sendable {
        /// The helper's socket.
        public var helperPath: String
        /// The running boot.
        public var bootID: String
        /// The group that may list and close all sessions, until a reload.
        public var operators: UInt32?
        /// The program's version, for introspection.
        public var version: String
        /// The configuration's path.
        public var configurationFile: String
        /// How often the collector looks; it frees what it has suspected for twice that time.
        public var collectEvery: Duration
        /// Who started the service, and is told how it fares.
        public var manager: ServiceManager
        /// Reads the configuration again; blocks.
        public var readConfiguration: @Sendable () -> ConfigurationReading

        /// Puts the facts together.
        public init(
            helperPath: String, bootID: String, operators: UInt32?, version: String, configurationFile: String,
            collectEvery: Duration = .seconds(30), manager: ServiceManager = ServiceManager(),
            readConfiguration: @escaping @Sendable () -> ConfigurationReading
        ) {
            self.helperPath = helperPath
            self.bootID = bootID
            self.operators = operators
            self.version = version
            self.configurationFile = configurationFile
            self.collectEvery = collectEvery
            self.manager = manager
            self.readConfiguration = readConfiguration
        }
    }

    /// Everything of the service but the store's disk happens here, one thing after the other.
    nonisolated let loop: EventLoop
    /// The actor's executor.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }
    let surroundings: Surroundings
    let store: any LeaseStore
    let logger: Logger
    var pools: [String: PoolState] = [:]
    var poolOrder: [String]
    var loginRules: LoginRules
    /// The group that may list and close all sessions.
    nonisolated let operators: Mutex<UInt32?>
    /// Counts the configurations that were in force.
    var configurationNumber = 0
    /// Whether what was stored is taken up: before that, all that lives looks unknown.
    var isAdopted = false
    /// Whether clients are served.
    var isServing = false
    /// Of the allowance that belongs to the configuration in force.
    var allowanceChecksum: UInt64
    /// Counts what may change the helper's allowance.
    var allowanceRound = 0
    /// Whether the helper allows what is granted here, for all that is known.
    var isHelperInSync = true
    /// The end of the last reload.
    var lastReload: Task<Void, Never>?
    /// Addresses of ended sessions whose rows are being deleted.
    var addressesBeingReleased: [SessionID: [IPAddress]] = [:]
    /// Addresses of no pool whose last use has ended, oldest end first.
    var releasedElsewhere: [IPAddress] = []
    /// The most addresses that were not free at one time today, of each pool.
    var peaks: [String: (day: Int64, addresses: Int)] = [:]
    /// How long history is kept after a session's end; nil for ever.
    var historyKeep: Duration?
    var sessions: [SessionID: LiveSession] = [:]
    var idsByNumber: [UInt32: SessionID] = [:]
    var lastNumber: UInt32 = StoredState.numberBeforeFirst
    var lastLeader: UInt64 = 0
    var lastCloser: UInt64 = 0
    var lastTimer: UInt64 = 0
    /// Writes that the store has not answered.
    var pendingWrites = 0
    /// The last writing of a refusal.
    var lastRefusal: Task<Bool, Never>?
    var helper: HelperConnection?
    var server: VarlinkServer?
    var lookups = AccountLookups()
    let watchers = EventFan()
    var scans = MemberScans()
    var care = Care()
    var collector = Collector()
    /// Sessions whose holders are to be found.
    var holdersToFind: [LiveSession] = []
    var isFindingHolders = false
    var looks = ParentLinkLooks()

    /// Makes the service; ``run()`` starts it.
    ///
    /// - Throws: the errno where there are no descriptors, no memory or no thread for its loop.
    public init(
        configuration: ServiceConfiguration, surroundings: Surroundings, store: any LeaseStore, logger: Logger
    ) throws {
        self.loop = try EventLoop()
        self.surroundings = surroundings
        self.store = store
        self.logger = logger
        self.poolOrder = configuration.pools.map(\.name)
        self.loginRules = configuration.loginRules
        self.operators = Mutex(surroundings.operators)
        self.allowanceChecksum = configuration.allowanceChecksum
        self.historyKeep = configuration.historyKeep
        for pool in configuration.pools {
            let allocator = PoolAllocator(pool: pool, inUse: [], released: [])
            pools[pool.name] = PoolState(pool: pool, allocator: allocator)
        }
    }

    /// Feeds one event to a session's plan and performs what comes of it; ignored once the session has ended.
    func handle(_ event: PlanEvent, _ id: SessionID) {
        guard let live = sessions[id] else { return }
        advance(live, "\(event)") { $0.handle(event) }
        // The plan has nobody to tell; what waits for an answer here must go on all the same.
        if event == .openerGone { refuse(live, .closed) }
    }

    /// Moves a session's plan and performs what comes of it; each step is logged at level `debug`.
    func advance(
        _ live: LiveSession, _ event: @autoclosure () -> String, _ move: (inout SessionPlan) -> [SessionAction]
    ) {
        let state = live.plan.state
        let actions = move(&live.plan)
        if logger.logLevel <= .debug {
            let metadata: Logger.Metadata = [
                "event": "\(event())", "from": "\(state)", "to": "\(live.plan.state)",
                "actions": "\(actions.map { "\($0)" }.joined(separator: ", "))",
            ]
            logger(for: live).debug("step", metadata: metadata)
        }
        perform(actions, live)
    }

    /// Takes something from the loop into the actor, after what waits there already.
    ///
    /// By a task, so that it has its turn among those that perform actions.
    nonisolated func enter(_ body: @escaping @Sendable (isolated SessionService) -> Void) {
        Task(executorPreference: loop) { await self.run(body) }
    }

    private func run(_ body: @Sendable (isolated SessionService) -> Void) { body(self) }

    /// Who is at the other end of a connection.
    nonisolated func caller(_ connection: VarlinkConnection) -> Caller {
        Caller(connection, operators: operators.withLock { $0 })
    }

    /// The session that a caller means: by id, by a unique beginning of it, or by address.
    ///
    /// - Throws: ``ServiceError/sessionNotFound(session:)``, ``ServiceError/sessionAmbiguous(session:matches:)``.
    func find(_ name: String, for caller: Caller) throws(ServiceError) -> LiveSession {
        // Programs name sessions whole, and need not wait for a search.
        if let live = SessionID(name).flatMap({ sessions[$0] }), caller.maySee(live.lease) { return live }
        let address = IPAddress(name)
        let matches = sessions.values.filter { live in
            let isMeant =
                address.map { live.lease.addresses.map(\.address).contains($0) }
                ?? live.lease.session.description.hasPrefix(name)
            return isMeant && caller.maySee(live.lease)
        }
        guard !name.isEmpty, let first = matches.first else { throw .sessionNotFound(session: name) }
        if matches.count == 1 { return first }
        throw .sessionAmbiguous(session: name, matches: matches.map(\.lease.session.description).sorted())
    }

    /// A logger whose lines all carry the session, and what people look for it by.
    func logger(for live: LiveSession) -> Logger {
        var logger = logger
        logger[metadataKey: "session"] = "\(live.lease.session)"
        logger[metadataKey: "pool"] = "\(live.lease.pool)"
        logger[metadataKey: "user"] = "\(live.lease.user)"
        if let address = live.lease.address { logger[metadataKey: "address"] = "\(address)" }
        if let address = live.lease.pairedAddress { logger[metadataKey: "pairedAddress"] = "\(address)" }
        return logger
    }
}
