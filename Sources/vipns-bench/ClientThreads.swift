import ClientAPI
import Glibc
import LinuxSystem
import Synchronization

/// What the threads of one run share.
private final class Together: Sendable {
    let gate = Mutex(())
    let ready = Atomic<Int>(0)
    let failure = Mutex<(any Error)?>(nil)
    private let body: @Sendable (Int, VipnsClient) throws -> Void

    init(_ body: @escaping @Sendable (Int, VipnsClient) throws -> Void) { self.body = body }

    func run(_ index: Int) {
        do {
            let client = Result { try VipnsClient(timeout: .seconds(30)) }
            ready.add(1, ordering: .releasing)
            gate.withLock { _ in }
            try body(index, client.get())
        } catch {
            failure.withLock { $0 = $0 ?? error }
        }
    }
}

/// One thread's part, on its way through the C library.
private final class Part {
    let together: Together
    let index: Int

    init(_ together: Together, _ index: Int) {
        self.together = together
        self.index = index
    }
}

/// Runs `body` on so many threads, each with a client that is connected already; all begin at once.
///
/// - Returns: when they began; by now all have ended.
@discardableResult
func onClientThreads(
    _ count: Int, _ body: @escaping @Sendable (Int, VipnsClient) throws -> Void
) throws -> ContinuousClock.Instant {
    let together = Together(body)
    var threads: [pthread_t] = []
    let start = together.gate.withLock { _ in
        for index in 0..<count {
            if let thread = startThread(Part(together, index)) { threads.append(thread) }
        }
        while together.ready.load(ordering: .acquiring) < threads.count { usleep(200) }
        return ContinuousClock.now
    }
    for thread in threads { pthread_join(thread, nil) }
    if threads.count < count { throw BenchError("cannot start \(count) threads") }
    if let failure = together.failure.withLock({ $0 }) { throw failure }
    return start
}

private func startThread(_ part: Part) -> pthread_t? {
    // Sound: the reference that is retained here is the one that the thread takes.
    let argument = unsafe Unmanaged.passRetained(part)
    var thread = pthread_t()
    let status = unsafe pthread_create(
        &thread, nil,
        { argument in
            if let argument = unsafe argument {
                let part = unsafe Unmanaged<Part>.fromOpaque(argument).takeRetainedValue()
                part.together.run(part.index)
            }
            return nil
        }, argument.toOpaque())
    if status == 0 { return thread }
    unsafe argument.release()
    return nil
}
