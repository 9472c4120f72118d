internal import Leasing
internal import LinuxSystem
internal import Logging

/// What is remembered for those who look after the pools, and for how long.
extension SessionService {
    private static let microsecondsPerDay: Int64 = 86_400_000_000
    /// How many records are forgotten in one transaction: a login may wait for it.
    private static let piece = 500

    /// Stores how many addresses of a pool are not free now, where that is the most of the day.
    ///
    /// Asked after each taking: only then the number goes up. Nobody waits for it.
    func notePeak(of name: String) {
        guard let state = pools[name] else { return }
        let used = Int(clamping: state.pool.total - state.allocator.free)
        let real = SystemClock.realTimeMicroseconds()
        let day = real / Self.microsecondsPerDay
        if let known = peaks[name], known.day == day, known.addresses >= used { return }
        peaks[name] = (day, used)
        _ = write("peak", logger) { [store] () throws(LeaseStoreError) in
            try await store.recordPeak(used, ofPool: name, at: real)
        }
    }

    /// Forgets every hour what is older than the configuration says, in small pieces with pauses between.
    func forgetOldHistory() async {
        var clock = WallClock()
        while !Task.isCancelled {
            let isSteady = clock.isSteady(
                real: SystemClock.realTimeMicroseconds(), boot: SystemClock.bootTimeMicroseconds())
            if let keep = historyKeep { await forgetHistory(olderThan: keep, ofFormerBoots: isSteady) }
            await loop.sleep(for: .seconds(3600))
        }
    }

    private func forgetHistory(olderThan keep: Duration, ofFormerBoots: Bool) async {
        let age = Int64(keep.microseconds)
        let limit = HistoryLimit(
            real: SystemClock.realTimeMicroseconds() - age, boot: SystemClock.bootTimeMicroseconds() - age,
            includesFormerBoots: ofFormerBoots)
        var total = 0
        while !Task.isCancelled {
            do throws(LeaseStoreError) {
                let count = try await store.forgetHistory(limit, atMost: Self.piece)
                total += count
                if count < Self.piece { break }
            } catch {
                logger.warning("cannot forget old history, trying again in an hour", metadata: ["error": "\(error)"])
                return
            }
            await loop.sleep(for: .milliseconds(50))
        }
        if total > 0 { logger.info("old history is forgotten", metadata: ["records": "\(total)"]) }
    }
}
