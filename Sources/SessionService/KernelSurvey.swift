internal import Addressing
internal import HelperChannel
public import Leasing
internal import LinuxSystem
internal import Netlink

/// Asks the helper for all that the kernel has of sessions, for who has no store to hold it against.
public enum KernelSurvey {
    /// Lists every session; the helper must serve nobody else.
    ///
    /// - Throws: in words, where the helper is not there or cannot tell.
    @concurrent public static func take(helper path: String) async throws -> [KernelSession] {
        let loop = try EventLoop()
        let helper = try HelperConnection(path: path, loop: loop) { _ in }
        helper.start()
        defer { helper.close() }
        var members: [UInt32: [KernelSession.Member]] = [:]
        for part in try await helper.request(.members).parts {
            guard case .members(let list) = part else { continue }
            for member in list {
                guard let facts = ProcessFacts(pid: member.pid) else { continue }
                members[member.number, default: []].append(KernelSession.Member(facts))
            }
        }
        var sessions: [KernelSession] = []
        for part in try await helper.request(.list).parts {
            // Without a number it is the wreck of a pin, and nothing can be in it.
            guard case .found(let found) = part, let number = found.number else { continue }
            let link = found.hasLink ? try await link(number, helper) : nil
            sessions.append(
                KernelSession(
                    session: found.session, number: number, cookie: found.cookie, hasLink: found.hasLink,
                    link: link, members: members[number] ?? []))
        }
        return sessions
    }

    private static func link(_ number: UInt32, _ helper: HelperConnection) async throws -> KernelSession.Link? {
        guard case .link(let link?) = try await helper.request(.look(number: number)).parts.first else { return nil }
        let mode: MacvlanMode =
            switch link.mode {
            case .bridge: .bridge
            case .private: .private
            case .vepa: .vepa
            }
        return KernelSession.Link(parent: link.parent, mode: mode, addresses: link.addresses.map(\.prefix))
    }
}

extension KernelSession.Member {
    fileprivate init(_ facts: ProcessFacts) {
        let process = Leader(pid: facts.identity.pid, startTicks: facts.identity.startTicks)
        self.init(process: process, parent: facts.parent, uid: facts.uid)
    }
}
