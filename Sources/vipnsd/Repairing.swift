import Addressing
import Glibc
import LeaseStoreSQLite
import Leasing
import LinuxSystem
import ServiceConfiguration
import SessionService

/// Rebuilds a store from the kernel and from what still can be read of it: `vipns repair`.
///
/// The files that are there are only read until the new store is whole; then they are kept under another name.
struct Repairing {
    let path: String
    let helper: String
    let configuration: ServiceConfiguration
    let isRehearsal: Bool

    func run() async throws(StartError) {
        guard let boot = try? readBootID() else {
            throw StartError("read this boot's id: /proc is not there, or hidden")
        }
        let salvaged = try await words { () throws in try Salvage.read(path) }
        let kernel = try await survey()
        let surroundings = StoreRebuilding.Surroundings(
            pools: configuration.pools, bootID: boot, real: SystemClock.realTimeMicroseconds(),
            boot: SystemClock.bootTimeMicroseconds(), name: { Account(uid: $0).name },
            newSession: { SessionID.random() })
        let rebuilt = StoreRebuilding(salvaged, kernel: kernel, in: surroundings)
        for complaint in salvaged.complaints { print("'\(path)': \(complaint)") }
        if salvaged.complaints.isEmpty, rebuilt.changesNothing {
            print("'\(path)' and the kernel agree on \(count(rebuilt.kept.count, "session")); nothing is changed")
            return
        }
        tell(rebuilt, kernel)
        if isRehearsal { return print("nothing is changed: this was a rehearsal") }
        try await write(rebuilt.store, surroundings)
    }

    private func survey() async throws(StartError) -> [KernelSession] {
        do {
            return try await KernelSurvey.take(helper: helper)
        } catch {
            throw StartError(
                "repair '\(path)': cannot ask the helper at '\(helper)' what lives: \(error) (is vipns-helper running?)"
            )
        }
    }

    private func write(
        _ store: SalvagedStore, _ surroundings: StoreRebuilding.Surroundings
    ) async throws(StartError) {
        let new = SQLiteLeaseStore.unfinishedPath(of: path)
        let moment = moment(surroundings.real)
        let kept = try await words { () throws in
            try await SQLiteLeaseStore.write(store, boot: surroundings.bootID, real: surroundings.real, to: new)
            return try StoreFiles.replace(path, with: new, at: moment)
        }
        if let kept { print("the former store is '\(kept)' (remove it when it is not needed any more)") }
        print("'\(path)' is made anew (start the service: systemctl start vipnsd)")
    }

    private func words<Value>(_ body: () async throws -> Value) async throws(StartError) -> Value {
        do {
            return try await body()
        } catch {
            throw StartError(sentence: "\(error)")
        }
    }

    // MARK: - What an administrator reads

    private func tell(_ rebuilt: StoreRebuilding, _ kernel: [KernelSession]) {
        print("kept as they were stored: \(count(rebuilt.kept.count, "live session"))")
        for lease in rebuilt.made {
            let members = kernel.first { $0.number == lease.number }?.members.count ?? 0
            print(
                "made anew from the kernel: session '\(lease.session)' \(addresses(lease)) of user \(lease.user), "
                    + count(members, "process", "processes"))
        }
        for lease in rebuilt.dead {
            print("lives no more, and ends when the service starts: session '\(lease.session)' \(addresses(lease))")
        }
        for (lease, reason) in rebuilt.dropped {
            print("not taken over: the lease of session '\(lease.session)' \(addresses(lease)): \(reason)")
        }
        if !rebuilt.resting.isEmpty {
            let addresses = count(rebuilt.resting.count, "address", "addresses")
            print("rest for their pool's hold, as they may have been in use: \(addresses)")
        }
        if rebuilt.closedRecords > 0 {
            print("closed as ended now: \(count(rebuilt.closedRecords, "record")) of history without a session")
        }
        print("history: \(count(rebuilt.store.history.count, "record"))")
    }

    private func addresses(_ lease: Lease) -> String {
        lease.addresses.isEmpty ? "without address" : lease.addresses.map { "\($0.address)" }.joined(separator: ", ")
    }

    private func count(_ number: Int, _ one: String, _ many: String? = nil) -> String {
        "\(number) \(number == 1 ? one : many ?? "\(one)s")"
    }

    /// `20261123T131502Z`: sorts by time, and is part of a file's name.
    private func moment(_ real: Int64) -> String {
        var seconds = time_t(real / 1_000_000)
        var parts = unsafe tm()
        var text = [CChar](repeating: 0, count: 32)
        // Both write into what they are lent, within its size.
        _ = unsafe gmtime_r(&seconds, &parts)
        _ = unsafe strftime(&text, text.count, "%Y%m%dT%H%M%SZ", &parts)
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
