/// A generator whose numbers depend on the seed alone, so that a failure can be repeated; SplitMix64.
public struct Dice: RandomNumberGenerator {
    private var state: UInt64

    /// Begins a series.
    public init(seed: UInt64) { state = seed }

    /// The next number of the series.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// So many random octets.
    public mutating func octets(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }

    /// A message with one to four octets changed, and now and then cut or made longer.
    public mutating func mutate(_ message: [UInt8]) -> [UInt8] {
        var message = message
        for _ in 0..<Int.random(in: 1...4, using: &self) where !message.isEmpty {
            let place = Int.random(in: 0..<message.count, using: &self)
            message[place] = UInt8.random(in: 0...255, using: &self)
        }
        switch Int.random(in: 0..<4, using: &self) {
        case 0: message.removeLast(Int.random(in: 0...message.count, using: &self))
        case 1: message += octets(Int.random(in: 0...24, using: &self))
        default: break
        }
        return message
    }
}
