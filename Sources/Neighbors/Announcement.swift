public import Addressing

/// What the LAN is told of a virtual IP that has just come to a MAC address.
public enum Announcement {
    /// The frames, in the order of their sending: to everybody, then to the gateway where there is one.
    ///
    /// Some gateways ignore what nobody asked for, and learn only by a question that they must answer.
    public static func frames(
        of address: IPAddress, at mac: MACAddress, gateway: IPAddress?
    ) -> [any EthernetFrame] {
        let frames: [(any EthernetFrame)?] =
            switch address.family {
            case .ipv4:
                [
                    ARPFrame.announcement(of: address, at: mac),
                    gateway.flatMap { ARPFrame.request(for: $0, from: address, at: mac) },
                ]
            case .ipv6:
                [
                    NDFrame.announcement(of: address, at: mac),
                    gateway.flatMap { NDFrame.solicitation(for: $0, from: address, at: mac) },
                ]
            }
        return frames.compactMap(\.self)
    }
}
