import ClientAPI
import LinuxSystem
import Varlink

/// What ends a command: the line for standard error and the exit status.
struct CommandFailure: Error, Equatable {
    /// The whole line, or lines.
    let text: String
    /// The exit status.
    let status: CInt

    /// The command failed.
    static let failed: CInt = 1
    /// It may work later; EX_TEMPFAIL of sysexits.h(3head).
    static let tryAgainLater: CInt = 75

    /// A failure in our own words; `sentence` goes without the program's name.
    init(_ sentence: String, status: CInt = failed) {
        self.text = "vipns: \(sentence)"
        self.status = status
    }

    /// A message that the user sees as it is.
    init(message: String, status: CInt) {
        self.text = message
        self.status = status
    }

    /// Translates what asking the service threw; nil for errors of others.
    init?(_ error: any Error) {
        switch error {
        case let failure as CommandFailure:
            self = failure
        case let error as ServiceError:
            self.init(error)
        case let error as ServiceUnreachable:
            self.init("\(error)", status: Self.status(of: error.cause))
        case let error as VarlinkClientError:
            self.init("\(error)", status: Self.status(of: error))
        default:
            return nil
        }
    }

    private init(_ error: ServiceError) {
        switch error {
        case .poolExhausted(_, let message) where !message.isEmpty:
            self.init(message: message, status: Self.tryAgainLater)
        case .poolExhausted, .helperUnavailable:
            self.init("\(error)", status: Self.tryAgainLater)
        case .invalidConfiguration(let file, let problems):
            let lines = problems.map { "vipns: \($0.sentence(file: file))" }
            let end = "vipns: nothing is changed, the configuration in force stays"
            self.init(message: (lines + [end]).joined(separator: "\n"), status: Self.failed)
        case .sessionNotFound, .sessionAmbiguous, .poolNotFound, .permissionDenied, .openFailed, .wrongState, .failed:
            self.init("\(error)")
        }
    }

    /// A service that is not there may come; one that we may not reach stays out of reach.
    private static func status(of cause: Errno) -> CInt {
        switch cause {
        case .connectionRefused, .noSuchFile, .wouldBlock, .timedOut, .connectionReset: tryAgainLater
        default: failed
        }
    }

    private static func status(of error: VarlinkClientError) -> CInt {
        switch error {
        case .cannotConnect(_, let cause): status(of: cause)
        case .disconnected, .timedOut: tryAgainLater
        case .failed, .malformed, .reply: failed
        }
    }

    /// Writes it to standard error.
    func report() {
        if !text.isEmpty { StandardError.write(text + "\n") }
    }
}
