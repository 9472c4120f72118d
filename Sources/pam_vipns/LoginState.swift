internal import CPAM

/// What is kept between the opening of a session and its close.
///
/// Stored in memory of its own that the PAM handle owns (pam_set_data(3)): written by the session phase's two calls, freed
/// by libpam with the handle. A copy of the process has a copy of it, and closes its own copy of the descriptor.
struct LoginState {
    /// Whether the caller has been moved by this module, and not moved back.
    private(set) var isMoved = false
    /// The eight octets of the session's id; nil where the caller left a session for the host's network.
    private(set) var session: UInt64?
    /// The namespace that the caller came from.
    private var origin: CInt = -1
    /// What it was when it was opened, since callers close descriptors that they do not know.
    private var originIdentity: FileIdentity?

    /// Remembers a move from `origin`, which is a namespace's descriptor.
    mutating func moved(from origin: consuming Descriptor, to session: UInt64?) {
        originIdentity = origin.identity
        self.origin = origin.relinquish()
        self.session = session
        isMoved = true
    }

    /// Gives the descriptor of the namespace that the caller came from, or none where somebody closed it, and forgets all.
    mutating func takeOrigin() -> Descriptor {
        let isOurs = origin >= 0 && originIdentity != nil && FileIdentity(descriptor: origin) == originIdentity
        let descriptor = Descriptor(adopting: isOurs ? origin : -1)
        self = LoginState()
        return descriptor
    }
}

/// Gives access to the ``LoginState`` that a PAM handle owns.
///
/// Sound: one call works on a handle at a time (pam(3)), and the memory lives as long as the handle.
@safe struct LoginStateReference {
    private let state: UnsafeMutablePointer<LoginState>

    private static var name: Literal { "vipns_login" }

    /// The state of an earlier call; nil where there was none.
    init?(existingIn transaction: Transaction) {
        var data: UnsafeRawPointer?
        guard unsafe pam_get_data(transaction.handle, Self.name.text.pointer, &data) == PAM_SUCCESS,
            let data = unsafe data
        else { return nil }
        unsafe state = UnsafeMutableRawPointer(mutating: data).assumingMemoryBound(to: LoginState.self)
    }

    /// The state of an earlier call, or a new one.
    ///
    /// - Throws: ``Failure/noMemory``.
    init(in transaction: Transaction) throws(Failure) {
        if let existing = LoginStateReference(existingIn: transaction) {
            self = existing
            return
        }
        guard let memory = unsafe malloc(MemoryLayout<LoginState>.size) else { throw .noMemory }
        unsafe state = memory.assumingMemoryBound(to: LoginState.self)
        unsafe state.initialize(to: LoginState())
        let status = unsafe pam_set_data(transaction.handle, Self.name.text.pointer, memory) { _, memory, _ in
            guard let memory = unsafe memory else { return }
            // Closes the descriptor where it is still ours. The session is left when the process ends.
            _ = unsafe memory.assumingMemoryBound(to: LoginState.self).pointee.takeOrigin()
            unsafe free(memory)
        }
        guard status == PAM_SUCCESS else {
            unsafe free(memory)
            throw .noMemory
        }
    }

    /// Whether the caller has been moved by this module, and not moved back.
    var isMoved: Bool { unsafe state.pointee.isMoved }

    /// The session that the caller was moved into; nil where it left one for the host's network.
    var session: UInt64? { unsafe state.pointee.session }

    /// ``LoginState/moved(from:to:)``.
    func moved(from origin: consuming Descriptor, to session: UInt64?) {
        unsafe state.pointee.moved(from: origin, to: session)
    }

    /// ``LoginState/takeOrigin()``.
    func takeOrigin() -> Descriptor { unsafe state.pointee.takeOrigin() }
}
