internal import CPAM

extension Transaction {
    /// Connects to the service.
    ///
    /// - Throws: ``Failure/connect(_:)``.
    func connect(before deadline: Deadline) throws(Failure) -> Connection {
        try Connection(to: arguments.socketPath, before: deadline)
    }

    /// Asks what is to become of this login: the method is Login or CheckLogin.
    ///
    /// - Throws: ``Failure/request(_:)``, ``Failure/answer(_:)``, ``Failure/malformed(_:)``, ``Failure/noMemory``.
    func ask(_ method: Literal, on connection: borrowing Connection) throws(Failure) -> Answer {
        var request = try RequestWriter(method: method)
        guard let user = item(PAM_USER) else { throw .request("the login has no user name") }
        // A name that had to be changed would be another user's.
        guard request.add("user", user) else { throw .request("the user name is no UTF-8, or too long") }
        request.add("service", item(PAM_SERVICE) ?? Sentence.empty.text)
        request.add("tty", item(PAM_TTY))
        request.add("remoteHost", item(PAM_RHOST))
        return try connection.call(request.finish())
    }

    /// Says something about a session: the method is Entered or Leave.
    ///
    /// - Throws: as ``ask(_:on:)``, and ``Failure/refused``.
    func say(
        _ method: Literal, of session: CText, on connection: borrowing Connection, isOpening: Bool
    ) throws(Failure) {
        var request = try RequestWriter(method: method)
        request.add("session", session)
        let reply = try connection.call(request.finish()).readWithoutDescriptor()
        try refuseError(of: reply, to: method, isOpening: isOpening)
    }

    /// Logs the error that the service reported, if it did; where the session is opening, with what comes of it.
    ///
    /// - Throws: ``Failure/refused``.
    func refuseError(of reply: borrowing Reply, to method: Literal, isOpening: Bool) throws(Failure) {
        guard let error = reply.error else { return }
        let name = reply.cText(error)
        let text = reply.text.map { reply.cText($0) }
        log(LOG_ERR) { line in
            line.append("the session service refused ")
            line.append(method)
            line.append(": ", quoting: name)
            if let text = text {
                line.append(": ")
                line.append(text)
            }
            if isOpening { appendConsequence(to: &line) }
        }
        throw .refused
    }
}
