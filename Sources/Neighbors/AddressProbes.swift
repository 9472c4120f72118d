public import Addressing
internal import CLinux
internal import Glibc
public import LinuxSystem

/// Asks the LAN whether another machine has an address, and hears the answers; RFC 5227.
///
/// Nobody waits for them. The question leaves by the parent link, under its own MAC address: this host's sessions on that
/// link do not get it, so that whoever answers is somebody else. For one thread.
public struct AddressProbes: ~Copyable {
    /// An address that another machine answers for.
    public struct Claim: Hashable, Sendable {
        /// What was asked for.
        public let address: IPAddress
        /// The MAC address of whoever has it.
        public let mac: MACAddress
    }

    /// An answer that comes later is to nothing that was asked here.
    private static let patience = Duration.seconds(3)
    /// How many answers are awaited at most: a crowd of logins asks for more, and each asks once more when it is healed.
    private static let mostAwaited = 1024

    private let answers: OwnedDescriptor
    private var awaited: [IPAddress: SuspendingClock.Instant] = [:]

    /// Opens the socket in the calling thread's namespace; needs CAP_NET_RAW.
    ///
    /// - Throws: the errno.
    public init() throws(Errno) {
        let socket = try PacketSocket.open()
        try checked { socket.withRaw { vipns_hear_arp_replies($0) } }
        answers = socket
    }

    /// Lends the number of the descriptor that answers come to, for poll(2).
    public borrowing func withRaw<Result>(_ body: (Int32) -> Result) -> Result { answers.withRaw(body) }

    /// Asks by `sender` for an IPv4 address on the link of that name and index; nothing for IPv6.
    ///
    /// - Throws: ENETDOWN where the link is down, ENODEV or ENXIO where there is none, ENOBUFS.
    public mutating func ask(
        for address: IPAddress, onLink name: String, index: Int32, by sender: borrowing PacketSocket
    ) throws(Errno) {
        guard address.family == .ipv4 else { return }
        var octets = [UInt8](repeating: 0, count: 6)
        try checked { answers.withRaw { unsafe vipns_link_mac($0, name, &octets) } }
        guard let mac = MACAddress(octets: octets), let frame = ARPFrame.probe(for: address, from: mac) else { return }
        if awaited.count >= Self.mostAwaited { forgetOld() }
        if awaited.count < Self.mostAwaited { awaited[address] = .now + Self.patience }
        try sender.send(frame, onLink: index)
    }

    /// What was answered since the last call, each address once for a question.
    ///
    /// An answer that cannot be read counts as none.
    public mutating func claims() -> [Claim] {
        forgetOld()
        var claims: [Claim] = []
        // Bounded: whoever sends answers without pause must not hold the caller here.
        for _ in 0..<256 {
            var frame = [UInt8](repeating: 0, count: ARPFrame.size)
            let size = answers.withRaw { unsafe read($0, &frame, frame.count) }
            if size < 0 { break }
            guard size == ARPFrame.size, let claim = Claim(reply: frame),
                awaited.removeValue(forKey: claim.address) != nil
            else { continue }
            claims.append(claim)
        }
        return claims
    }

    private mutating func forgetOld() {
        let now = SuspendingClock.now
        awaited = awaited.filter { $0.value > now }
    }
}

extension AddressProbes.Claim {
    /// Reads an ARP reply for Ethernet and IPv4, whose sender has the address; RFC 826.
    init?(reply frame: [UInt8]) {
        let header: [UInt8] = [0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 6, 4, 0x00, 0x02]
        guard frame.count == ARPFrame.size, frame[12..<22].elementsEqual(header),
            let mac = MACAddress(octets: Array(frame[22..<28])), let address = IPAddress(octets: Array(frame[28..<32]))
        else { return nil }
        self.init(address: address, mac: mac)
    }
}
