internal import Addressing
internal import CProtocol
internal import Netlink

/// What keeps living sessions whole: audits, pins, holders.
extension HelperMessage.Fields {
    mutating func alive() throws(HelperChannelError) -> HelperAnswer {
        let alive = try flag(VIPNS_ATTR_ALIVE)
        let inode: UInt64? = has(VIPNS_ATTR_INODE) ? try number(VIPNS_ATTR_INODE) : nil
        return .alive(alive, inode: inode)
    }

    mutating func audited() throws(HelperChannelError) -> HelperAnswer {
        let whole = try sessions()
        guard has(VIPNS_ATTR_LISTENING) else { return .audited(whole, nil) }
        let isListening = try flag(VIPNS_ATTR_LISTENING)
        return .audited(
            whole, HelperAnswer.Audit(isListening: isListening, mended: try optionalText(VIPNS_ATTR_TEXT)))
    }

    mutating func sessions() throws(HelperChannelError) -> [SessionID] {
        try entries(VIPNS_ATTR_SESSIONS, of: 8, atLeast: 0).map { (entry) throws(HelperChannelError) in
            try Self.session(entry)
        }
    }

    mutating func pins(
        atMost most: Int = HelperRequest.mostEntries
    ) throws(HelperChannelError) -> [HelperRequest.Pin] {
        try entries(VIPNS_ATTR_PINS, of: 12, atLeast: 1, atMost: most).map { (entry) throws(HelperChannelError) in
            HelperRequest.Pin(session: try Self.session(entry.prefix(8)), number: try Self.number(entry, at: 8))
        }
    }

    mutating func namespaces() throws(HelperChannelError) -> [HelperRequest.Namespace] {
        try entries(VIPNS_ATTR_NAMESPACES, of: 20, atLeast: 1).map { (entry) throws(HelperChannelError) in
            HelperRequest.Namespace(
                number: try Self.number(entry, at: 0), cookie: entry.number(at: 4, UInt64.self) ?? 0,
                inode: entry.number(at: 12, UInt64.self) ?? 0)
        }
    }

    mutating func holders() throws(HelperChannelError) -> [HelperAnswer.Holder] {
        try entries(VIPNS_ATTR_HOLDERS, of: 28, atLeast: 0).map { (entry) throws(HelperChannelError) in
            guard let pid = entry.number(at: 4, UInt32.self),
                let means = entry.number(at: 8, UInt32.self).flatMap(HelperAnswer.Holder.Means.init)
            else { throw .malformed("holder") }
            let program = String(decoding: entry.dropFirst(12).prefix { $0 != 0 }, as: UTF8.self)
            return HelperAnswer.Holder(
                number: try Self.number(entry, at: 0), pid: Int32(bitPattern: pid), means: means, program: program)
        }
    }

    private mutating func entries(
        _ attribute: vipns_attribute, of size: Int, atLeast least: Int, atMost most: Int = HelperRequest.mostEntries
    ) throws(HelperChannelError) -> [ArraySlice<UInt8>] {
        let payload = try octets(attribute)
        guard payload.count % size == 0, (least...most).contains(payload.count / size) else {
            throw .malformed("size of attribute \(attribute.rawValue)")
        }
        return stride(from: 0, to: payload.count, by: size).map { payload.dropFirst($0).prefix(size) }
    }

    private static func session(_ octets: ArraySlice<UInt8>) throws(HelperChannelError) -> SessionID {
        guard let session = SessionID(String(decoding: octets, as: UTF8.self)) else { throw .malformed("session id") }
        return session
    }

    private static func number(_ entry: ArraySlice<UInt8>, at offset: Int) throws(HelperChannelError) -> UInt32 {
        guard let number = entry.number(at: offset, UInt32.self),
            (UInt32(VIPNS_FIRST_NUMBER)...UInt32(Int32.max)).contains(number)
        else { throw .malformed("namespace number") }
        return number
    }
}

extension NetlinkRequest {
    mutating func put(_ whole: [SessionID], _ audit: HelperAnswer.Audit?) {
        put(whole)
        guard let audit else { return }
        put(VIPNS_ATTR_LISTENING.rawValue, UInt8(audit.isListening ? 1 : 0))
        put(text: audit.mended)
    }

    mutating func put(text: String?) {
        if let text { put(VIPNS_ATTR_TEXT.rawValue, String(text.prefix(1000))) }
    }

    mutating func put(_ sessions: [SessionID]) {
        put(VIPNS_ATTR_SESSIONS.rawValue, octets: sessions.flatMap { Array($0.description.utf8) })
    }

    mutating func put(_ pins: [HelperRequest.Pin]) {
        put(
            VIPNS_ATTR_PINS.rawValue,
            octets: pins.flatMap { Array($0.session.description.utf8) + Self.octets($0.number) })
    }

    mutating func put(_ namespaces: [HelperRequest.Namespace]) {
        put(
            VIPNS_ATTR_NAMESPACES.rawValue,
            octets: namespaces.flatMap {
                Self.octets($0.number) + Self.octets($0.cookie) + Self.octets($0.inode)
            })
    }

    mutating func put(_ holders: [HelperAnswer.Holder]) {
        let octets = holders.flatMap { holder in
            let name = holder.program.utf8.prefix(16)
            return Self.octets(holder.number) + Self.octets(UInt32(bitPattern: holder.pid))
                + Self.octets(holder.means.rawValue) + name + [UInt8](repeating: 0, count: 16 - name.count)
        }
        put(VIPNS_ATTR_HOLDERS.rawValue, octets: octets)
    }

    /// In host order, as all numbers of the channel.
    private static func octets<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        unsafe withUnsafeBytes(of: number) { unsafe Array($0) }
    }
}
