internal import ClientAPI
internal import Synchronization

/// Hands every event to everybody who watches; who does not keep up loses the oldest ones.
final class EventFan: Sendable {
    private struct State {
        var last = 0
        var streams: [Int: AsyncStream<SessionEvent>.Continuation] = [:]
    }

    private let state = Mutex(State())

    /// Starts to watch.
    func subscribe() -> AsyncStream<SessionEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: SessionEvent.self, bufferingPolicy: .bufferingNewest(1024))
        let number = state.withLock { state in
            state.last += 1
            state.streams[state.last] = continuation
            return state.last
        }
        continuation.onTermination = { [self] _ in
            state.withLock { _ = $0.streams.removeValue(forKey: number) }
        }
        return stream
    }

    /// Whether anybody watches.
    var isWatched: Bool { state.withLock { !$0.streams.isEmpty } }

    /// Tells everybody.
    func publish(_ event: SessionEvent) {
        for stream in state.withLock({ Array($0.streams.values) }) { stream.yield(event) }
    }

    /// Ends all streams.
    func finish() {
        for stream in state.withLock({ Array($0.streams.values) }) { stream.finish() }
    }
}
