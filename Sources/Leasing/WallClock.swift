/// What is known of the wall clock: whether it has gone along with the clock that nobody can set.
public struct WallClock: Sendable {
    /// How far the two may drift apart between two looks, in microseconds: more than a clock that is kept right does.
    private static let tolerance: Int64 = 60_000_000

    private var lastDistance: Int64?

    /// Knows nothing yet.
    public init() {}

    /// Whether nobody has set it since the last look; not known at the first one.
    ///
    /// Both times are in microseconds.
    public mutating func isSteady(real: Int64, boot: Int64) -> Bool {
        let distance = real - boot
        defer { lastDistance = distance }
        guard let lastDistance else { return false }
        return abs(distance - lastDistance) < Self.tolerance
    }
}
