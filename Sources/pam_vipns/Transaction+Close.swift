internal import CPAM

extension Transaction {
    /// The end: moves the caller back, then leaves the session, so that the word comes from outside of it.
    ///
    /// A login that was left where it stood has nothing to undo, and a second close neither.
    func closeSession() -> CInt {
        guard let state = LoginStateReference(existingIn: self), state.isMoved else { return PAM_SUCCESS }
        let session = state.session
        let origin = state.takeOrigin()
        returnTo(origin)
        SessionEnvironment.clear(in: self)
        guard let session else { return PAM_SUCCESS }
        do throws(Failure) {
            var id = try OctetBuffer(capacity: 8)
            id.appendUnpacked(session)
            try leave(id.cText, within: TimeLimit.closeMilliseconds)
        } catch .refused {
            return PAM_SUCCESS
        } catch {
            log(LOG_WARNING) { line in
                error.describe(socket: arguments.socketPath, on: &line)
                line.append(", the session ends with its last process")
            }
        }
        return PAM_SUCCESS
    }

    /// Says that the caller leads that session no more.
    ///
    /// - Throws: as ``say(_:of:on:isOpening:)``.
    func leave(_ session: CText, within milliseconds: Int64) throws(Failure) {
        let connection = try connect(before: Deadline(milliseconds: milliseconds))
        try say("io.vipns.Leave", of: session, on: connection, isOpening: false)
        debug { $0.append("left session ", quoting: session) }
    }

    private func returnTo(_ origin: borrowing Descriptor) {
        guard origin.isThere else {
            log(LOG_ERR) { $0.append("cannot return to the network namespace that the login came from: it was closed") }
            return
        }
        do throws(Failure) {
            try Namespace.enter(origin.raw)
        } catch {
            log(LOG_ERR) { line in
                line.append("cannot return to the network namespace that the login came from")
                if case .enter(let number) = error { line.append(error: number) }
            }
        }
    }
}

extension OctetBuffer {
    /// Adds the eight octets that were packed into a number.
    mutating func appendUnpacked(_ packed: UInt64) {
        var shift: UInt64 = 64
        while shift > 0 {
            shift &-= 8
            append(UInt8(truncatingIfNeeded: packed &>> shift))
        }
    }
}
