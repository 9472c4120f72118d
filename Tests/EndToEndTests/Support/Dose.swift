/// How much the tests of reliability do: a fixed part in every run, all of it under `make faults`.
enum Dose {
    /// VIPNS_FAULTS is `all`.
    static let isFull = Environment["VIPNS_FAULTS"] == "all"

    /// Where random choices begin; VIPNS_SEED, so that a failure can be repeated and a night can be another one.
    static let seed: UInt64 = Environment["VIPNS_SEED"].flatMap { UInt64($0) } ?? 20_261_123

    /// So many in every run, so many in a full one.
    static func of(_ usual: Int, full: Int) -> Int { isFull ? full : usual }
}
