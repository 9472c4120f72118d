import Leasing
import Testing

struct WallClockTests {
    private static let hour: Int64 = 3_600_000_000
    private static let year: Int64 = 8766 * hour

    /// What the clock is taken for at a look every hour, when it is off by that much.
    private func looks(_ errors: [Int64]) -> [Bool] {
        var clock = WallClock()
        return errors.enumerated().map { hours, error in
            let boot = Int64(hours) * Self.hour
            return clock.isSteady(real: 50 * Self.year + boot + error, boot: boot)
        }
    }

    @Test func `a clock is trusted once it has gone along with the one that nobody can set`() {
        // The last one was slewed by half a minute.
        #expect(looks([0, 0, 0, 30_000_000]) == [false, true, true, true])
    }

    @Test(arguments: [year, -year, 61_000_000, -61_000_000])
    func `a clock that was set is not trusted, there and back`(jump: Int64) {
        #expect(looks([0, 0, jump, 0, 0]) == [false, true, false, false, true])
    }
}
