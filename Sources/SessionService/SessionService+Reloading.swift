internal import Addressing
internal import ClientAPI
internal import Glibc
internal import HelperChannel
internal import Leasing
internal import LinuxSystem
internal import Logging
internal import ServiceConfiguration
internal import Synchronization

/// Taking up a change of the configuration while sessions live; docs/decisions/0015.
///
/// The helper comes first: it allows the new addresses beside the old ones. Then the service changes over, in one step
/// without a wait. The old addresses are allowed until no session is being opened with one of them any more. What can
/// fail, fails before that step, so the configuration in force is always one whole file.
extension SessionService {
    /// How many problems are told.
    private static let mostProblems = 1000

    /// A configuration that may be taken up.
    private struct Loaded: Sendable {
        let configuration: ServiceConfiguration
        let operators: UInt32?
        let warnings: [Problem]
    }

    /// Takes up the configuration as its file has it now, and tells the log what came of it; for SIGHUP.
    public func reload() async {
        do throws(ServiceError) {
            try await reloadAndLog()
        } catch {
            guard case .invalidConfiguration(let file, let problems) = error else {
                return logger.error("cannot reload, the old configuration stays", metadata: ["error": "\(error)"])
            }
            for problem in problems { logger.error("\(problem.sentence(file: file))") }
            logger.error("cannot reload, the old configuration stays")
        }
    }

    private func reloadAndLog() async throws(ServiceError) {
        for warning in try await takeUp() {
            logger.warning("\(warning.sentence(file: surroundings.configurationFile))")
        }
    }

    /// The same for a client; root only.
    func reload(for caller: Caller) async throws(ServiceError) -> Method.Reload.Reply {
        guard caller.isRoot else { throw .permissionDenied(text: "only root reloads the configuration") }
        return Method.Reload.Reply(file: surroundings.configurationFile, warnings: try await takeUp())
    }

    /// Makes sure that a helper that was just connected allows what is granted here.
    ///
    /// One that was started anew has read the file as it is now, which may be later than what is in force here. Then
    /// there is only one way to be of one mind; where that fails, every audit tries it again, and tells.
    /// - Throws: where there is no helper any more.
    func agreeWithHelper() async throws(HelperFailure) {
        isHelperInSync = true
        do throws(HelperFailure) {
            try await settle()
        } catch {
            guard error.errno == ESTALE else { throw error }
            logger.warning("vipns-helper has read another configuration, reading it again")
            isHelperInSync = false
            _ = await agreeAgain()
        }
    }

    /// Reads the configuration again where the helper is not of one mind with us.
    ///
    /// - Returns: why it still is not, for an alarm.
    func agreeAgain() async -> String? {
        if isHelperInSync { return nil }
        do throws(ServiceError) {
            try await reloadAndLog()
            return nil
        } catch {
            return "vipns-helper has read another configuration than is in force, sessions may be refused: \(error)"
        }
    }

    /// One after the other: each is all or nothing for itself.
    private func takeUp() async throws(ServiceError) -> [Problem] {
        let former = lastReload
        let task = Task(executorPreference: loop) {
            await former?.value
            return await self.attempt()
        }
        lastReload = Task(executorPreference: loop) { _ = await task.value }
        return try await task.value.get()
    }

    private func attempt() async -> Result<[Problem], ServiceError> {
        // What the helper reads may be a later file than what was read here: then once more.
        for _ in 0..<3 {
            do throws(ServiceError) {
                let loaded = try await load()
                guard try await change(to: loaded) else { continue }
                return .success(loaded.warnings)
            } catch {
                return .failure(error)
            }
        }
        return .failure(
            .failed(
                text: "cannot reload: vipns-helper reads another configuration "
                    + "(is the file being changed, or does its --config name another one?)"))
    }

    /// Has the helper allow the new addresses and changes over; no where it has read another file.
    private func change(to loaded: Loaded) async throws(ServiceError) -> Bool {
        // From here on the helper may have changed its mind, whatever is heard of it.
        allowanceRound += 1
        defer { settleSoon() }
        do throws(HelperFailure) {
            _ = try await ask(.reload(checksum: loaded.configuration.allowanceChecksum))
        } catch {
            if error.errno == EAGAIN { return false }
            throw error.isAboutHelper
                ? .helperUnavailable(text: error.description) : .failed(text: error.description)
        }
        isHelperInSync = true
        apply(loaded.configuration)
        operators.withLock { $0 = loaded.operators }
        logger.info("configuration taken up", metadata: ["pools": "\(poolOrder.joined(separator: ","))"])
        return true
    }

    /// Changes over to a configuration, without a wait.
    ///
    /// Sessions stay as they are. Addresses in use are in use in whatever pool they are now, and rest as long as their
    /// session's pool said; those of no pool any more are not given again.
    private func apply(_ configuration: ServiceConfiguration) {
        let inUse = sessions.values.map { $0.lease.addresses.map(\.address) } + addressesBeingReleased.values
        let released = releasedElsewhere + poolOrder.flatMap { pools[$0]?.allocator.released ?? [] }
        configurationNumber += 1
        allowanceChecksum = configuration.allowanceChecksum
        loginRules = configuration.loginRules
        historyKeep = configuration.historyKeep
        poolOrder = configuration.pools.map(\.name)
        pools = [:]
        for pool in configuration.pools {
            let allocator = PoolAllocator(pool: pool, inUse: inUse, released: released)
            pools[pool.name] = PoolState(pool: pool, allocator: allocator)
        }
        keepElsewhere(released)
    }

    /// Remembers the order of release of addresses that are of no pool now: they may be of one again.
    func keepElsewhere(_ released: [IPAddress]) {
        releasedElsewhere = released.filter { !isOfSomePool($0) }
    }

    func isOfSomePool(_ address: IPAddress) -> Bool { pools.values.contains { $0.allocator.contains(address) } }

    private func settleSoon() {
        let round = allowanceRound
        Task.immediate(executorPreference: loop) {
            do throws(HelperFailure) {
                try await self.settle { round == self.allowanceRound }
            } catch {
                // The next reload and the next connection ask again; until then more is allowed than need be.
                self.logger.info("vipns-helper still allows the former addresses", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Has the helper forget former allowances, once no session that may need one is being opened.
    private func settle(where isMeant: () -> Bool = { true }) async throws(HelperFailure) {
        for live in sessions.values where live.opener != nil {
            await withCheckedContinuation { live.followers.append($0) }
        }
        guard isMeant() else { return }
        _ = try await ask(.settle(checksum: allowanceChecksum))
    }

    /// Reads the file where it holds up nobody.
    private func load() async throws(ServiceError) -> Loaded {
        let file = surroundings.configurationFile
        let loaded = await onDetachedThread { [surroundings] in
            let reading = surroundings.readConfiguration()
            let group = reading.configuration?.operators
            return (reading, group, group.flatMap(groupNumber))
        }
        guard let (reading, group, number) = loaded else {
            throw .failed(text: "cannot read '\(file)': no thread for it")
        }
        var problems = reading.problems.map(Problem.init)
        if let group, number == nil {
            let text = "'operators' of '\(file)': there is no group '\(group)'"
            // First, where what is about the whole file stands.
            problems.insert(Problem(severity: .error, line: 0, column: 0, text: text), at: 0)
        }
        if problems.count > Self.mostProblems {
            let text = "there are \(problems.count - Self.mostProblems + 1) more problems"
            problems.removeSubrange((Self.mostProblems - 1)...)
            let severity: Problem.Severity = reading.configuration == nil ? .error : .warning
            problems.append(Problem(severity: severity, line: 0, column: 0, text: text))
        }
        guard let configuration = reading.configuration, group == nil || number != nil else {
            throw .invalidConfiguration(file: file, problems: problems)
        }
        return Loaded(configuration: configuration, operators: number, warnings: problems)
    }
}

extension Problem {
    fileprivate init(_ problem: ConfigurationProblem) {
        self.init(
            severity: problem.severity == .error ? .error : .warning, line: problem.line, column: problem.column,
            text: problem.text)
    }
}

extension ServiceConfiguration {
    /// By which service and helper tell that they speak of the same.
    var allowanceChecksum: UInt64 { HelperProtocol.checksum(of: allowanceText.utf8) }
}
