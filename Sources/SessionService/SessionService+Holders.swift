internal import Addressing
internal import ClientAPI
internal import HelperChannel
internal import Leasing
internal import LinuxSystem
internal import Logging
internal import SessionPlan

/// Who keeps a session's namespace alive after its end.
extension SessionService {
    /// Looks for those who hold it, and tells log, watchers and `vipns show`.
    ///
    /// One search serves all that end together.
    func reportHolders(_ live: LiveSession) {
        holdersToFind.append(live)
        guard !isFindingHolders else { return }
        isFindingHolders = true
        Task.immediate(executorPreference: loop) {
            while !self.holdersToFind.isEmpty {
                let some = Array(self.holdersToFind.prefix(HelperRequest.mostEntries))
                self.holdersToFind.removeFirst(some.count)
                await self.reportHolders(of: some)
            }
            self.isFindingHolders = false
        }
    }

    private func reportHolders(of lives: [LiveSession]) async {
        let members = (try? await members()) ?? [:]
        let namespaces = lives.map { live in
            HelperRequest.Namespace(
                number: live.lease.number, cookie: live.plan.cookie ?? 0, inode: live.inode ?? 0)
        }
        var found: [UInt32: [Holder]] = [:]
        for part in (try? await ask(.holders(namespaces)).parts) ?? [] {
            guard case .holders(let holders) = part else { continue }
            for holder in holders { found[holder.number, default: []].append(Holder(holder)) }
        }
        for live in lives {
            let inside = (members[live.lease.number] ?? []).sorted()
            let outside = (found[live.lease.number] ?? []).filter { !inside.contains($0.pid) }
            let holders = inside.map { pid in
                Holder(pid: pid, program: programName(ofProcess: pid) ?? "", means: .process)
            }
            report(holders + outside, live)
        }
    }

    private func report(_ holders: [Holder], _ live: LiveSession) {
        live.holders = holders
        let text =
            holders.isEmpty
            ? "nobody who could be seen: orphaned sockets, a descriptor in a message under way, or a process that "
                + "vipns-helper may not look at"
            : holders.map(\.description).joined(separator: ", ")
        logger(for: live).warning("somebody holds the session's namespace", metadata: ["holder": "\(text)"])
        tell(.alarm, live, "its namespace is held by \(text)")
    }
}

extension Holder {
    fileprivate init(_ holder: HelperAnswer.Holder) {
        let means: Means =
            switch holder.means {
            case .descriptor: .descriptor
            case .mount: .mount
            case .socket: .socket
            }
        self.init(pid: holder.pid, program: holder.program, means: means)
    }
}
