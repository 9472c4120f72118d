import Addressing
import Glibc
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
    private var allowances: Allowances
    private let source: AllowanceSource
    private let networks: SessionNetworks
    private let directory: RunDirectory

    init(
        allowance: Allowance, source: AllowanceSource, networks: SessionNetworks, directory: RunDirectory
    ) {
        self.allowances = Allowances(allowance)
        self.source = source
        self.networks = networks
        self.directory = directory
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
            return Answer(passing: try directory.bindClientSocket())
        case .make(let session, let number, let preparation):
            if let firewall = preparation.firewall { try check(firewall: firewall) }
            return Answer(.cookie(try networks.make(session, number: Int32(number), preparation: preparation)))
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
        case .survey(let known):
            let found = try networks.list(but: known.map { ($0.session, Int32($0.number)) })
            return Answer(list: found.map { .found(HelperAnswer.Found($0)) })
        case .reload(let checksum):
            return Answer(reloaded(expecting: checksum))
        case .settle(let checksum):
            guard checksum == allowances.current.checksum else {
                throw NetworkError("forget the former allowance", Errno(rawValue: ESTALE))
            }
            allowances.settle()
            return Answer(.done)
        case .audit: return Answer(list: try audit())
        case .pin(let pins):
            let pinned = try networks.pinAgain(pins.map { ($0.session, Int32($0.number)) })
            return Answer(list: HelperAnswer.parts(pinned: pinned))
        case .restore(let session, let number, let link):
            return Answer(.restored(try restore(session, Int32(number), link)))
        // Answered when the search is done; the loop begins it.
        case .holders: return Answer(list: [])
        case .look(let number):
            return Answer(.link(try networks.look(number: Int32(number))))
        }
    }

    /// A session may have an address that is not allowed any more: it keeps that, and is not given it again.
    private func restore(_ session: SessionID, _ number: Int32, _ link: SessionLink?) throws(NetworkError) -> String? {
        var refusal: NetworkError?
        do throws(NetworkError) {
            if let link { try check(link) }
        } catch {
            refusal = error
        }
        return try networks.restore(session, number: number, link: link, refusal: refusal)
    }

    /// Looks after what is the helper's own, all of it, and then tells the first failure.
    private func audit() throws(NetworkError) -> [HelperAnswer] {
        var mended: [String] = []
        var failure: NetworkError?
        do throws(HelperError) {
            mended = try directory.mend()
        } catch {
            failure = NetworkError(sentence: error.description, errno: Errno(rawValue: EIO))
        }
        if try networks.preparePinsAgain() { mended.append("directory of pins") }
        if let failure { throw failure }
        if !mended.isEmpty { log("warning: made anew: \(mended.joined(separator: ", "))") }
        let text = mended.isEmpty ? nil : mended.joined(separator: ", ")
        return HelperAnswer.parts(
            whole: try networks.wholePins(), .init(isListening: directory.isListening, mended: text))
    }

    private func reloaded(expecting checksum: UInt64) -> HelperAnswer {
        do throws(HelperError) {
            if try reload(expecting: { $0 == checksum }) { return .done }
            let text = "cannot take up the allowance: the configuration has changed meanwhile"
            return .failed(HelperFailure(errno: Errno.wouldBlock.rawValue, description: text))
        } catch {
            return .failed(HelperFailure(errno: Errno.invalidArgument.rawValue, description: error.description))
        }
    }

    /// Reads the allowance again; the one in force becomes a former one.
    ///
    /// Nothing else is done meanwhile, so it has less time than a login waits for the helper.
    /// - Returns: whether it is as expected; else nothing is changed.
    @discardableResult
    func reload(expecting isExpected: (UInt64) -> Bool = { _ in true }) throws(HelperError) -> Bool {
        let allowance = try source.load(within: .seconds(1))
        guard isExpected(allowance.checksum) else { return false }
        allowances.succeed(by: allowance)
        log("allowance read again: \(allowance.description)")
        return true
    }

    /// Kills the members of several namespaces at the price of one; gives how many are left in each.
    func kill(_ numbers: Set<UInt32>) throws(NetworkError) -> [UInt32: UInt32] {
        let left = try networks.killMembers(numbers: Set(numbers.map { Int32($0) }))
        return Dictionary(uniqueKeysWithValues: left.map { (UInt32($0.key), UInt32($0.value)) })
    }

    private func check(_ link: SessionLink) throws(NetworkError) {
        // The MAC address is the first address's own: nobody else's can be taken on, and the kernel refuses it twice.
        guard let first = link.addresses.first,
            link.mac == MACAddress(virtualIP: first.address, farm: link.mac.octets[1])
        else {
            throw NetworkError("give a session the MAC address \(link.mac)", .invalidArgument)
        }
        for address in link.addresses {
            let routes = link.routes.filter { $0.gateway.family == address.address.family }
            for gateway in [address.gateway].compactMap(\.self) + routes.map(\.gateway) {
                guard address.prefix.reaches(gateway) else {
                    throw NetworkError("use gateway \(gateway) outside of \(address.prefix)", .invalidArgument)
                }
            }
            // Whatever the lines say, some are no host's own.
            guard address.address.canBeVirtualIP, allowances.permit({ $0.permits(address.address, on: link.parent) })
            else {
                throw NetworkError(
                    "give a session address \(address.address) on parent link '\(link.parent)'", .notPermitted,
                    hint: Self.allowanceHint)
            }
        }
    }

    /// What root feeds to nft is for root to say, not for the service.
    private func check(firewall path: String) throws(NetworkError) {
        guard allowances.permit({ $0.permits(firewall: path) }) else {
            throw NetworkError("load firewall '\(path)'", .notPermitted, hint: Self.allowanceHint)
        }
    }

    private static let allowanceHint =
        "outside of the helper's allowance; run 'vipns reload' after a change of the configuration"
}

extension HelperAnswer {
    fileprivate static func alive(_ remains: SessionNetworks.Remains) -> HelperAnswer {
        .alive(remains.isAlive, inode: remains.inode)
    }
}

extension HelperAnswer.Found {
    init(_ found: SessionNetworks.Found) {
        self.init(
            session: found.session, number: found.number.map { UInt32($0) }, cookie: found.cookie,
            hasLink: found.hasLink)
    }
}
