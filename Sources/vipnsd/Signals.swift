import Dispatch
import Glibc
import LinuxSystem
import ServiceLifecycle
import SessionService
import Synchronization

/// Ends the service at SIGTERM and SIGINT, and has it reload its configuration at SIGHUP, as daemons do.
///
/// By a descriptor of its own: Dispatch, by which libraries hear signals, says nothing where the kernel does not let it watch
/// for one, and the program is deaf to that from then on.
final class Signals: Service {
    /// Where signals are heard, and where all runs that belongs to no other thread.
    let loop: EventLoop
    private let service: SessionService
    private let descriptor: OwnedDescriptor

    /// Takes what ``block()`` has given.
    ///
    /// - Throws: the errno where there is no descriptor, no memory or no thread for the loop.
    init(_ descriptor: consuming OwnedDescriptor, for service: SessionService) throws(Errno) {
        self.loop = try EventLoop()
        self.service = service
        self.descriptor = descriptor
    }

    /// Keeps these signals from ending the process, from before any other thread is; they wait until they are heard.
    ///
    /// - Throws: the errno.
    static func block() throws(Errno) -> OwnedDescriptor {
        OwnedDescriptor(adopting: try signalDescriptor([SIGHUP, SIGTERM, SIGINT]))
    }

    /// Returns when the service is to end.
    func run() async {
        let (stream, heard) = AsyncStream.makeStream(of: Int32.self)
        let watch = loop.watch(descriptor, for: .reading) { [self] in
            while let signal = descriptor.withRaw({ nextSignal($0) }) { heard.yield(signal) }
        } ended: { [self] in
            // Until here the watch keeps this object, and so the descriptor.
            extendLifetime(self)
        }
        await withGracefulShutdownHandler {
            for await signal in stream {
                if signal != SIGHUP { break }
                // Not waited for: a file on a disk that hangs must not keep the program from ending.
                Task(executorPreference: loop) { await self.service.reload() }
            }
        } onGracefulShutdown: {
            heard.finish()
        }
        watch.cancel()
    }
}

extension EventLoop {
    /// Runs `body` here, with all that belongs to no other thread, and waits for its end.
    ///
    /// For the program's first thread, which has signals blocked: as Swift's own main thread it would wait with none blocked
    /// (Dispatch, sigsuspend(2)), and be ended by the first.
    func run(_ body: @escaping @Sendable () async throws -> Void) throws {
        let outcome = Mutex<Result<Void, any Error>>(.success(()))
        let isDone = DispatchSemaphore(value: 0)
        Task(executorPreference: self) {
            do {
                try await body()
            } catch {
                outcome.withLock { $0 = .failure(error) }
            }
            isDone.signal()
        }
        isDone.wait()
        try outcome.withLock { $0 }.get()
    }
}
