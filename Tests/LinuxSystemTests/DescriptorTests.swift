import CLinux
import Glibc
import KernelSupport
import LinuxSystem
import Testing

/// Every descriptor has one owner, is closed with it, and does not outlive an exec.
struct DescriptorTests {
    @Test func `a descriptor is closed with its owner, once`() async {
        await #expect(processExitsWith: .success) {
            let before = try openDescriptors()
            do {
                let first = try OwnedDescriptor.open("/dev/null", O_RDONLY)
                let second = try first.duplicate()
                #expect(try openDescriptors().count == before.count + 2)
                try second.close()
                #expect(try openDescriptors().count == before.count + 1)
                _ = DescriptorBox(first)
            }
            #expect(try openDescriptors() == before)
            let raw = try OwnedDescriptor.open("/dev/null", O_RDONLY).relinquish()
            #expect(try openDescriptors().count == before.count + 1)
            #expect(close(raw) == 0)
        }
    }

    @Test func `a box gives its descriptor once`() throws {
        let box = DescriptorBox(try OwnedDescriptor.open("/dev/null", O_RDONLY))
        _ = try required(box.take())
        #expect(throws: NoDescriptor.self) { _ = try required(box.take()) }
    }

    @Test func `a duplicate keeps clear of standard input, output and error`() async {
        await #expect(processExitsWith: .success) {
            let file = try OwnedDescriptor.open("/dev/null", O_RDONLY)
            close(0)
            let copy = try file.duplicate()
            let raw = copy.withRaw { $0 }
            #expect(raw >= 3)
        }
    }

    @Test func `every descriptor is born close-on-exec`() throws {
        let path = TemporaryPath()
        let file = try OwnedDescriptor.open("/dev/null", O_RDONLY)
        try expectCloseOnExec(file)
        try expectCloseOnExec(try file.duplicate())
        for kind in [UnixSocket.Kind.stream, .seqpacket] {
            var pair = try UnixSocket.pair(kind)
            try expectCloseOnExec(pair.first)
            try expectCloseOnExec(pair.second)
            let listener = try UnixSocket.listen(kind, at: path.path, mode: 0o600)
            try expectCloseOnExec(listener)
            try expectCloseOnExec(try UnixSocket.connect(kind, to: path.path))
            try expectCloseOnExec(try UnixSocket.accept(from: listener, nonBlocking: false))
            _ = try UnixSocket.send([1], passing: file.withRaw { $0 }, on: pair.first)
            try expectCloseOnExec(try required(try UnixSocket.receive(limit: 8, on: pair.second).take()))
            try expectCloseOnExec(try PidDescriptor(peerOf: pair.first).intoDescriptor())
            pair = try UnixSocket.pair(kind)
        }
        try expectCloseOnExec(try PidDescriptor(pid: getpid()).intoDescriptor())
        try expectCloseOnExec(try NetworkNamespace.current().intoDescriptor())
        try expectCloseOnExec(OwnedDescriptor(adopting: try signalDescriptor([])))
    }

    private func expectCloseOnExec(
        _ descriptor: borrowing OwnedDescriptor, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let flags = fcntl(descriptor.withRaw { $0 }, F_GETFD)
        #expect(flags & FD_CLOEXEC != 0, sourceLocation: sourceLocation)
    }
}
