import Glibc
import LinuxSystem
import Synchronization
import Testing

/// An actor that lives on a loop, as the service does.
private actor Resident {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }
    private(set) var seen: [Int] = []

    init(_ loop: EventLoop) { self.loop = loop }

    func note(_ number: Int) { seen.append(number) }

    func begin() {
        for number in 1...100 { Task.immediate(executorPreference: loop) { self.note(number) } }
    }
}

/// Runs what `body` starts and waits until it calls its argument.
private func whenDone(_ body: (@escaping @Sendable () -> Void) -> Void) async {
    await withCheckedContinuation { waiter in body { waiter.resume() } }
}

struct EventLoopTests {
    @Test func `what is handed over is run in order, and timers by their time`() async throws {
        let loop = try EventLoop()
        let order = Mutex<[Int]>([])
        await whenDone { done in
            // On the loop itself, which runs nothing until all of it is handed over.
            loop.perform {
                loop.perform(after: .seconds(1)) {
                    order.withLock { $0.append(5) }
                    done()
                }
                loop.perform(after: .milliseconds(20)) { order.withLock { $0.append(4) } }
                for number in 1...3 { loop.perform { order.withLock { $0.append(number) } } }
            }
        }
        #expect(order.withLock { $0 } == [1, 2, 3, 4, 5])
    }

    @Test func `tasks begun on a loop have their turn in the order in which they were begun`() async throws {
        let resident = try Resident(EventLoop())
        await whenDone { done in
            resident.loop.perform {
                Task(executorPreference: resident.loop) {
                    await resident.begin()
                    done()
                }
            }
        }
        while await resident.seen.count < 100 { await Task.yield() }
        #expect(await resident.seen == Array(1...100))
    }

    @Test func `a sleep ends in time, and at once where its task is cancelled`() async throws {
        let loop = try EventLoop()
        let begun = ContinuousClock.now
        await loop.sleep(for: .milliseconds(20))
        #expect(.now - begun >= .milliseconds(20))
        let asleep = Task { await loop.sleep(for: .seconds(600)) }
        await loop.sleep(for: .milliseconds(20))
        asleep.cancel()
        await asleep.value
        await Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            await loop.sleep(for: .seconds(600))
        }.value
        #expect(.now - begun < .seconds(300))
    }

    @Test func `a watch tells for as long as there is something to read, and ends once`() async throws {
        let loop = try EventLoop()
        let pair = try UnixSocket.pair(.stream)
        let told = Mutex(0)
        let ended = Mutex(0)
        let current = Mutex<EventLoop.Watch?>(nil)
        _ = try UnixSocket.send([1, 2, 3], on: pair.second)
        await whenDone { done in
            let watch = loop.watch(pair.first, for: .reading) {
                // Three times or more, without reading: level-triggered.
                let count = told.withLock { count in
                    count += 1
                    return count
                }
                // More often where the watch is not known here yet.
                if count >= 3 { current.withLock { $0 }?.cancel() }
            } ended: {
                ended.withLock { $0 += 1 }
                done()
            }
            current.withLock { $0 = watch }
        }
        current.withLock { $0 }?.cancel()
        await whenDone { done in loop.perform(after: .milliseconds(20)) { done() } }
        #expect(told.withLock { $0 } >= 3)
        #expect(ended.withLock { $0 } == 1)
    }

    @Test func `one socket is watched for reading and for writing at a time`() async throws {
        let loop = try EventLoop()
        let pair = try UnixSocket.pair(.stream)
        let seen = Mutex<Set<String>>([])
        let watches = Mutex<[EventLoop.Watch]>([])
        await whenDone { done in
            let reading = loop.watch(pair.first, for: .reading, ready: { seen.withLock { _ = $0.insert("read") } }) {}
            let writing = loop.watch(pair.first, for: .writing, ready: { seen.withLock { _ = $0.insert("write") } }) {}
            watches.withLock { $0 = [reading, writing] }
            _ = try? UnixSocket.send([1], on: pair.second)
            loop.perform(after: .milliseconds(50)) { done() }
        }
        for watch in watches.withLock({ $0 }) { watch.cancel() }
        await whenDone { done in loop.perform(after: .milliseconds(10)) { done() } }
        #expect(seen.withLock { $0 } == ["read", "write"])
    }

    @Test func `the thread ends with the last reference, also while it sleeps`() async throws {
        func threads() throws -> Int { try directoryEntries("/proc/self/task").count }
        let before = try threads()
        var loops: [EventLoop] = try (0..<20).map { _ in try EventLoop() }
        #expect(loops.count == 20)
        loops = []
        for _ in 0..<200 where try threads() > before + 10 { usleep(10_000) }
        #expect(try threads() <= before + 10)
    }
}
