import Addressing
import HelperChannel
import LinuxSystem
import Netlink
import SessionNetwork

/// What one request is answered with: datagrams, and a descriptor with the last of them.
struct Answer: ~Copyable {
    var parts: [HelperAnswer]
    var descriptor: OwnedDescriptor?

    init(_ part: HelperAnswer) {
        parts = [part]
        descriptor = nil
    }

    /// A list: its parts, then the mark of its end.
    init(list: [HelperAnswer]) {
        parts = list + [.done]
        descriptor = nil
    }

    init(passing descriptor: consuming OwnedDescriptor) {
        parts = [.done]
        self.descriptor = consume descriptor
    }
}

/// The helper's whole offer.
///
/// Whoever speaks on the channel gets this and nothing else.
///
/// Every field was checked by the decoder: ids by their grammar, numbers by their range, addresses and names by their
/// form. What is left to check here is what the configuration allows, and what a virtual IP means.
final class RequestTable {
    var allowance: Allowance
    private let networks: SessionNetworks
    private let bindClientSocket: () throws(NetworkError) -> OwnedDescriptor

    init(
        allowance: Allowance, networks: SessionNetworks,
        bindClientSocket: @escaping () throws(NetworkError) -> OwnedDescriptor
    ) {
        self.allowance = allowance
        self.networks = networks
        self.bindClientSocket = bindClientSocket
    }

    func answer(_ request: HelperRequest) -> Answer {
        do throws(NetworkError) {
            return try perform(request)
        } catch {
            return Answer(
                .failed(HelperFailure(errno: error.errno.rawValue, description: error.description)))
        }
    }

    private func perform(_ request: HelperRequest) throws(NetworkError) -> Answer {
        switch request {
        case .hello:
            return Answer(.hello(version: HelperProtocol.version))
        case .listen:
            return Answer(passing: try bindClientSocket())
        case .make(let session, let number):
            return Answer(.cookie(try networks.make(session, number: Int32(number))))
        case .connect(let session, let link):
            if let link { try check(link) }
            return Answer(passing: try networks.connect(session, link: link))
        case .join(let session):
            return Answer(passing: try networks.join(session))
        case .members:
            let members = try networks.members().map { HelperAnswer.Member(number: UInt32($0.number), pid: $0.pid) }
            return Answer(list: HelperAnswer.parts(members))
        case .kill(let number):
            return Answer(.count(try kill([number])[number] ?? 0))
        case .dismantle(let session, let number):
            return Answer(.alive(try networks.dismantle(session, number: Int32(number))))
        case .unpin(let session, let number):
            return Answer(.alive(try networks.unpin(session, number: Int32(number))))
        case .deleteLink(let number):
            try networks.deleteLink(number: Int32(number))
            return Answer(.done)
        case .list:
            return Answer(list: try networks.list().map { .found(HelperAnswer.Found($0)) })
        }
    }

    /// Kills the members of several namespaces at the price of one; gives how many are left in each.
    func kill(_ numbers: Set<UInt32>) throws(NetworkError) -> [UInt32: UInt32] {
        let left = try networks.killMembers(numbers: Set(numbers.map { Int32($0) }))
        return Dictionary(uniqueKeysWithValues: left.map { (UInt32($0.key), UInt32($0.value)) })
    }

    private func check(_ link: SessionLink) throws(NetworkError) {
        let address = link.address.address
        // The MAC address is the address's own: nobody else's can be taken on, and the kernel refuses it twice.
        guard link.mac == MACAddress(virtualIP: address, farm: link.mac.octets[1]) else {
            throw NetworkError("give session address \(address) the MAC address \(link.mac)", .invalidArgument)
        }
        if let gateway = link.gateway, !link.address.contains(gateway) {
            throw NetworkError("use gateway \(gateway) outside of \(link.address)", .invalidArgument)
        }
        guard allowance.permits(address, on: link.parent) else {
            throw NetworkError(
                "give a session address \(address) on parent link '\(link.parent)'", .notPermitted,
                hint:
                    "outside of the helper's allowance; send SIGHUP to vipns-helper after a change of the configuration"
            )
        }
    }
}

extension HelperAnswer.Found {
    init(_ found: SessionNetworks.Found) {
        self.init(
            session: found.session, number: found.number.map { UInt32($0) }, cookie: found.cookie,
            hasLink: found.hasLink)
    }
}
