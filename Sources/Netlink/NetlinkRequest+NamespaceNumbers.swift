internal import CLinux
internal import Glibc
internal import LinuxSystem

extension NetlinkRequest {
    /// Gives the namespace held by the open descriptor `namespace` the number `number` in the socket's namespace.
    ///
    /// rtnetlink's RTM_NEWNSID. A namespace has one number at most: EEXIST where it has one, or where the number is taken.
    public mutating func assignNumber(_ number: Int32, toNamespace namespace: Int32) {
        begin(type: UInt16(RTM_NEWNSID), flags: acknowledged, purpose: "number a network namespace \(number)")
        putHeader(rtgenmsg())
        put(NETNSA_NSID, number)
        put(NETNSA_FD, UInt32(bitPattern: namespace))
    }

    mutating func numberOf(namespace: Int32) {
        begin(
            type: UInt16(RTM_GETNSID), flags: UInt16(NLM_F_REQUEST), purpose: "look up a network namespace's number")
        putHeader(rtgenmsg())
        put(NETNSA_FD, UInt32(bitPattern: namespace))
    }

    mutating func dumpNumbers() {
        begin(
            type: UInt16(RTM_GETNSID), flags: UInt16(NLM_F_REQUEST | NLM_F_DUMP),
            purpose: "list the numbers of network namespaces")
        putHeader(rtgenmsg())
    }
}

/// What happened to a numbered namespace, as group RTNLGRP_NSID tells it.
public enum NamespaceNumberEvent: Hashable, Sendable {
    /// A namespace was given this number.
    case assigned(Int32)
    /// Nothing holds the namespace of this number any more; its links go next.
    case gone(Int32)

    /// The multicast group that brings these events.
    public static let group = Int32(RTNLGRP_NSID.rawValue)

    /// Reads an event; nil for any other message.
    public init?(_ message: NetlinkMessage) {
        guard let number = message.namespaceNumber else { return nil }
        switch Int32(message.type) {
        case Int32(RTM_NEWNSID): self = .assigned(number)
        case Int32(RTM_DELNSID): self = .gone(number)
        default: return nil
        }
    }
}

extension NetlinkMessage {
    fileprivate var namespaceNumber: Int32? {
        attributes(afterHeader: MemoryLayout<rtgenmsg>.size)?.number(NETNSA_NSID, Int32.self)
    }
}

extension NetlinkSocket {
    /// The number of the namespace that the open descriptor `namespace` holds; nil where it has none.
    ///
    /// - Throws: the kernel's refusal.
    public borrowing func namespaceNumber(of namespace: Int32) throws(NetlinkError) -> Int32? {
        var request = NetlinkRequest(capacity: 256)
        request.numberOf(namespace: namespace)
        var number: Int32?
        try query(request) { number = $0.namespaceNumber }
        // The kernel answers -1 for a namespace without number.
        return number.flatMap { $0 >= 0 ? $0 : nil }
    }

    /// Whether anything still holds the namespace that has this number here.
    ///
    /// The kernel no longer finds a namespace by its number once its last process, mount, descriptor and socket is gone.
    /// - Throws: the kernel's refusal.
    public borrowing func isNamespaceAlive(number: Int32) throws(NetlinkError) -> Bool {
        var request = NetlinkRequest(capacity: 256)
        request.begin(
            type: UInt16(RTM_GETNSID), flags: UInt16(NLM_F_REQUEST), purpose: "look up namespace number \(number)")
        request.putHeader(rtgenmsg())
        request.put(NETNSA_NSID, number)
        do throws(NetlinkError) {
            try query(request) { _ in }
            return true
        } catch {
            if error.errno == .noSuchFile { return false }
            throw error
        }
    }

    /// All numbers given in the socket's namespace whose namespaces live.
    ///
    /// - Throws: the kernel's refusal.
    public borrowing func namespaceNumbers() throws(NetlinkError) -> Set<Int32> {
        var request = NetlinkRequest(capacity: 256)
        request.dumpNumbers()
        var numbers: Set<Int32> = []
        try dump(request) { message in
            if let number = message.namespaceNumber { numbers.insert(number) }
        } restart: {
            numbers = []
        }
        return numbers
    }

    /// Sends a request that is answered by one message, or refused.
    borrowing func query(
        _ request: borrowing NetlinkRequest, _ body: (NetlinkMessage) -> Void
    ) throws(NetlinkError) {
        let purpose = request.purposes.first ?? "query"
        do throws(Errno) {
            let sequence = try send(request)
            while true {
                for message in try receive() where message.sequence == sequence {
                    if let answer = message.acknowledgement, answer.error != 0 {
                        throw Errno(rawValue: answer.error)
                    }
                    return body(message)
                }
            }
        } catch {
            throw NetlinkError(operation: purpose, errno: error)
        }
    }
}
