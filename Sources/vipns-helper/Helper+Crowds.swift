import HelperChannel
import LinuxSystem
import Netlink
import SessionNetwork

extension Helper {
    /// Sessions end in crowds: what waits already and is alike is done together.
    func serveCrowd(_ kind: Crowd, first: Asked, from channel: Channel) throws(HelperError) {
        var waiting = Waiting(kind: kind)
        switch kind {
        case .kills: serveKills([first] + receive(&waiting, from: channel))
        case .dismantlings: serveDismantlings(first, &waiting, from: channel)
        }
        if let next = waiting.next { serve(next.request, sequence: next.sequence, of: channel) }
        if let failure = waiting.failure { throw failure }
    }

    /// What else waits of that kind, up to what is of another.
    private func receive(_ waiting: inout Waiting, from channel: Channel) -> [Asked] {
        var crowd: [Asked] = []
        do throws(HelperError) {
            while waiting.isOpen, crowd.count < 256, channel.socket.isReadable(within: 0) {
                if let asked = try receive(from: channel) {
                    if asked.request.crowd == waiting.kind { crowd.append(asked) } else { waiting.next = asked }
                } else {
                    // An end of the channel is found again when these are done.
                    waiting.hasEnded = true
                }
            }
        } catch {
            waiting.failure = error
        }
        return crowd
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

    /// Connections first, also of those who ask meanwhile: a peer must not wait until others are taken apart.
    private func serveDismantlings(_ first: Asked, _ waiting: inout Waiting, from channel: Channel) {
        var crowd: [Asked] = []
        var more = [first]
        repeat {
            more += receive(&waiting, from: channel)
            endConnections(more)
            crowd += more
            more = []
            let asked = crowd.removeFirst()
            guard case .dismantle(let session, let number) = asked.request else { continue }
            serve(.unpin(session, number: number), sequence: asked.sequence, of: channel)
        } while !crowd.isEmpty
    }

    private func endConnections(_ crowd: [Asked]) {
        let sessions = crowd.compactMap { asked in
            if case .dismantle(let session, _) = asked.request { session } else { nil }
        }
        if !sessions.isEmpty { networks.endConnections(of: sessions) }
    }
}

/// What is to come of the channel while a crowd is served.
private struct Waiting {
    let kind: Crowd
    /// The first request of another kind.
    var next: Helper.Asked?
    var failure: HelperError?
    var hasEnded = false

    /// Whether more of the kind may follow.
    var isOpen: Bool { next == nil && failure == nil && !hasEnded }
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
