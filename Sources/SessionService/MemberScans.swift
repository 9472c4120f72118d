internal import HelperChannel

/// Shares one scan of /proc among all who want one at the same time.
///
/// Whoever asks while a scan is under way gets the next one: what it sees must not be older than the question.
struct MemberScans {
    typealias Members = [UInt32: [Int32]]
    typealias Scan = Task<Result<Members, HelperFailure>, Never>

    var current: Scan?
    var next: Scan?
}

extension SessionService {
    /// The members of all sessions by namespace number, not older than this call.
    func members() async throws(HelperFailure) -> MemberScans.Members {
        if let next = scans.next { return try await next.value.get() }
        let previous = scans.current
        let scan = Task(executorPreference: loop) { await self.scan(after: previous) }
        scans.next = scan
        return try await scan.value.get()
    }

    private func scan(after previous: MemberScans.Scan?) async -> Result<MemberScans.Members, HelperFailure> {
        _ = await previous?.value
        // From here on a new caller needs a new scan.
        scans.current = scans.next
        scans.next = nil
        do throws(HelperFailure) {
            return .success(try await scanMembers())
        } catch {
            return .failure(error)
        }
    }

    private func scanMembers() async throws(HelperFailure) -> MemberScans.Members {
        var members: MemberScans.Members = [:]
        for part in try await ask(.members).parts {
            guard case .members(let list) = part else { continue }
            for member in list { members[member.number, default: []].append(member.pid) }
        }
        return members
    }

    /// Sends one request to the helper.
    ///
    /// - Throws: what the helper said, or that there is none.
    func ask(_ request: HelperRequest) async throws(HelperFailure) -> HelperReply {
        guard let helper else { throw .helperLost }
        return try await helper.request(request)
    }
}
