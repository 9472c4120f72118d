/// How much the tests of reliability do: a fixed part in every run, all of it under `make faults`.
enum Dose {
    /// VIPNS_FAULTS is `all`.
    static let isFull = Environment["VIPNS_FAULTS"] == "all"

    /// A sanitizer is in the programs, and its shadow of what they use is no growth of theirs.
    static let isSanitized = Environment["VIPNS_SANITIZER"] != nil

    /// Where random choices begin; VIPNS_SEED, so that a failure can be repeated and a night can be another one.
    static let seed: UInt64 = Environment["VIPNS_SEED"].flatMap { UInt64($0) } ?? 20_261_123

    /// So many in every run, so many in a full one.
    static func of(_ usual: Int, full: Int) -> Int { isFull ? full : usual }

    /// A promised time, in any unit, as a full run holds it, for which a machine is left alone.
    ///
    /// Every run: what takes four times as long is broken, and not only late.
    static func limit(_ promised: Double) -> Double { isFull ? promised : promised * 4 }
    static func limit(_ promised: Duration) -> Duration { isFull ? promised : promised * 4 }
}
