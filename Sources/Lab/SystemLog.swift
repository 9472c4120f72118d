internal import CLinux
internal import Glibc
internal import LinuxSystem

/// What takes the system log's place in a lab: every message becomes a line of ``LabPaths/systemLog``.
///
/// A thread of the lab's init writes them, for without a reader syslog(3) would block the programs.
enum SystemLog {
    /// Listens at `path`, which is what programs know as `/dev/log`.
    ///
    /// - Throws: what failed.
    static func start(at path: String) throws(LabError) {
        let socket = try attempt("listen at '\(path)'") { () throws(Errno) in
            let socket = OwnedDescriptor(
                adopting: try checked { Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0) })
            let raw = socket.withRaw { $0 }
            try checked { unsafe vipns_unix_bind(raw, path) }
            try checked { unsafe chmod(path, 0o666) }
            return socket
        }
        let file = try attempt("open '\(LabPaths.systemLog)'") { () throws(Errno) in
            try OwnedDescriptor.open(LabPaths.systemLog, O_WRONLY | O_CREAT | O_APPEND, mode: 0o644)
        }
        let work = unsafe Unmanaged.passRetained(Copying(socket: DescriptorBox(socket), file: DescriptorBox(file)))
        var thread = pthread_t()
        let status = unsafe pthread_create(
            &thread, nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<Copying>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            }, work.toOpaque())
        guard status == 0 else { throw LabError("start a thread for the system log", Errno(rawValue: status)) }
        pthread_detach(thread)
    }

    /// The two ends, handed to the thread that lives as long as the lab.
    private final class Copying {
        private let socket: DescriptorBox
        private let file: DescriptorBox

        init(socket: DescriptorBox, file: DescriptorBox) {
            self.socket = socket
            self.file = file
        }

        func run() {
            guard let socket = socket.take(), let file = file.take() else { return }
            // Nested, so that both descriptors stay open.
            socket.withRaw { source in file.withRaw { target in Self.copy(from: source, to: target) } }
        }

        private static func copy(from source: Int32, to target: Int32) {
            var octets = [UInt8](repeating: 0, count: 8193)
            while true {
                var size = unsafe recv(source, &octets, octets.count - 1, 0)
                if size < 0, errno != EINTR { return }
                // Some senders end their message by a NUL.
                while size > 0, octets[size - 1] == 0 || octets[size - 1] == 10 { size -= 1 }
                guard size > 0 else { continue }
                octets[size] = 10
                _ = unsafe write(target, octets, size + 1)
            }
        }
    }
}
