import Addressing
import Glibc
import KernelSupport
import LinuxSystem
import Netlink
import Testing

@testable import SessionNetwork

/// What keeps a namespace alive when no process is in it; each on a host of its own.
@Suite(.needsRoot, .timeLimit(.minutes(1))) struct HolderTests {
    @Test(arguments: [false, true])
    func `a socket that nobody owns any more is destroyed with the session`(isIPv6: Bool) async {
        await #expect(processExitsWith: .success) { [isIPv6] in
            try TestHost.run { host in
                if isIPv6 { try host.carryIPv6() }
                let listener = try TCPSocket.listen(port: 7, isIPv6 ? .ipv6 : .ipv4)
                let opened = try isIPv6 ? host.open(TestHost.link6(101, isPair: true)) : host.open(101)
                let gateway = isIPv6 ? IPAddress(ipv6: TestHost.network6 | 1) : IPAddress(ipv4: 0x0a4d_0001)
                let peer = try leaveOrphan(in: opened, of: host, listener: listener, gateway: gateway)
                _ = try host.networks.dismantle(opened.session, number: opened.number)
                #expect(try eventually { try host.networks.isAlive(opened.number) == false })
                // The peer is told by a reset and does not wait for ever.
                #expect(throws: Errno.connectionReset) { _ = try drain(peer) }
            }
        }
    }

    /// The other half of the test above: without destruction the orphan does hold the namespace.
    @Test func `a socket that nobody owns any more outlives an unpinning, until its peer ends`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let listener = try TCPSocket.listen(port: 7)
                let opened = try host.open(101)
                let peer = try leaveOrphan(in: opened, of: host, listener: listener)
                _ = try host.networks.unpin(opened.session, number: opened.number)
                usleep(200_000)
                #expect(try host.networks.isAlive(opened.number))
                #expect(try host.networks.members().isEmpty)
                #expect(try host.networks.list().map(\.hasLink) == [true])
                // What the peer has not read makes its end a reset, which ends the orphan too.
                try peer.close()
                #expect(try eventually { try host.networks.isAlive(opened.number) == false })
            }
        }
    }

    @Test func `somebody who holds the namespace does not hold its address`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let opened = try host.make()
                let held = try host.networks.connect(opened.session, link: try TestHost.link(101))
                #expect(try host.networks.dismantle(opened.session, number: opened.number).isAlive)
                usleep(100_000)
                #expect(try host.networks.isAlive(opened.number))
                #expect(try host.networks.list() == [.init(nil, number: opened.number, hasLink: true)])
                try host.networks.deleteLink(number: opened.number)
                // The acknowledgement means that the link is gone: the same address goes on another at once.
                let next = try host.open(101)
                // A second time it is gone already.
                try host.networks.deleteLink(number: opened.number)
                try held.close()
                #expect(try eventually { try host.networks.isAlive(opened.number) == false })
                try host.networks.deleteLink(number: opened.number)
                #expect(try host.links(of: next.name).last?.address == "02:00:0a:4d:00:65")
                _ = try host.networks.dismantle(next.session, number: next.number)
            }
        }
    }

    @Test func `an address can be used again a moment after its namespace is gone`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                try reuseAddress(on: host)
            }
        }
    }

    @Test func `links of a number that nobody has are an error, not an empty list`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let socket = try NetlinkSocket()
                let error = #expect(throws: NetlinkError.self) {
                    _ = try socket.links(targetNamespace: host.nextNumber())
                }
                #expect(error?.errno == .invalidArgument)
                #expect(error?.description == "cannot list links: Invalid argument")
                // The socket is as good as before.
                #expect(try Set(socket.links().map(\.name)) == ["lo", "lan0", "p0"])
            }
        }
    }
}

/// Opens and ends sessions with one address, each as soon as the parent link takes it again.
private func reuseAddress(on host: TestHost) throws {
    for _ in 0..<5 {
        // The links go a moment after the namespace: until then the parent link refuses the MAC address.
        let isFree = try becomesFree(on: host)
        #expect(isFree)
    }
}

private func becomesFree(on host: TestHost) throws -> Bool {
    try eventually { try tryAddress(on: host) }
}

/// Opens and ends a session with the address; whether the parent link took it.
private func tryAddress(on host: TestHost) throws -> Bool {
    let opened = try host.make()
    defer { _ = try? host.networks.dismantle(opened.session, number: opened.number) }
    do {
        _ = try host.networks.connect(opened.session, link: try TestHost.link(101))
        return true
    } catch let error as NetworkError where error.errno == .addressInUse {
        return false
    }
}

/// Leaves a connection in FIN-WAIT with unsent data inside, and no process; gives the peer's end outside.
private func leaveOrphan(
    in opened: Opened, of host: TestHost, listener: borrowing OwnedDescriptor,
    gateway: IPAddress = IPAddress(ipv4: 0x0a4d_0001)
) throws -> OwnedDescriptor {
    try host.join(opened).run { () throws(Errno) in
        try TCPSocket.fill(try TCPSocket.connect(to: gateway, port: 7))
    }
    return try UnixSocket.accept(from: listener, nonBlocking: false)
}

/// Reads to the end.
private func drain(_ socket: borrowing OwnedDescriptor) throws(Errno) {
    try UnixSocket.setTimeouts(.seconds(2), on: socket)
    while try !UnixSocket.receive(limit: 1 << 16, on: socket).octets.isEmpty {}
}
