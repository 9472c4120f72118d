import Addressing
import Glibc
import KernelSupport
import LinuxSystem
import SessionNetwork
import Testing

/// Making and connecting that fails says why and leaves nothing; each on a host of its own.
@Suite(.needsRoot, .timeLimit(.minutes(1))) struct FailureTests {
    @Test func `an address that is on another link is told apart, and nothing of the session stays`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let first = try host.open(101)
                let second = try host.make()
                let error = expectError { _ = try host.networks.connect(second.session, link: try TestHost.link(101)) }
                #expect(error?.errno == .addressInUse)
                #expect(error?.errno == .addressInUse)
                #expect(
                    error?.description == """
                        cannot create macvlan 'eth0' with MAC address 02:00:0a:4d:00:65 on parent link 'lan0': \
                        Address already in use (another link of this parent carries the MAC address)
                        """)
                _ = try host.networks.dismantle(second.session, number: second.number)
                #expect(try eventually { try host.numbers() == [Int(first.number)] })
                // The first one's link is untouched.
                #expect(try host.links(of: first.name).map(\.ifname) == ["lo", "eth0"])
                _ = try host.networks.dismantle(first.session, number: first.number)
            }
        }
    }

    @Test func `a parent link that is missing or down is said to be so`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let first = try host.make()
                let missing = expectError {
                    _ = try host.networks.connect(first.session, link: try TestHost.link(101, parent: "nope"))
                }
                #expect(
                    missing?.description
                        == "cannot use parent link 'nope': No such device (see 'ip link' and the pool's 'parent')")
                #expect(missing?.errno != .addressInUse)
                let second = try host.make()
                try host.ip("link set lan0 down")
                let down = expectError { _ = try host.networks.connect(second.session, link: try TestHost.link(101)) }
                #expect(
                    down?.description == "cannot use parent link 'lan0': Network is down (ip link set 'lan0' up)")
                for opened in [first, second] { _ = try host.networks.dismantle(opened.session, number: opened.number) }
            }
        }
    }

    @Test func `a parent link that goes takes the session's link, and dismantling is clean all the same`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let opened = try host.open(101)
                try host.ip("link del lan0")
                #expect(try host.links(of: opened.name).map(\.ifname) == ["lo"])
                #expect(try host.networks.list().map(\.hasLink) == [false])
                _ = try host.networks.dismantle(opened.session, number: opened.number)
                #expect(try eventually { try host.networks.isAlive(opened.number) == false })
                try host.ip("link add lan0 type veth peer name p0")
            }
        }
    }

    @Test func `a number that is taken is refused, and no second pin is made`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let opened = try host.open(101)
                let other = SessionID.random()
                let error = expectError { _ = try host.networks.make(other, number: opened.number) }
                #expect(error?.errno == .fileExists)
                // The kernel's own words follow.
                let words = "cannot number a network namespace \(opened.number): File exists"
                #expect(error?.description.hasPrefix(words) == true)
                #expect(try directoryEntries(TestHost.pins) == [opened.session.description])
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }

    @Test func `a session cannot be made twice, nor connected twice or without being made`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let opened = try host.open(101)
                let error = expectError { _ = try host.networks.make(opened.session, number: host.nextNumber()) }
                #expect(error?.description == "cannot make pin '\(opened.pin)': File exists")
                #expect(try eventually { try host.numbers() == [Int(opened.number)] })
                // The first one is as it was.
                #expect(try host.links(of: opened.name).map(\.ifname) == ["lo", "eth0"])
                let again = expectError { _ = try host.networks.connect(opened.session, link: nil) }
                #expect(again?.description.contains("it was not made, or is connected") == true)
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }

    @Test func `a pin directory that takes nothing fails the making, which leaves nothing`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                try host.run("/usr/bin/mount", ["-o", "remount,bind,ro", TestHost.pins])
                let error = expectError { _ = try host.make() }
                #expect(error?.errno.rawValue == EROFS)
                try host.run("/usr/bin/mount", ["-o", "remount,bind,rw", TestHost.pins])
                // A name that exists stops it after the mount: that is taken back too.
                let session = SessionID.random()
                #expect(unsafe symlink("/nowhere", "\(TestHost.names)/vipns-\(session)") == 0)
                let later = expectError { _ = try host.networks.make(session, number: host.nextNumber()) }
                #expect(later?.errno == .fileExists)
                #expect(try directoryEntries(TestHost.pins).isEmpty)
            }
        }
    }

    @Test func `the want of a descriptor at any step is an error that leaves nothing`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                var failures = 0
                for spare in 0..<12 {
                    let opened = Opened(session: .random(), number: host.nextNumber())
                    let outcome = withDescriptors(spare) {
                        Result { () throws(NetworkError) in
                            _ = try host.networks.make(opened.session, number: opened.number)
                        }
                    }
                    switch outcome {
                    case .success:
                        _ = try host.networks.dismantle(opened.session, number: opened.number)
                    case .failure(let error):
                        failures += 1
                        #expect(error.errno.rawValue == EMFILE, "\(spare): \(error)")
                        #expect(try directoryEntries(TestHost.pins).isEmpty, "\(spare)")
                        #expect(try directoryEntries(TestHost.names).isEmpty, "\(spare)")
                    }
                    #expect(try eventually { try host.numbers().isEmpty }, "\(spare)")
                }
                // With none to spare it must fail, with a dozen it must not.
                #expect((1..<12).contains(failures))
            }
        }
    }

    @Test func `the want of a descriptor while connecting leaves what dismantling takes away`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                for spare in 0..<4 {
                    let opened = try host.make()
                    let link = try TestHost.link(101)
                    _ = withDescriptors(spare) {
                        Result { () throws(NetworkError) in _ = try host.networks.connect(opened.session, link: link) }
                    }
                    _ = try host.networks.dismantle(opened.session, number: opened.number)
                    #expect(try eventually { try host.networks.isAlive(opened.number) == false }, "\(spare)")
                }
            }
        }
    }
}

typealias Opened = TestHost.Opened

/// Runs `body`, which has to fail, and gives its error.
func expectError(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) -> NetworkError? {
    #expect(throws: NetworkError.self, sourceLocation: sourceLocation) { try body() }
}

/// Runs `body` while only `spare` more descriptors can be opened.
private func withDescriptors<Value>(_ spare: Int, _ body: () -> Value) -> Value {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard unsafe getrlimit(resource, &limit) == 0 else { return body() }
    let before = limit.rlim_cur
    // The lowest number that is free is the next one given: fill the gaps first.
    var fillers: [Int32] = []
    let highest = ((try? directoryEntries("/proc/self/fd")) ?? []).compactMap { Int32($0) }.max() ?? 0
    while let filler = Optional(dup(2)), filler >= 0, filler <= highest { fillers.append(filler) }
    close(highest + 1)
    limit.rlim_cur = rlim_t(Int(highest) + 1 + spare)
    _ = unsafe setrlimit(resource, &limit)
    let value = body()
    limit.rlim_cur = before
    _ = unsafe setrlimit(resource, &limit)
    for filler in fillers { close(filler) }
    return value
}
