internal import CPAM

/// One call of the module: the caller's PAM handle, and what the configuration says.
///
/// Sound: libpam keeps the handle and all items for as long as the call lasts, and the value does not outlive it.
@safe struct Transaction {
    let handle: OpaquePointer
    /// Whether the caller wants nothing told to the user.
    let isSilent: Bool
    let arguments: Arguments

    /// Reads the arguments, and logs those that are not understood.
    init(handle: OpaquePointer, flags: CInt, count: CInt, arguments: ArgumentVector?) {
        unsafe self.handle = handle
        isSilent = UInt32(bitPattern: flags) & UInt32(PAM_SILENT) != 0
        self.arguments = unsafe Arguments(count: count, arguments) { argument in
            unsafe Self.log(handle, LOG_ERR) { $0.append("unknown argument ", quoting: argument) }
        }
    }

    /// An item of the transaction; nil where it is missing or empty; pam_get_item(3).
    func item(_ kind: CInt) -> CText? {
        var value: UnsafeRawPointer?
        guard unsafe pam_get_item(handle, kind, &value) == PAM_SUCCESS, let value = unsafe value else { return nil }
        let text = unsafe CText(borrowing: value.assumingMemoryBound(to: CChar.self))
        return text[0] == 0 ? nil : text
    }

    /// Writes a line to the log of authentications; pam_syslog(3).
    func log(_ priority: CInt, _ compose: (inout LogLine) -> Void) {
        unsafe Self.log(handle, priority, compose)
    }

    /// Writes a line that only the argument `debug` asks for.
    func debug(_ compose: (inout LogLine) -> Void) {
        if arguments.isDebug { log(LOG_DEBUG, compose) }
    }

    private static func log(_ handle: OpaquePointer, _ priority: CInt, _ compose: (inout LogLine) -> Void) {
        // Without memory there is nothing left to say it with.
        guard var line = try? LogLine() else { return }
        compose(&line)
        unsafe vipns_pam_log(handle, priority, line.cText.pointer)
    }

    /// Tells the user, as an error: misc_conv writes other texts to standard output, where `su -c` has its data.
    func tell(_ text: CText) {
        if !isSilent { _ = unsafe vipns_pam_error(handle, text.pointer) }
    }

    /// Tells the user why the login fails now.
    ///
    /// Under sshd nothing: it prints the text of a failing session to the standard output of what was to run, which may be
    /// sftp. There the account phase has told already.
    func tellFailure(_ text: CText) {
        if let terminal = item(PAM_TTY), terminal.equals("ssh") { return }
        tell(text)
    }

    /// Logs why the service could not be used, and what comes of it by policy.
    func report(_ failure: Failure) {
        // An error that the service reported has its own line.
        if case .refused = failure { return }
        log(LOG_ERR) { line in
            failure.describe(socket: arguments.socketPath, on: &line)
            if case .stranded = failure { return line.append(", refusing the login") }
            appendConsequence(to: &line)
        }
    }

    /// Says what comes of a failure by policy.
    func appendConsequence(to line: inout LogLine) {
        switch arguments.policy {
        case .open: line.append(", going on without a session")
        case .closed: line.append(", refusing the login")
        }
    }

    /// Logs that no address is left for what is asked; gives the sentence for the user, valid as long as the reply is.
    func logDenial(_ reply: borrowing Reply, of what: Literal) -> CText {
        let sentence = reply.messageText() ?? Sentence.noAddress.text
        log(LOG_NOTICE) { line in
            line.append("refusing the ")
            line.append(what)
            appendUser(to: &line)
            line.append(": ")
            line.append(sentence)
        }
        return sentence
    }

    /// Adds the user's name in quotes.
    func appendUser(to line: inout LogLine) {
        if let user = item(PAM_USER) { line.append(" for user ", quoting: user) }
    }
}

/// What users are told in the module's own words.
enum Sentence {
    /// Nothing.
    static var empty: Literal { "" }
    /// The service cannot be used, and `fail=closed` refuses the login.
    static var noService: Literal {
        "The session service does not answer, please contact your administrator."
    }
    /// No address is left, for a service that did not say it itself.
    static var noAddress: Literal {
        "No virtual IP address is available for this session, please contact your administrator."
    }
}
