import ServiceLifecycle
import SessionService
import UnixSignals

/// Has the service reload its configuration at SIGHUP, as daemons do.
struct Hangups: Service {
    let service: SessionService

    func run() async {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            // Not waited for: a file on a disk that hangs must not keep the program from ending.
            Task { await service.reload() }
        }
    }
}
