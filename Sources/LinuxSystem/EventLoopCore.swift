internal import CLinux
internal import Glibc
internal import Synchronization

/// The thread of an event loop and what it works on; lives until the thread has ended.
final class EventLoopCore: Sendable {
    /// One thing to run.
    enum Work: Sendable {
        case job(UnownedJob)
        case closure(@Sendable () -> Void)
    }

    private struct Timer {
        let due: ContinuousClock.Instant
        let body: @Sendable () -> Void
    }

    private struct State {
        var work: [Work] = []
        var timers: [Timer] = []
        var watches: [UInt64: EventLoop.Watch] = [:]
        var isStopped = false
        /// Whether the thread waits, or is about to, and must be woken.
        var isAsleep = false
    }

    private let epoll: OwnedDescriptor
    /// Wakes the thread; it is watched under number 0.
    private let alarm: OwnedDescriptor
    private let state = Mutex(State())
    private let lastNumber = Atomic<UInt64>(0)

    init() throws(Errno) {
        let epoll = OwnedDescriptor(adopting: try checked { vipns_epoll_create() })
        let alarm = OwnedDescriptor(adopting: try checked { vipns_eventfd() })
        let raw = (epoll.withRaw { $0 }, alarm.withRaw { $0 })
        try checked { vipns_epoll_add(raw.0, raw.1, 0, 0) }
        self.epoll = epoll
        self.alarm = alarm
    }

    func nextNumber() -> UInt64 { lastNumber.wrappingAdd(1, ordering: .relaxed).newValue }

    /// Starts the thread; `owner` gives the executor that jobs run on, as long as there is one.
    func start(owner: @escaping @Sendable () -> EventLoop?) throws(Errno) {
        try startThread { [self] in run(owner) }
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        wake()
    }

    func add(_ work: Work) {
        let isAsleep = state.withLock { state in
            state.work.append(work)
            defer { state.isAsleep = false }
            return state.isAsleep
        }
        if isAsleep { wake() }
    }

    func add(after delay: Duration, _ body: @escaping @Sendable () -> Void) {
        let timer = Timer(due: .now + delay, body: body)
        let isAsleep = state.withLock { state in
            var (low, high) = (0, state.timers.count)
            while low < high {
                let middle = (low + high) / 2
                if timer.due < state.timers[middle].due { high = middle } else { low = middle + 1 }
            }
            state.timers.insert(timer, at: low)
            defer { state.isAsleep = false }
            return state.isAsleep
        }
        // The thread must wait for less long from now on.
        if isAsleep { wake() }
    }

    private func wake() {
        var one: UInt64 = 1
        let status = alarm.withRaw { raw in try? checked { unsafe write(raw, &one, 8) } }
        // Whoever comes next tries again.
        if status == nil { state.withLock { $0.isAsleep = true } }
    }

    // MARK: - Watches

    func begin(_ watch: EventLoop.Watch) {
        state.withLock { $0.watches[watch.number] = watch }
        let raw = epoll.withRaw { $0 }
        let status = vipns_epoll_add(raw, watch.raw, watch.direction == .writing ? 1 : 0, watch.number)
        // Out of memory or watches (user's limit): what waits must not be taken for ready.
        if status == -1 { add(after: .milliseconds(100)) { [self] in if !watch.isCancelled { begin(watch) } } }
    }

    func pause(_ watch: EventLoop.Watch) {
        let raw = epoll.withRaw { $0 }
        _ = vipns_epoll_remove(raw, watch.raw)
    }

    func end(_ watch: EventLoop.Watch) {
        pause(watch)
        state.withLock { _ = $0.watches.removeValue(forKey: watch.number) }
        watch.ended()
    }

    // MARK: - The thread

    private func run(_ owner: @Sendable () -> EventLoop?) {
        var ready = [UInt64](repeating: 0, count: 64)
        while true {
            guard runWork(owner) else { return }
            guard let timeout = prepareToSleep() else { return }
            wait(timeout, &ready)
        }
    }

    /// Apart, so that the loop is held while jobs run, in which the last reference may go, and not while it sleeps.
    @inline(never)
    private func runWork(_ owner: @Sendable () -> EventLoop?) -> Bool {
        guard let loop = owner() else { return false }
        runWork(on: loop)
        extendLifetime(loop)
        return true
    }

    /// Runs what waits already; what that asks for comes after the descriptors have been looked at again.
    ///
    /// Else those whose work never ends would keep everybody else's connections from being noticed.
    private func runWork(on loop: EventLoop) {
        let (work, due) = state.withLock { state -> ([Work], [Timer]) in
            let now = ContinuousClock.now
            let due = Array(state.timers.prefix { $0.due <= now })
            state.timers.removeFirst(due.count)
            defer { state.work = [] }
            return (state.work, due)
        }
        for item in work {
            switch item {
            case .closure(let body): body()
            case .job(let job):
                unsafe job.runSynchronously(
                    isolatedTo: loop.asUnownedSerialExecutor(), taskExecutor: loop.asUnownedTaskExecutor())
            }
        }
        for timer in due { timer.body() }
    }

    /// - Returns: how long to wait, in milliseconds; nil when the loop has ended.
    private func prepareToSleep() -> Int32? {
        state.withLock { state in
            if state.isStopped { return nil }
            guard state.work.isEmpty else { return 0 }
            state.isAsleep = true
            guard let next = state.timers.first else { return -1 }
            // Rounded up: waking too early would only go round once more.
            return Int32(clamping: max(0, (next.due - .now).milliseconds + 1))
        }
    }

    private func wait(_ milliseconds: Int32, _ ready: inout [UInt64]) {
        let raw = epoll.withRaw { $0 }
        let count = unsafe vipns_epoll_wait(raw, &ready, Int32(ready.count), milliseconds)
        state.withLock { $0.isAsleep = false }
        guard count > 0 else { return }
        for number in ready[..<Int(count)] {
            if number == 0 {
                var content: UInt64 = 0
                alarm.withRaw { _ = unsafe read($0, &content, 8) }
            } else if let watch = state.withLock({ $0.watches[number] }), !watch.isCancelled {
                watch.ready()
            }
        }
    }
}
