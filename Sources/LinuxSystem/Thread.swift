internal import Glibc

/// What a raw thread runs; hides the result's type from the C entry point, which cannot be generic.
private final class Work {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
}

/// Where a raw thread leaves what came of it; pthread_join(3) orders its write before the reader.
private final class Outcome<Value: Sendable> {
    var value: Result<Value, Errno> = .failure(.interrupted)
}

/// Runs `body` on a raw thread that ends with it, and waits.
///
/// A thread of the Swift runtime or of Dispatch must never change its namespace: it would take later work with it.
func onOwnThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws(Errno) -> Value
) throws(Errno) -> Value {
    let outcome = Outcome<Value>()
    let work = Work {
        do throws(Errno) {
            outcome.value = .success(try body())
        } catch {
            outcome.value = .failure(error)
        }
    }
    let thread = try startThread(work)
    pthread_join(thread, nil)
    return try outcome.value.get()
}

/// Starts a raw thread that runs `body` and ends with it; nobody waits for it.
///
/// - Throws: EAGAIN where no more can be made.
public func startThread(_ body: @escaping @Sendable () -> Void) throws(Errno) {
    pthread_detach(try startThread(Work(body)))
}

private func startThread(_ work: Work) throws(Errno) -> pthread_t {
    let argument = unsafe Unmanaged.passRetained(work)
    var thread = pthread_t()
    let status = unsafe pthread_create(
        &thread, nil,
        { argument in
            if let argument = unsafe argument {
                unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
            }
            return nil
        }, argument.toOpaque())
    guard status == 0 else {
        unsafe argument.release()
        throw Errno(rawValue: status)
    }
    return thread
}

/// Runs `body` on so many raw threads at once, and waits for all; for programs without an executor.
///
/// Where threads cannot be made, on fewer: the caller's own at least.
public func onThreads(_ count: Int, _ body: @escaping @Sendable () -> Void) {
    var threads: [pthread_t] = []
    while threads.count < count - 1, let thread = try? startThread(Work(body)) { threads.append(thread) }
    body()
    for thread in threads { pthread_join(thread, nil) }
}

/// Runs `body` on a raw thread of its own, for what may block for long: it holds up nobody else.
///
/// Gives nil where no thread can be made.
public func onDetachedThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value? {
    await withCheckedContinuation { (waiter: CheckedContinuation<Value?, Never>) in
        do throws(Errno) {
            try startThread { waiter.resume(returning: body()) }
        } catch {
            waiter.resume(returning: nil)
        }
    }
}
