internal import Addressing
internal import ClientAPI
internal import HelperChannel
internal import Leasing
internal import LinuxSystem
internal import SessionPlan
internal import Varlink

extension SessionService {
    /// Longest that a caller of close waits for the kernel; then it is told how far the session is.
    private static let patience = Duration.seconds(10)

    /// Ends a session, or tells that the caller is leaving it.
    func close(
        _ parameters: Method.Close.Parameters, connection: VarlinkConnection
    ) async throws(ServiceError) -> Session {
        let caller = caller(connection)
        let live = try find(parameters.session, for: caller)
        let id = live.lease.session
        let leftovers: LeftoversPolicy? = parameters.leftovers.map { $0 == .wait ? .wait : .kill }
        guard leftovers != .wait || live.plan.leftovers == .wait || caller.isRoot || caller.isOperator else {
            throw .permissionDenied(text: "the pool kills what is left; only root and operators may let it wait")
        }
        if let cookie = live.plan.cookie, connection.peerNamespaceCookie == cookie {
            // The answer first: the end drops the service's connections that belong to the namespace, this one too.
            Task { self.handle(.closeAsked(leftovers, from: .inside), id) }
            return Session(live)
        }
        await waitForClose(live) { self.handle(.closeAsked(leftovers, from: .outside), id) }
        return Session(live)
    }

    /// Waits until the plan settles those who wait, or patience ends.
    private func waitForClose(_ live: LiveSession, _ ask: () -> Void) async {
        lastCloser += 1
        let number = lastCloser
        let id = live.lease.session
        loop.perform(after: Self.patience) { [weak self] in
            self?.enter { $0.sessions[id]?.closers.removeValue(forKey: number)?.resume() }
        }
        await withCheckedContinuation { closer in
            live.closers[number] = closer
            ask()
        }
    }

    /// The namespace of a living session, to run something more in it.
    func join(_ name: String, connection: VarlinkConnection) async throws -> VarlinkReply {
        let caller = caller(connection)
        guard caller.isRoot else { throw ServiceError.permissionDenied(text: "only root joins sessions") }
        let live = try find(name, for: caller)
        guard live.plan.state == .active else {
            throw ServiceError.wrongState(session: live.lease.session.description, state: Session(live).state)
        }
        let namespace = try namespace(in: try await namespace(of: live))
        return try VarlinkReply(Method.Join.Reply(session: Session(live), namespace: 0), passing: namespace)
    }

    func namespace(of live: LiveSession) async throws(ServiceError) -> DescriptorBox {
        do throws(HelperFailure) {
            guard let box = try await ask(.join(live.lease.session)).descriptor else { throw .helperLost }
            return box
        } catch {
            throw error.isAboutHelper
                ? .helperUnavailable(text: error.description) : .failed(text: error.description)
        }
    }
}
