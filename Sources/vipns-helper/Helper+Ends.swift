import HelperChannel
import LinuxSystem
import SessionNetwork

extension Helper {
    /// Does one step of what waits, and what was asked for after the last one.
    ///
    /// One between two looks at the descriptors: signals, a new service and the kernel's word on other sessions wait for no
    /// longer than that.
    func serveEnds() {
        guard let channel else { return }
        if let step = channel.ends.next() {
            let start = ContinuousClock.now
            perform(step, for: channel)
            channel.ends.note(step, took: .now - start)
        }
        // The service may have been let go because it does not take an answer.
        guard self.channel === channel, channel.ends.isEmpty, let other = channel.other.take() else { return }
        serve(other.request, sequence: other.sequence, of: channel)
    }

    private func perform(_ step: EndQueue.Step, for channel: Channel) {
        switch step {
        case .look(let counts, let kills):
            serveCounts(counts)
            serveKills(kills)
        case .endConnections(let dismantlings):
            networks.endConnections(of: dismantlings.map(\.session))
        case .unpin(let next):
            serve(.unpin(next.session, number: next.number), sequence: next.sequence, of: channel)
        }
    }

    /// Each alone would search all of /proc.
    private func serveCounts(_ counts: [UInt32]) {
        if counts.isEmpty { return }
        let answer = table.answer(.members)
        for sequence in counts {
            for part in answer.parts { send(part, sequence: sequence) }
        }
    }

    private func serveKills(_ kills: [EndQueue.Kill]) {
        if kills.isEmpty { return }
        do throws(NetworkError) {
            let left = try table.kill(Set(kills.map(\.number)))
            for kill in kills { send(.count(left[kill.number] ?? 0), sequence: kill.sequence) }
        } catch {
            let failure = HelperFailure(errno: error.errno.rawValue, description: error.description)
            for kill in kills { send(.failed(failure), sequence: kill.sequence) }
        }
    }
}
