internal import LinuxSystem

/// The one owner of a connection's socket, which closes when the last reference goes.
final class ConnectionSocket: Sendable {
    let descriptor: OwnedDescriptor

    init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }
}

/// A frame on its way out, with the descriptor that goes with its first octet.
///
/// Unchecked: after it was made it is touched under its connection's lock only.
final class OutgoingFrame: @unchecked Sendable {
    private let octets: [UInt8]
    private var sent = 0
    private var descriptor: OwnedDescriptor?

    init(_ octets: [UInt8], passing descriptor: consuming OwnedDescriptor?) {
        self.octets = octets
        self.descriptor = descriptor
    }

    var remaining: Int { octets.count - sent }

    /// Sends what the socket takes; the descriptor is closed as soon as it is on its way.
    func send(on socket: borrowing OwnedDescriptor) throws(Errno) -> Int {
        let passed = descriptor?.withRaw { $0 } ?? -1
        let count = try UnixSocket.send(octets[sent...], passing: passed, on: socket)
        sent += count
        descriptor = nil
        return count
    }
}

/// What a connection knows, guarded by its lock.
struct ConnectionState {
    /// nil once the descriptor is closed, which is some time after ``isClosing`` is set.
    var socket: ConnectionSocket?
    /// Set once and for ever; nothing is sent or begun afterwards.
    var isClosing = false
    /// Watches that still wait for the socket; it may be closed only when there are none.
    var sources = 0
    var reading: EventLoop.Watch?
    var writing: EventLoop.Watch?

    var decoder: FrameDecoder
    /// Calls that are not read yet: that is done when it is their user's turn.
    var waiting: [[UInt8]] = []
    var isAnswering = false
    var stream: Task<Void, Never>?

    var output: [OutgoingFrame] = []
    var drainWaiters: [CheckedContinuation<Void, Never>] = []
    var closeCallbacks: [UInt64: @Sendable () -> Void] = [:]
    var lastCloseCallback: UInt64 = 0

    /// When the request that has begun must be complete.
    var requestDeadline: ContinuousClock.Instant?
    /// When the waiting output must have moved on.
    var outputDeadline: ContinuousClock.Instant?

    init(socket: ConnectionSocket, uid: UInt32, limits: VarlinkServer.Limits) {
        self.socket = socket
        self.decoder = FrameDecoder(
            maximumOctets: uid == 0 ? limits.requestOctets : min(limits.requestOctets, limits.userRequestOctets))
    }

    /// What ``flush(patience:)`` came to.
    enum Flushed {
        case everything
        case some
        case failed
    }

    /// Sends what the socket takes now.
    mutating func flush(patience: Duration) -> Flushed {
        guard let socket else { return .failed }
        var moved = outputDeadline == nil
        while let frame = output.first {
            do throws(Errno) {
                moved = try frame.send(on: socket.descriptor) > 0 || moved
                if frame.remaining == 0 { output.removeFirst() }
            } catch .wouldBlock {
                if moved { outputDeadline = .now + patience }
                return .some
            } catch {
                return .failed
            }
        }
        outputDeadline = nil
        return .everything
    }

    /// Takes what the client sent apart; false where that cannot be done, or is too much.
    mutating func take(_ octets: [UInt8], limits: VarlinkServer.Limits) -> Bool {
        decoder.feed(octets)
        var completed = false
        var waitingOctets = waiting.reduce(0) { $0 + $1.count }
        do throws(FrameDecoder.Failure) {
            while let frame = try decoder.next() {
                waitingOctets += frame.count
                guard waiting.count < limits.waitingCalls, waitingOctets <= limits.waitingOctets else { return false }
                waiting.append(frame)
                completed = true
            }
        } catch {
            return false
        }
        if !decoder.isInsideFrame {
            requestDeadline = nil
        } else if completed || requestDeadline == nil {
            requestDeadline = .now + limits.patience
        }
        return true
    }
}
