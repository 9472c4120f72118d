/// The way to a network: what a session sends to `gateway` in place of its default gateway.
public struct Route: Hashable, Sendable, CustomStringConvertible {
    /// The network, without host bits.
    public let destination: IPPrefix
    /// Who takes it on: a neighbour.
    public let gateway: IPAddress

    /// Puts the two together.
    public init(to destination: IPPrefix, via gateway: IPAddress) {
        self.destination = destination
        self.gateway = gateway
    }

    /// `PREFIX via ADDRESS`, as ip-route(8) has it.
    public var description: String { "\(destination) via \(gateway)" }
}
