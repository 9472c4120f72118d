internal import CPAM

/// Why there is no session for a login, other than that the service said so.
enum Failure: Error {
    /// No memory, for one of the few pieces that are needed.
    case noMemory
    /// The request cannot be written; the reason.
    case request(Literal)
    /// The socket cannot be connected; the errno.
    case connect(CInt)
    /// No whole answer came; the errno.
    case answer(CInt)
    /// An answer came that is none; the reason.
    case malformed(Literal)
    /// The descriptor that came is not one to enter; the reason.
    case namespace(Literal)
    /// The caller could not be moved; the errno.
    case enter(CInt)
    /// The service reported an error, which has been logged.
    case refused
    /// The caller could be moved neither on nor back; the errno.
    case stranded(CInt)

    /// The sentence for the log.
    func describe(socket: CText, on line: inout LogLine) {
        switch self {
        case .noMemory: line.append("cannot ask the session service: no memory")
        case .request(let reason):
            line.append("cannot ask the session service: ")
            line.append(reason)
        case .connect(let error):
            line.append("cannot reach the session service at ", quoting: socket)
            line.append(error: error)
            line.append(" (is vipnsd running?)")
        case .answer(let error):
            line.append("cannot get an answer from the session service at ", quoting: socket)
            line.append(error: error)
        case .malformed(let reason):
            line.append("cannot use the answer of the session service at ", quoting: socket)
            line.append(": ")
            line.append(reason)
        case .namespace(let reason):
            line.append("cannot enter the network namespace that the session service sent: ")
            line.append(reason)
        case .enter(let error):
            line.append("cannot enter the network namespace that the session service sent")
            line.append(error: error)
        case .refused: line.append("the session service refused")
        case .stranded(let error):
            line.append("cannot return to the network namespace that the login came from")
            line.append(error: error)
        }
    }
}
