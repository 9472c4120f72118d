internal import CMnl
internal import Glibc

/// One or more netlink messages under construction, in one buffer: what one sendmsg(2) carries; netlink(7).
///
/// The only place that calls libmnl's put functions, always the checked kind. What does not fit marks the request as
/// too large, and sending or reading it then fails: nothing is ever cut off. Each message carries its purpose in words
/// for the error that its refusal becomes.
///
/// Sound because the buffer is allocated once, aligned for `nlmsghdr`, freed once, and every write is bounded by
/// `capacity`, either by libmnl or by ``reserve(_:)``.
@safe public struct NetlinkRequest: ~Copyable {
    private let storage: UnsafeMutableRawPointer
    private let capacity: Int
    private static let headerSize = MemoryLayout<nlmsghdr>.size
    private var start = 0
    private var end = 0
    private(set) var isTooLarge = false
    /// Why each message is sent, in order: `create macvlan 'eth0' on parent link 'eth1'`.
    public private(set) var purposes: [String] = []

    /// Makes room for `capacity` octets.
    public init(capacity: Int = 8192) {
        self.capacity = capacity
        unsafe storage = .allocate(byteCount: capacity, alignment: 8)
        unsafe storage.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
    }

    deinit { unsafe storage.deallocate() }

    /// Begins the next message; all that is put afterwards belongs to it.
    ///
    /// `sequence` defaults to the message's place in the request, counted from 1.
    public mutating func begin(type: UInt16, flags: UInt16, sequence: UInt32? = nil, purpose: String) {
        purposes.append(purpose)
        start = end
        guard reserve(Self.headerSize) else { return }
        let header = unsafe mnl_nlmsg_put_header(storage + start)
        guard let header = unsafe header else { return }
        unsafe header.pointee.nlmsg_type = type
        unsafe header.pointee.nlmsg_flags = flags
        unsafe header.pointee.nlmsg_seq = sequence ?? UInt32(purposes.count)
        end = start + Self.headerSize
    }

    /// Puts the family's fixed header after the message's own, or inside a nest that holds a whole message; before any
    /// attribute.
    public mutating func putHeader<Header: BitwiseCopyable>(_ header: Header) {
        guard reserve(MemoryLayout<Header>.size), let message = unsafe current else { return }
        guard let place = unsafe mnl_nlmsg_put_extra_header(message, MemoryLayout<Header>.size) else { return }
        unsafe place.storeBytes(of: header, as: Header.self)
        unsafe finish(message)
    }

    /// Puts an attribute that is a number in host order.
    public mutating func put<Number: FixedWidthInteger & BitwiseCopyable>(_ type: some BinaryInteger, _ number: Number)
    {
        unsafe withUnsafeBytes(of: number) { unsafe put(UInt16(type), raw: $0) }
    }

    /// Puts an attribute that is a string with its closing NUL.
    public mutating func put(_ type: some BinaryInteger, _ text: String) {
        put(type, octets: Array(text.utf8) + [0])
    }

    /// Puts an attribute of plain octets.
    public mutating func put(_ type: some BinaryInteger, octets: [UInt8]) {
        unsafe octets.withUnsafeBytes { unsafe put(UInt16(type), raw: $0) }
    }

    /// Puts an attribute that holds those that `body` puts.
    public mutating func nest(_ type: some BinaryInteger, _ body: (inout NetlinkRequest) -> Void) {
        guard let message = unsafe current, let nest = unsafe mnl_attr_nest_start_check(message, room, UInt16(type))
        else {
            isTooLarge = true
            return
        }
        unsafe finish(message)
        body(&self)
        unsafe mnl_attr_nest_end(message, nest)
    }

    /// Gives the messages the numbers from `first` on, in order, instead of 1 and up.
    ///
    /// A socket so tells late answers to a request that it gave up from those to the next.
    borrowing func number(from first: UInt32) {
        var offset = 0
        var sequence = first
        while offset < end {
            let message = unsafe (storage + offset).assumingMemoryBound(to: nlmsghdr.self)
            unsafe message.pointee.nlmsg_seq = sequence
            sequence &+= 1
            offset += Int(unsafe message.pointee.nlmsg_len + 3) & ~3
        }
    }

    /// Lends the finished octets, in place, for one send.
    public borrowing func withOctets<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafeRawBufferPointer(start: storage, count: end))
    }

    /// The finished octets, copied; nil where not all fitted.
    public var octets: [UInt8]? {
        isTooLarge ? nil : unsafe withOctets { unsafe Array($0) }
    }

    private var room: Int { capacity - start }

    private var current: UnsafeMutablePointer<nlmsghdr>? {
        isTooLarge || end == 0 ? nil : unsafe (storage + start).assumingMemoryBound(to: nlmsghdr.self)
    }

    private mutating func put(_ type: UInt16, raw: UnsafeRawBufferPointer) {
        guard let message = unsafe current,
            unsafe mnl_attr_put_check(message, room, type, raw.count, raw.baseAddress)
        else {
            isTooLarge = true
            return
        }
        unsafe finish(message)
    }

    /// Takes over the new length, which libmnl has already rounded up to the netlink alignment.
    private mutating func finish(_ message: UnsafeMutablePointer<nlmsghdr>) {
        end = start + Int(unsafe message.pointee.nlmsg_len)
    }

    private mutating func reserve(_ count: Int) -> Bool {
        let aligned = (count + 3) & ~3
        if isTooLarge || end + aligned > capacity {
            isTooLarge = true
            return false
        }
        return true
    }
}
