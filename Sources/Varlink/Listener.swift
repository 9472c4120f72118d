internal import LinuxSystem
internal import Synchronization

/// A listening socket that a server accepts from; its descriptor closes when it was stopped.
final class Listener: Sendable {
    private let server: VarlinkServer
    private let state: Mutex<State>

    private struct State {
        var socket: ConnectionSocket?
        var source: EventLoop.Watch?
        var isStopped = false
    }

    init(_ socket: consuming OwnedDescriptor, server: VarlinkServer) {
        self.server = server
        self.state = Mutex(State(socket: ConnectionSocket(socket)))
    }

    func start() {
        state.withLock { state in
            guard !state.isStopped, let socket = state.socket else { return }
            state.source = server.loop.watch(
                socket.descriptor, for: .reading, ready: { self.accept() },
                ended: { self.state.withLock { $0.socket = nil } })
        }
    }

    func stop() {
        let source = state.withLock { state in
            state.isStopped = true
            // Never started: nothing watches the descriptor.
            if state.source == nil { state.socket = nil }
            defer { state.source = nil }
            return state.source
        }
        source?.cancel()
    }

    /// Takes those who wait, some at a time so that open connections have their turn.
    private func accept() {
        let (socket, source) = state.withLock { ($0.socket, $0.source) }
        guard let socket, let source else { return }
        for _ in 0..<64 {
            do throws(Errno) {
                server.admit(try UnixSocket.accept(from: socket.descriptor, nonBlocking: true))
            } catch .wouldBlock {
                return
            } catch {
                // Out of descriptors or memory: the client stays in the backlog and the watch would fire without end.
                source.suspend(for: server.limits.acceptPause)
                return
            }
        }
    }
}
