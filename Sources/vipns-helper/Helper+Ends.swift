import Addressing
import HelperChannel
import LinuxSystem
import Netlink
import SessionNetwork

extension Helper {
    /// Sessions end in crowds: what waits already is done by its urgency, and what is alike together.
    ///
    /// Members first: the service waits for them. Then connections: their peers must not wait until other sessions are taken
    /// apart. That comes last and takes longest, so after each one there is a look for what has come meanwhile.
    func serveEnds(_ first: Asked, from channel: Channel) throws(HelperError) {
        var ends = Ends()
        ends.take(first)
        var silenced: [Ends.Dismantling] = []
        repeat {
            receive(&ends, from: channel)
            for count in ends.counts { serve(.members, sequence: count, of: channel) }
            serveKills(ends.kills)
            endConnections(ends.dismantlings)
            silenced += ends.dismantlings
            ends.forget()
            guard let next = silenced.first else { continue }
            serve(.unpin(next.session, number: next.number), sequence: next.sequence, of: channel)
            silenced.removeFirst()
        } while !silenced.isEmpty
        if let other = ends.other { serve(other.request, sequence: other.sequence, of: channel) }
        if let failure = ends.failure { throw failure }
    }

    /// What else waits, up to the first that is of no end.
    private func receive(_ ends: inout Ends, from channel: Channel) {
        do throws(HelperError) {
            var count = 0
            while ends.areOpen, count < 256, channel.socket.isReadable(within: 0) {
                // An end of the channel is found again when these are done.
                guard let asked = try receive(from: channel) else { return ends.channelHasEnded = true }
                ends.take(asked)
                count += 1
            }
        } catch {
            ends.failure = error
        }
    }

    /// Each alone would search all of /proc.
    private func serveKills(_ kills: [Ends.Kill]) {
        if kills.isEmpty { return }
        do throws(NetworkError) {
            let left = try table.kill(Set(kills.map(\.number)))
            for kill in kills { send(.count(left[kill.number] ?? 0), sequence: kill.sequence) }
        } catch {
            let failure = HelperFailure(errno: error.errno.rawValue, description: error.description)
            for kill in kills { send(.failed(failure), sequence: kill.sequence) }
        }
    }

    private func endConnections(_ dismantlings: [Ends.Dismantling]) {
        if !dismantlings.isEmpty { networks.endConnections(of: dismantlings.map(\.session)) }
    }
}

/// What was asked for about sessions that end, and what ended that.
private struct Ends {
    typealias Kill = (sequence: UInt32, number: UInt32)
    typealias Dismantling = (sequence: UInt32, session: SessionID, number: UInt32)

    /// The numbers of requests for members.
    private(set) var counts: [UInt32] = []
    private(set) var kills: [Kill] = []
    private(set) var dismantlings: [Dismantling] = []
    /// The first request of another kind: it comes after all of these, as it was sent.
    private(set) var other: Helper.Asked?
    var failure: HelperError?
    var channelHasEnded = false

    /// Whether more may follow.
    var areOpen: Bool { other == nil && failure == nil && !channelHasEnded }

    mutating func take(_ asked: Helper.Asked) {
        switch asked.request {
        case .members: counts.append(asked.sequence)
        case .kill(let number): kills.append((asked.sequence, number))
        case .dismantle(let session, let number): dismantlings.append((asked.sequence, session, number))
        default: other = asked
        }
    }

    mutating func forget() { (counts, kills, dismantlings) = ([], [], []) }
}

extension HelperRequest {
    /// Whether it belongs to the end of a session.
    var isOfAnEnd: Bool {
        switch self {
        case .members, .kill, .dismantle: true
        case .hello, .listen, .make, .connect, .join, .unpin, .deleteLink, .list, .survey, .reload, .settle, .audit,
            .pin, .restore, .holders, .look:
            false
        }
    }
}
