import Glibc
import KernelSupport
import LinuxSystem
import Testing

@Suite(.needsRoot) struct NetworkNamespaceTests {
    @Test func `a namespace is made and entered without moving the caller`() throws {
        let own = try FileIdentity(path: "/proc/thread-self/ns/net")
        let made = try NetworkNamespace.make { () throws(Errno) in try FileIdentity(path: "/proc/thread-self/ns/net") }
        let inside = made.result
        let namespace = made.intoNamespace()
        #expect(inside != own)
        try expect(namespace.descriptor.identity(), inside)
        let seen = try namespace.run { () throws(Errno) in try FileIdentity(path: "/proc/thread-self/ns/net") }
        #expect(seen == inside)
        #expect(try FileIdentity(path: "/proc/thread-self/ns/net") == own)
        #expect(throws: Errno.noSpace) { try namespace.run { () throws(Errno) in throw Errno.noSpace } }
    }

    @Test func `a namespace that is not prepared is not there`() async {
        await #expect(processExitsWith: .success) {
            let before = try openDescriptors()
            #expect(throws: Errno.noSpace) {
                _ = try NetworkNamespace.make { () throws(Errno) -> Int in throw .noSpace }
            }
            #expect(try openDescriptors() == before)
        }
    }

    @Test func `a namespace's own cookie is the one that its sockets tell`() throws {
        let made = try NetworkNamespace.make { () throws(Errno) in try NetworkNamespace.cookieOfCallingThread() }
        let cookie = made.result
        try expect(made.intoNamespace().cookie(), cookie)
        #expect(try NetworkNamespace.cookieOfCallingThread() != cookie)
    }

    @Test func `a namespace that was received is taken when it is safe to enter`() throws {
        let made = try NetworkNamespace.make { () throws(Errno) in 0 }
        let namespace = try NetworkNamespace(received: made.intoNamespace().intoDescriptor())
        _ = try namespace.cookie()
    }

    @Test(arguments: [
        "/etc/passwd", "/dev/null", "/proc/self/status", "/proc/thread-self/ns/net", "/proc/self/ns/mnt",
        "/proc/self/ns/user", "/proc/self/ns/pid",
    ])
    func `what is no network namespace of somebody else is refused`(path: String) throws {
        let file = DescriptorBox(try OwnedDescriptor.open(path, O_RDONLY))
        #expect(throws: Errno.invalidArgument) {
            _ = try NetworkNamespace(received: try required(file.take()))
        }
    }

    @Test func `a descriptor without file behind it is refused`() throws {
        let pair = try UnixSocket.pair(.stream)
        let socket = DescriptorBox(pair.keepingFirst())
        #expect(throws: Errno.invalidArgument) {
            _ = try NetworkNamespace(received: try required(socket.take()))
        }
    }

    @Test func `a namespace that a user owns is refused`() throws {
        let child = try ChildProcess(
            "/usr/bin/unshare", arguments: ["--user", "--map-root-user", "--net", "/bin/sleep", "20"])
        let pid = child.pid
        let own = try FileIdentity(path: "/proc/self/ns/net")
        #expect(eventually { (try? readTextFile("/proc/\(pid)/comm")) == "sleep\n" })
        #expect(try FileIdentity(path: "/proc/\(pid)/ns/net") != own)
        let theirs = DescriptorBox(try OwnedDescriptor.open("/proc/\(pid)/ns/net", O_RDONLY))
        #expect(throws: Errno.invalidArgument) {
            _ = try NetworkNamespace(received: try required(theirs.take()))
        }
        #expect(kill(pid, SIGKILL) == 0)
        _ = try child.wait()
    }

    @Test func `a path is opened when it leads to a network namespace`() throws {
        #expect(throws: Errno.invalidArgument) { _ = try NetworkNamespace.open("/etc/passwd") }
        #expect(throws: Errno.invalidArgument) { _ = try NetworkNamespace.open("/proc/self/ns/mnt") }
        #expect(throws: Errno.noSuchFile) { _ = try NetworkNamespace.open("/nonexistent") }
        _ = try NetworkNamespace.open("/proc/self/ns/net")
    }
}
