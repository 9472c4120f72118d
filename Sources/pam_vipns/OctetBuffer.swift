internal import CPAM

/// Memory of a fixed size, filled from the front; nothing outside it is ever read or written.
///
/// Sound because every access goes through the checks here. One octet more than the capacity is allocated, for a NUL.
@safe struct OctetBuffer: ~Copyable {
    private let start: UnsafeMutablePointer<UInt8>
    private let capacity: Int
    /// How many octets there are.
    private(set) var count = 0
    /// Whether something did not fit.
    private(set) var isCutOff = false

    /// Allocates room for `capacity` octets; malloc(3).
    init(capacity: Int) throws(Failure) {
        guard let memory = unsafe malloc(capacity &+ 1) else { throw .noMemory }
        unsafe start = memory.assumingMemoryBound(to: UInt8.self)
        self.capacity = capacity
    }

    deinit { unsafe free(start) }

    /// The octet at `index`; 0 outside, which no message holds.
    subscript(_ index: Int) -> UInt8 {
        index >= 0 && index < count ? unsafe start[index] : 0
    }

    /// Overwrites one octet; does nothing outside.
    mutating func store(_ octet: UInt8, at index: Int) {
        if index >= 0 && index < count { unsafe start[index] = octet }
    }

    /// Adds one octet.
    mutating func append(_ octet: UInt8) {
        guard count < capacity else {
            isCutOff = true
            return
        }
        unsafe start[count] = octet
        count &+= 1
    }

    /// Adds the octets of a literal.
    mutating func append(_ text: Literal) {
        append(text.text)
    }

    /// Adds a text.
    mutating func append(_ text: CText) {
        var index = 0
        while text[index] != 0 {
            append(text[index])
            index &+= 1
        }
    }

    /// Adds `count` octets of a text, from `index` on.
    mutating func append(_ text: CText, _ index: Int, _ count: Int) {
        var offset = 0
        while offset < count {
            append(text[index &+ offset])
            offset &+= 1
        }
    }

    /// Forgets all from `index` on.
    mutating func truncate(to index: Int) {
        if index >= 0 && index < count { count = index }
    }

    /// What there is, closed with a NUL; valid until the buffer changes or goes.
    var cText: CText {
        unsafe start[count] = 0
        return unsafe CText(borrowing: UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self))
    }

    /// The text at `piece`, which ends with a NUL in place; valid until the buffer changes or goes.
    func cText(_ piece: Piece) -> CText {
        // The octet after the last is inside the allocation; outside, the end of what there is stands for no text.
        let index = piece.start >= 0 && piece.start < count ? piece.start : count
        return cText.dropFirst(index)
    }

    /// Lends what there is to a call.
    func withOctets<Value>(_ body: (UnsafeRawPointer, Int) -> Value) -> Value {
        unsafe body(UnsafeRawPointer(start), count)
    }

    /// Lends the free room to a call that fills it and gives how much, or something negative.
    mutating func fill(_ body: (UnsafeMutableRawPointer, Int) -> Int) -> Int {
        let room = capacity &- count
        let filled = unsafe body(UnsafeMutableRawPointer(start + count), room)
        if filled > 0 && filled <= room { count &+= filled }
        return filled
    }
}

/// Where a text stands in a buffer.
struct Piece: Equatable {
    let start: Int
    let count: Int
}
