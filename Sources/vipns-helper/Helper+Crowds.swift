import HelperChannel
import LinuxSystem
import Netlink
import SessionNetwork

extension Helper {
    /// Sessions end in crowds: what waits already and is alike is done together.
    func serveCrowd(first: Asked, from channel: Channel) throws(HelperError) {
        let kind = first.request.crowd
        var crowd = [first]
        var failure: HelperError?
        do throws(HelperError) {
            while crowd.count < 256, crowd.last?.request.crowd == kind, channel.socket.isReadable(within: 0) {
                // An end of the channel is found again when these are done.
                guard let asked = try receive(from: channel) else { break }
                crowd.append(asked)
            }
        } catch {
            failure = error
        }
        let next = crowd.last?.request.crowd == kind ? nil : crowd.popLast()
        switch kind {
        case .kills: serveKills(crowd)
        case .dismantlings: serveDismantlings(crowd, of: channel)
        case nil: break
        }
        if let next { serve(next.request, sequence: next.sequence, of: channel) }
        if let failure { throw failure }
    }

    /// Each alone would search all of /proc.
    private func serveKills(_ crowd: [Asked]) {
        let kills = crowd.compactMap { asked -> (sequence: UInt32, number: UInt32)? in
            if case .kill(let number) = asked.request { (asked.sequence, number) } else { nil }
        }
        do throws(NetworkError) {
            let left = try table.kill(Set(kills.map(\.number)))
            for kill in kills { send(.count(left[kill.number] ?? 0), sequence: kill.sequence) }
        } catch {
            let failure = HelperFailure(errno: error.errno.rawValue, description: error.description)
            for kill in kills { send(.failed(failure), sequence: kill.sequence) }
        }
    }

    /// Connections first, of all of them: the last one's peers must not wait until the others are taken apart.
    private func serveDismantlings(_ crowd: [Asked], of channel: Channel) {
        for asked in crowd {
            if case .dismantle(let session, _) = asked.request { networks.endConnections(of: session) }
        }
        for asked in crowd {
            guard case .dismantle(let session, let number) = asked.request else { continue }
            serve(.unpin(session, number: number), sequence: asked.sequence, of: channel)
        }
    }
}

/// What is done together where several wait.
enum Crowd {
    case kills
    case dismantlings
}

extension HelperRequest {
    var crowd: Crowd? {
        switch self {
        case .kill: .kills
        case .dismantle: .dismantlings
        case .hello, .listen, .make, .connect, .join, .members, .unpin, .deleteLink, .list, .survey, .reload, .settle,
            .audit, .pin, .restore, .holders, .look:
            nil
        }
    }
}
