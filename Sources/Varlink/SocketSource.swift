internal import Dispatch
internal import LinuxSystem

/// A Dispatch source over a socket: calls `ready` on a queue for as long as the socket is readable or writable.
///
/// Unchecked: Dispatch sources may be used from any thread, but their protocols do not say so.
final class SocketSource: @unchecked Sendable {
    /// What is waited for.
    enum Direction {
        case reading
        case writing
    }

    private let source: any DispatchSourceProtocol

    /// Watches from now on; the descriptor must stay open until `ended` was called on the queue.
    init(
        _ direction: Direction, of socket: borrowing OwnedDescriptor, queue: DispatchQueue,
        ready: @escaping @Sendable () -> Void, ended: @escaping @Sendable () -> Void
    ) {
        let raw = socket.withRaw { $0 }
        switch direction {
        case .reading: source = DispatchSource.makeReadSource(fileDescriptor: raw, queue: queue)
        case .writing: source = DispatchSource.makeWriteSource(fileDescriptor: raw, queue: queue)
        }
        source.setEventHandler(handler: DispatchWorkItem(block: ready))
        source.setCancelHandler(handler: DispatchWorkItem(block: ended))
        source.activate()
    }

    func cancel() { source.cancel() }

    /// Stops watching until ``resume()``; the two must be balanced before the last reference goes.
    func suspend() { source.suspend() }

    func resume() { source.resume() }
}
