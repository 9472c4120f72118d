import Glibc
import KernelSupport
import LinuxSystem
import Testing

struct UnixSocketTests {
    @Test(arguments: [UnixSocket.Kind.stream, .seqpacket])
    func `a descriptor travels with its message and is the same file`(kind: UnixSocket.Kind) throws {
        let pair = try UnixSocket.pair(kind)
        let file = try OwnedDescriptor.open("/dev/zero", O_RDONLY)
        let sent = try UnixSocket.send([1, 2, 3], passing: file.withRaw { $0 }, on: pair.first)
        #expect(sent == 3)
        let message = try UnixSocket.receive(limit: 16, on: pair.second)
        let octets = message.octets
        #expect(octets == [1, 2, 3])
        let identity = try required(message.take()).identity()
        #expect(try identity == FileIdentity(path: "/dev/zero"))
    }

    @Test func `a message without descriptor has none, and the end of the peer is an empty message`() throws {
        var pair = try UnixSocket.pair(.seqpacket)
        _ = try UnixSocket.send([1], on: pair.first)
        #expect(throws: NoDescriptor.self) {
            _ = try required(try UnixSocket.receive(limit: 16, on: pair.second).take())
        }
        pair.first = try OwnedDescriptor.open("/dev/null", O_RDONLY)
        let end = try UnixSocket.receive(limit: 16, on: pair.second).octets
        #expect(end.isEmpty)
        #expect(throws: Errno.brokenPipe) { _ = try UnixSocket.send([1], on: pair.second) }
    }

    @Test func `two descriptors are refused and both are closed`() async {
        await #expect(processExitsWith: .success) {
            let pair = try UnixSocket.pair(.seqpacket)
            let files = unsafe [open("/dev/null", O_RDONLY), open("/dev/zero", O_RDONLY)]
            let before = try openDescriptors()
            try sendOctets([1, 2], with: files, on: pair.first.withRaw { $0 })
            #expect(throws: Errno.messageSize) { _ = try UnixSocket.receive(limit: 16, on: pair.second) }
            #expect(try openDescriptors() == before)
            // The channel itself is as good as before.
            _ = try UnixSocket.send([3], on: pair.first)
            let octets = try UnixSocket.receive(limit: 16, on: pair.second).octets
            #expect(octets == [3])
        }
    }

    @Test func `many descriptors are refused and all are closed`() async {
        await #expect(processExitsWith: .success) {
            let pair = try UnixSocket.pair(.stream)
            let files = (0..<200).map { _ in unsafe open("/dev/null", O_RDONLY) }
            let before = try openDescriptors()
            try sendOctets([1, 2], with: files, on: pair.first.withRaw { $0 })
            #expect(throws: Errno.messageSize) { _ = try UnixSocket.receive(limit: 16, on: pair.second) }
            let after = try openDescriptors()
            let more = after.subtracting(before).map { readSymbolicLink("/proc/self/fd/\($0)") ?? "" }
            #expect(after == before, "\(more) \(before.subtracting(after))")
        }
    }

    @Test func `who has no number free for a descriptor is told so, and the octets are whole`() async {
        await #expect(processExitsWith: .success) {
            let pair = try UnixSocket.pair(.seqpacket)
            for octet in [1, 2] as [UInt8] { _ = try UnixSocket.send([octet], passing: 0, on: pair.first) }
            var limit = rlimit()
            try checked { unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) }
            let usual = limit.rlim_cur
            limit.rlim_cur = 0
            try checked { unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) }
            #expect(throws: Errno(rawValue: EMFILE)) { _ = try UnixSocket.receive(limit: 4, on: pair.second) }
            let message = try UnixSocket.receiveOctets(limit: 4, on: pair.second)
            limit.rlim_cur = usual
            try checked { unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) }
            expect(message.lacksDescriptor && message.descriptor == nil, true)
            #expect(message.octets == [2])
        }
    }

    @Test func `a message past the limit is refused with its descriptor`() async {
        await #expect(processExitsWith: .success) {
            let pair = try UnixSocket.pair(.seqpacket)
            let before = try openDescriptors()
            _ = try UnixSocket.send([1, 2, 3, 4, 5], passing: 0, on: pair.first)
            #expect(throws: Errno.messageSize) { _ = try UnixSocket.receive(limit: 4, on: pair.second) }
            #expect(try openDescriptors() == before)
        }
    }

    @Test func `a listener takes the place of another without a gap`() async {
        await #expect(processExitsWith: .success) {
            let path = TemporaryPath()
            // The old ones stay open: a client may have found one just before it was replaced.
            var listeners = [DescriptorBox(try UnixSocket.listen(.stream, at: path.path, mode: 0o666))]
            let name = path.path
            let clients = try ChildProcess(
                "/usr/bin/perl",
                arguments: [
                    "-MSocket", "-e",
                    """
                    for (1..3000) { socket(my $s, AF_UNIX, SOCK_STREAM, 0) or exit 1;
                    connect($s, pack_sockaddr_un($ARGV[0])) or exit 2 }
                    """, name,
                ])
            let process = try PidDescriptor(pid: clients.pid)
            while !process.hasEnded {
                listeners.append(DescriptorBox(try UnixSocket.listen(.stream, at: name, mode: 0o666)))
                // A slow machine replaces it more often than a process may have descriptors.
                if listeners.count > 500 { listeners.removeFirst(100) }
            }
            let ending = try clients.wait()
            #expect(ending == .exited(0))
            #expect(listeners.count > 10)
        }
    }

    @Test func `a listener has the mode that was asked for, whatever the mask`() async {
        await #expect(processExitsWith: .success) {
            umask(0o077)
            let path = TemporaryPath()
            let listener = try UnixSocket.listen(.seqpacket, at: path.path, mode: 0o666)
            var facts = stat()
            #expect(unsafe lstat(path.path, &facts) == 0)
            #expect(facts.st_mode & 0o777 == 0o666)
            _ = consume listener
        }
    }

    @Test func `a listener that cannot be placed leaves nothing behind`() throws {
        let path = TemporaryPath()
        #expect(unsafe mkdir(path.path, 0o700) == 0)
        let place = "\(path.path)/socket"
        #expect(unsafe mkdir(place, 0o700) == 0)
        #expect(throws: Errno.self) { _ = try UnixSocket.listen(.stream, at: place, mode: 0o600) }
        #expect(try directoryEntries(path.path) == ["socket"])
        #expect(unsafe rmdir(place) == 0)
        #expect(throws: Errno.noSuchFile) { _ = try UnixSocket.listen(.stream, at: "\(place)/x", mode: 0o600) }
        #expect(throws: Errno(rawValue: ENAMETOOLONG)) {
            _ = try UnixSocket.listen(.stream, at: "/tmp/" + String(repeating: "x", count: 110), mode: 0o600)
        }
    }

    @Test func `nobody there, and nobody listening, are told apart`() throws {
        let path = TemporaryPath()
        #expect(throws: Errno.noSuchFile) { _ = try UnixSocket.connect(.stream, to: path.path) }
        _ = try UnixSocket.listen(.stream, at: path.path, mode: 0o600)
        #expect(throws: Errno.connectionRefused) { _ = try UnixSocket.connect(.stream, to: path.path) }
    }

    @Test func `a full backlog does not hold a client longer than its timeout`() throws {
        let path = TemporaryPath()
        let listener = try UnixSocket.listen(.stream, at: path.path, mode: 0o600, backlog: 0)
        let first = try UnixSocket.connect(.stream, to: path.path)
        let begin = SystemClock.bootTimeMicroseconds()
        #expect(throws: Errno.wouldBlock) {
            _ = try UnixSocket.connect(.stream, to: path.path, timeout: .milliseconds(200))
        }
        #expect((150_000...60_000_000).contains(SystemClock.bootTimeMicroseconds() - begin))
        _ = consume listener
        _ = consume first
    }

    @Test func `the peer is who connected`() throws {
        let pair = try UnixSocket.pair(.stream)
        let peer = try PeerCredentials(of: pair.first)
        #expect(peer.pid == getpid() && peer.uid == geteuid() && peer.gid == getegid())
        let cookie = try PeerCredentials.networkNamespaceCookie(of: pair.first)
        #expect(try cookie == NetworkNamespace.cookieOfCallingThread())
    }
}
