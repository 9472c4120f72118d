internal import CPAM

extension Transaction {
    /// The account phase: refuses a login for which no address is left, before anything is shown or started.
    ///
    /// Never PAM_SUCCESS: with the control `sufficient` that would pass over other modules' objections.
    /// Only root logs anybody in: a screen locker that runs as its user is not held up.
    func checkAccount() -> CInt {
        guard geteuid() == 0 else { return PAM_IGNORE }
        let deadline = Deadline(milliseconds: TimeLimit.accountMilliseconds)
        do throws(Failure) {
            let connection = try connect(before: deadline)
            let reply = try ask("io.vipns.CheckLogin", on: connection).readWithoutDescriptor()
            if reply.isPoolExhausted { return deny(reply) }
            try refuseError(of: reply, to: "io.vipns.CheckLogin", isOpening: true)
            debug { line in
                line.append("no objection")
                appendUser(to: &line)
            }
            return PAM_IGNORE
        } catch {
            return unchecked(error)
        }
    }

    private func deny(_ reply: borrowing Reply) -> CInt {
        tell(logDenial(reply, of: "login"))
        return PAM_PERM_DENIED
    }

    /// What comes of a service that does not answer, or does not know the question, by policy.
    private func unchecked(_ failure: Failure) -> CInt {
        report(failure)
        switch arguments.policy {
        case .open: return PAM_IGNORE
        case .closed:
            tell(Sentence.noService.text)
            return PAM_PERM_DENIED
        }
    }
}

extension Reply {
    /// Whether the service refuses the login because no address is left.
    var isPoolExhausted: Bool {
        guard let error else { return false }
        return octets.matches(error, "io.vipns.PoolExhausted")
    }
}
