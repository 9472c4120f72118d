/// The addresses from `first` to `last`, both included, of one family.
public struct IPRange: Hashable, Sendable {
    /// The lowest address.
    public let first: IPAddress
    /// The highest address.
    public let last: IPAddress

    /// Makes a range; nil where the families differ or it ends before it begins.
    public init?(_ first: IPAddress, _ last: IPAddress) {
        guard first.family == last.family, first <= last else { return nil }
        self.init(uncheckedFirst: first, last: last)
    }

    /// For callers that hold the proof that both are of one family and in order.
    init(uncheckedFirst first: IPAddress, last: IPAddress) {
        self.first = first
        self.last = last
    }

    /// A range of one address.
    public init(_ only: IPAddress) { self.init(uncheckedFirst: only, last: only) }

    /// Number of addresses; saturates at `UInt128.max` for the whole of IPv6.
    public var count: UInt128 {
        let span = last.bits - first.bits
        return span == UInt128.max ? span : span + 1
    }

    /// Whether `address` lies in the range.
    public func contains(_ address: IPAddress) -> Bool {
        address.family == first.family && first.bits <= address.bits && address.bits <= last.bits
    }

    /// Whether both share at least one address.
    public func overlaps(_ other: IPRange) -> Bool {
        first.family == other.first.family && first.bits <= other.last.bits && other.first.bits <= last.bits
    }

    /// Whether every address of `other` lies in this range.
    public func contains(_ other: IPRange) -> Bool { contains(other.first) && contains(other.last) }

    /// What is left of this range, in order, once `hole` is cut out: none, one or two ranges.
    public func removing(_ hole: IPRange) -> [IPRange] {
        guard overlaps(hole) else { return [self] }
        var rest: [IPRange] = []
        if first.bits < hole.first.bits {
            rest.append(IPRange(uncheckedFirst: first, last: first.replacingBits(hole.first.bits - 1)))
        }
        if hole.last.bits < last.bits {
            rest.append(IPRange(uncheckedFirst: first.replacingBits(hole.last.bits + 1), last: last))
        }
        return rest
    }
}

extension IPRange: LosslessStringConvertible {
    /// Parses `FIRST-LAST` or a single address; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard let firstText = parts.first, let lastText = parts.last, parts.count <= 2,
            let first = IPAddress(String(firstText)), let last = IPAddress(String(lastText))
        else { return nil }
        self.init(first, last)
    }

    /// `FIRST-LAST`, or the address alone where there is only one.
    public var description: String { first == last ? "\(first)" : "\(first)-\(last)" }
}
