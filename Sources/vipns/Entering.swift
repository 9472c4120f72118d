import ClientAPI
import Glibc
import LinuxSystem
import Varlink

/// What `vipns enter` does, once its command line is read.
struct Entering: Equatable {
    /// The socket of the service.
    var socket = VipnsClient.defaultPath
    /// The pool; the first where nil.
    var pool: String?
    /// Whom to become; who called sudo, or root, where nil.
    var user: String?
    /// How many of the process's arguments, counted from the end, are the command.
    var trailingArguments = 0

    /// Reads the plain command lines, which a login pays for: options with their values, then the command.
    ///
    /// The argument parser takes about two milliseconds for that, a third of the whole start. Whatever is not plain
    /// gives nil and is the parser's; so are all messages and help.
    init?(plain arguments: [String]) {
        guard arguments.first == "enter" else { return nil }
        var rest = arguments.dropFirst()
        while let word = rest.first, word.hasPrefix("-"), word != "--" {
            guard let value = rest.dropFirst().first, !value.hasPrefix("-") else { return nil }
            switch word {
            case "--socket": socket = value
            case "--pool": pool = value
            case "--user": user = value
            default: return nil
            }
            rest = rest.dropFirst(2)
        }
        trailingArguments = rest.first == "--" ? rest.count - 1 : rest.count
    }

    /// Puts together what the argument parser read.
    init(socket: String, pool: String?, user: String?, trailingArguments: Int) {
        self.socket = socket
        self.pool = pool
        self.user = user
        self.trailingArguments = trailingArguments
    }

    /// Opens the session and becomes the command; never returns.
    func run() throws -> Never {
        try Caller.requireRoot(to: "enter a session", verb: "enter")
        // Names are looked up before the namespace is entered: the account database may be on the network.
        let person = try Person(account: Caller.account(named: user))
        let caller = Account(uid: getuid())
        let session = try open(for: person)
        throw Become(person: person, caller: caller, session: session, trailingArguments: trailingArguments).run()
    }

    /// Opens the session and moves this process in; nil where the host's network is shared.
    private func open(for person: Person) throws -> Session? {
        let client = try VipnsClient(path: socket)
        let answer = try client.open(mode: .enter, user: person.account.name, pool: pool, service: "vipns")
        let reply = answer.parameters
        if let message = reply.message { StandardError.write(printable(message) + "\n") }
        switch reply.outcome {
        case .shared:
            return nil
        case .granted, .isolated:
            guard let session = reply.session else {
                throw CommandFailure("cannot enter a session: the service named none")
            }
            try Namespace.enter(answer.takeDescriptor(), of: session)
            try client.entered(session: session.id)
            return session
        }
    }
}

/// The way into a session's network namespace.
enum Namespace {
    /// Checks what came and moves this process in for good; the descriptor is closed.
    static func enter(_ descriptor: consuming OwnedDescriptor?, of session: Session) throws(CommandFailure) {
        guard let descriptor else {
            throw CommandFailure("cannot enter session '\(session.id)': the service sent no network namespace")
        }
        do throws(Errno) {
            try NetworkNamespace(received: descriptor).enter()
        } catch .invalidArgument {
            throw CommandFailure(
                "cannot enter session '\(session.id)': what the service sent is not a network namespace of this host, "
                    + "or the one that vipns is in")
        } catch {
            throw CommandFailure("cannot enter session '\(session.id)': \(error)")
        }
    }
}
