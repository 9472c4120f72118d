import Addressing
import KernelSupport
import LinuxSystem

extension TestHost {
    /// Connects both sessions to the neighbour and to the second session, and the neighbour to that: all must succeed.
    func expectReachable(
        _ first: Opened, _ second: Opened, at address: IPAddress, gateway: IPAddress
    ) throws {
        let neighbour = try TCPSocket.listen(port: 7, address.family)
        let sibling = try join(second).run { () throws(Errno) in
            DescriptorBox(try TCPSocket.listen(port: 7, address.family))
        }
        for (opened, target) in [(first, address), (first, gateway), (second, gateway), (second, address)] {
            _ = try join(opened).run { () throws(Errno) in
                DescriptorBox(try TCPSocket.connect(to: target, port: 7))
            }
        }
        _ = try TCPSocket.connect(to: address, port: 7)
        _ = consume neighbour
        _ = sibling.take()
    }
}
