/// How long one thing took, many times over.
struct Samples: Sendable {
    private var milliseconds: [Double] = []

    /// Adds the time since `start`.
    mutating func add(since start: ContinuousClock.Instant) {
        milliseconds.append((ContinuousClock.now - start).inMilliseconds)
    }

    /// The value that `share` of all samples do not exceed; 0 where there are none.
    func percentile(_ share: Double) -> Double {
        let sorted = milliseconds.sorted()
        guard let last = sorted.last else { return 0 }
        let rank = Int((Double(sorted.count) * share).rounded(.up)) - 1
        return sorted.indices.contains(rank) ? sorted[rank] : last
    }

    /// The median.
    var p50: Double { percentile(0.5) }
    /// What one in a hundred exceeds.
    var p99: Double { percentile(0.99) }
}

/// How often something happened in how much time.
struct Rate: Sendable {
    private var count = 0
    private var time = Duration.zero

    /// Adds `count` events that took `time` together.
    mutating func add(_ count: Int, in time: Duration) {
        self.count += count
        self.time += time
    }

    /// Events a second; 0 where nothing was measured.
    var perSecond: Double { time == .zero ? 0 : Double(count) * 1000 / time.inMilliseconds }
}

extension Duration {
    /// The whole duration in milliseconds, fractions included.
    var inMilliseconds: Double { self / .milliseconds(1) }
}
