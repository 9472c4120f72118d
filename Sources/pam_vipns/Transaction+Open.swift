internal import CPAM

extension Transaction {
    /// The session phase: asks what the login is to be, and moves the caller there.
    func openSession() -> CInt {
        do throws(Failure) {
            let state = try LoginStateReference(in: self)
            if state.isMoved {
                debug { $0.append("the session is open already") }
                return PAM_SUCCESS
            }
            return try open(state, before: Deadline(milliseconds: TimeLimit.openMilliseconds))
        } catch {
            return goOn(without: error)
        }
    }

    private func open(_ state: LoginStateReference, before deadline: Deadline) throws(Failure) -> CInt {
        let connection = try connect(before: deadline)
        let answer = try ask("io.vipns.Login", on: connection)
        let descriptor = answer.descriptor
        let reply = try ReplyReader.read(answer.octets)
        if reply.isPoolExhausted { return deny(reply) }
        try refuseError(of: reply, to: "io.vipns.Login", isOpening: true)
        let outcome = try reply.checkedOutcome(hasDescriptor: descriptor.isThere)
        // Before the move: the C library's socket to the log would else belong to the session, and keep its network alive for
        // as long as this process lives.
        record(outcome, reply)
        if outcome.needsNamespace {
            try move(to: descriptor, outcome, reply, connection, state)
        }
        if outcome == .kept { try SessionEnvironment.set(for: reply, in: self) }
        if let message = reply.messageText() { tell(message) }
        return PAM_SUCCESS
    }

    /// Moves the caller into the namespace and says so; on failure it is back where it was.
    private func move(
        to received: borrowing Descriptor, _ outcome: LoginOutcome, _ reply: borrowing Reply,
        _ connection: borrowing Connection, _ state: LoginStateReference
    ) throws(Failure) {
        let origin = try Namespace.current()
        try Namespace.check(received, isForSession: outcome.entersSession, current: origin)
        try Namespace.enter(received.raw)
        do throws(Failure) {
            var session: UInt64?
            if outcome.entersSession, let facts = reply.session {
                try say("io.vipns.Entered", of: reply.cText(facts.id), on: connection, isOpening: true)
                try SessionEnvironment.set(for: reply, in: self)
                session = reply.packedID(facts)
            }
            state.moved(from: origin, to: session)
        } catch {
            SessionEnvironment.clear(in: self)
            try goBack(to: origin)
            if outcome.entersSession, let facts = reply.session {
                // The service may have taken the word for it, and answered too late.
                try? leave(reply.cText(facts.id), within: TimeLimit.takeBackMilliseconds)
            }
            throw error
        }
    }

    private func goBack(to origin: borrowing Descriptor) throws(Failure) {
        do throws(Failure) {
            try Namespace.enter(origin.raw)
        } catch {
            guard case .enter(let number) = error else { throw error }
            throw .stranded(number)
        }
    }

    private func deny(_ reply: borrowing Reply) -> CInt {
        tellFailure(logDenial(reply, of: "session"))
        return PAM_SESSION_ERR
    }

    /// What comes of a login that the service could not be asked about, by policy.
    private func goOn(without failure: Failure) -> CInt {
        report(failure)
        // Neither here nor there: no policy lets a login start so.
        if case .stranded = failure { return PAM_SESSION_ERR }
        switch arguments.policy {
        case .open: return PAM_SUCCESS
        case .closed:
            tellFailure(Sentence.noService.text)
            return PAM_SESSION_ERR
        }
    }

    /// One line about what came of the login.
    private func record(_ outcome: LoginOutcome, _ reply: borrowing Reply) {
        if outcome == .alone {
            debug { line in
                line.append("no rule")
                appendUser(to: &line)
                line.append(", leaving the login alone")
            }
            return
        }
        let facts = reply.session
        log(outcome == .shared ? LOG_WARNING : LOG_INFO) { line in
            switch outcome {
            case .granted, .isolated: line.append("session")
            case .kept: line.append("staying in session")
            case .shared: line.append("no address is left, going on with the host's network")
            case .host: line.append("leaving the session for the host's network")
            case .alone: break
            }
            if let facts, outcome != .shared, outcome != .host { reply.append(facts, to: &line) }
            appendUser(to: &line)
        }
    }
}

extension Reply {
    /// The outcome, once all that belongs to it is there and nothing else.
    ///
    /// - Throws: ``Failure/malformed(_:)``.
    func checkedOutcome(hasDescriptor: Bool) throws(Failure) -> LoginOutcome {
        guard let outcome else { throw .malformed("it has no outcome") }
        guard namesDescriptor == hasDescriptor, outcome.needsNamespace == hasDescriptor else {
            throw .malformed(
                hasDescriptor ? "a descriptor came with it that was not asked for" : "no descriptor came with it")
        }
        if outcome.entersSession && session == nil { throw .malformed("it has no session") }
        if outcome == .granted && session?.address == nil { throw .malformed("its session has no address") }
        return outcome
    }

    /// The eight octets of a session's id in one number.
    func packedID(_ facts: SessionFacts) -> UInt64 {
        var packed: UInt64 = 0
        var index = 0
        while index < 8 {
            packed = packed &<< 8 | UInt64(octets[facts.id.start &+ index])
            index &+= 1
        }
        return packed
    }

    /// Adds what a line says of a session: `'ID' with ADDRESS and ADDRESS from pool 'POOL'`.
    func append(_ facts: SessionFacts, to line: inout LogLine) {
        line.append(" ", quoting: cText(facts.id))
        if let address = facts.address {
            line.append(" with ")
            line.append(cText(address))
            if let paired = facts.pairedAddress {
                line.append(" and ")
                line.append(cText(paired))
            }
        } else {
            line.append(" without an address")
        }
        line.append(" from pool ", quoting: cText(facts.pool))
    }
}
