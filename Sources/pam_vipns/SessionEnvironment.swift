internal import CPAM

/// The environment variables that a login finds in its session; pam_putenv(3).
enum SessionEnvironment {
    private static var session: Literal { "VIPNS_SESSION" }
    private static var pool: Literal { "VIPNS_POOL" }
    private static var address: Literal { "VIPNS_ADDRESS" }
    private static var pairedAddress: Literal { "VIPNS_PAIRED_ADDRESS" }
    private static var clientAddress: Literal { "VIPNS_CLIENT_ADDRESS" }

    /// Sets what is known of the session.
    ///
    /// - Throws: ``Failure/noMemory``.
    static func set(for reply: borrowing Reply, in transaction: Transaction) throws(Failure) {
        guard let facts = reply.session else { return }
        try put(session, reply.cText(facts.id), in: transaction)
        try put(pool, reply.cText(facts.pool), in: transaction)
        if let text = facts.address {
            try put(address, reply.cText(text), in: transaction)
        }
        if let text = facts.pairedAddress {
            try put(pairedAddress, reply.cText(text), in: transaction)
        }
        if let host = transaction.item(PAM_RHOST), isPrintable(host) {
            try put(clientAddress, host, in: transaction)
        }
    }

    /// Takes all of them away; nothing happens where one is not there.
    static func clear(in transaction: Transaction) {
        remove(session, in: transaction)
        remove(pool, in: transaction)
        remove(address, in: transaction)
        remove(pairedAddress, in: transaction)
        remove(clientAddress, in: transaction)
    }

    private static func remove(_ name: Literal, in transaction: Transaction) {
        // libpam logs an error where the variable is not there.
        guard unsafe pam_getenv(transaction.handle, name.text.pointer) != nil else { return }
        _ = unsafe pam_putenv(transaction.handle, name.text.pointer)
    }

    private static func put(
        _ name: Literal, _ value: CText, in transaction: Transaction
    ) throws(Failure) {
        var setting = try OctetBuffer(capacity: 512)
        setting.append(name)
        setting.append(0x3D)
        setting.append(value)
        guard !setting.isCutOff, unsafe pam_putenv(transaction.handle, setting.cText.pointer) == PAM_SUCCESS else {
            throw .noMemory
        }
    }

    /// A host's name comes from the network: it is passed on where it is short and printable ASCII without a blank.
    private static func isPrintable(_ text: CText) -> Bool {
        var count = 0
        while text[count] != 0 {
            if text[count] <= 0x20 || text[count] > 0x7E || count == 255 { return false }
            count &+= 1
        }
        return true
    }
}
