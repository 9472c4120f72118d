import Addressing
import CLinux
import Glibc
import LinuxSystem
import Netlink

/// Tells from outside whether a session's link is gone: the kernel refuses its MAC address on the same parent link to any
/// other link that is up for as long as the session's is (EADDRINUSE, drivers/net/macvlan.c).
///
/// The number's end tells less: it comes just before the links go. The probe is one link that is given the MAC addresses
/// in turn. It stays down: a link that is up waits for an RCU grace period at each change, with the lock that everything waits for.
struct MACProbe: ~Copyable {
    private static let name = "probe0"
    private let socket: NetlinkSocket
    private let index: Int32

    init() throws {
        try runToEnd(["ip", "link", "add", "link", LAN.parent, "name", Self.name, "type", "macvlan", "mode", "bridge"])
        let index = unsafe if_nametoindex(Self.name)
        socket = try NetlinkSocket()
        self.index = Int32(bitPattern: index)
    }

    deinit { try? runToEnd(["ip", "link", "del", Self.name]) }

    /// Takes the address, once; false where another link that is up has it.
    func take(_ mac: MACAddress) throws -> Bool {
        var request = NetlinkRequest(capacity: 256)
        request.begin(
            type: UInt16(RTM_SETLINK), flags: UInt16(NLM_F_REQUEST | NLM_F_ACK),
            purpose: "give link '\(Self.name)' MAC address \(mac)")
        var header = ifinfomsg()
        header.ifi_index = index
        request.putHeader(header)
        request.put(IFLA_ADDRESS, octets: mac.octets)
        do throws(NetlinkError) {
            try socket.perform(request)
            return true
        } catch {
            if error.errno == .addressInUse { return false }
            throw error
        }
    }

    /// Waits until every one of them is free; 10 s at most.
    func waitUntilFree(_ macs: [MACAddress]) throws {
        let deadline = ContinuousClock.now + .seconds(10)
        for mac in macs {
            while try !take(mac) {
                guard ContinuousClock.now < deadline else { throw BenchError("MAC address \(mac) stays in use") }
                usleep(500)
            }
        }
    }
}
