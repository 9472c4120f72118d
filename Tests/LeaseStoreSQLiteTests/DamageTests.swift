internal import Addressing
internal import Dispatch
internal import Foundation
internal import GRDB
internal import Glibc
internal import Leasing
internal import TestSupport
internal import Testing

@testable internal import LeaseStoreSQLite

/// Thousands of damaged files: each is refused, or read as it was after some write of its own; no lease is changed or
/// doubled in silence.
///
/// Only where the log is damaged, and its end with it, may that be an earlier write than the last. The file alone cannot
/// tell: each frame of a log stands for itself, and one that ends sooner is whole. A service that is started holds what it
/// has read against the kernel, and refuses to serve with less (`StoreBehind`); `RepairTests` has that done for real.
struct DamageTests {
    private let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder(isInMemory: true) }

    /// What came of the files of one kind of damage.
    private struct Count: CustomStringConvertible {
        private(set) var recovered = 0
        private(set) var earlier = 0
        private(set) var refused = 0
        private(set) var repaired = 0
        private(set) var unrepaired = 0

        mutating func add(_ reading: Reading) {
            switch reading {
            case .recovered: recovered += 1
            case .recoveredEarlier: (recovered, earlier) = (recovered + 1, earlier + 1)
            case .refused: refused += 1
            }
        }

        mutating func addRepair(_ isDone: Bool) {
            if isDone { repaired += 1 } else { unrepaired += 1 }
        }

        static func + (one: Count, other: Count) -> Count {
            Count(
                recovered: one.recovered + other.recovered, earlier: one.earlier + other.earlier,
                refused: one.refused + other.refused, repaired: one.repaired + other.repaired,
                unrepaired: one.unrepaired + other.unrepaired)
        }

        var description: String {
            "\(recovered) recovered, of those \(earlier) without the last writes, \(refused) refused, "
                + "\(repaired) repaired, \(unrepaired) refused by the repair"
        }
    }

    /// What came of one store that was opened.
    private enum Reading {
        /// All that was ever written to it is there.
        case recovered
        /// It is as it was before the last writes.
        case recoveredEarlier
        case refused
    }

    /// What a refusal ends in: what an administrator is to do.
    private static let hints = [
        "(damaged or edited; stop the service and run 'vipns repair')",
        "(file and folder must be writable; if they are, it is damaged or edited; stop the service and run 'vipns repair')",
        "(install that version again; or, once no session lives, move the file away)",
    ]

    @Test func `a damaged store is refused or as it was after some write, and no lease is changed or doubled`()
        async throws
    {
        let environment = ProcessInfo.processInfo.environment
        let cases = environment["VIPNS_FAULTS"] == "all" ? 10_000 : 400
        let seed = environment["VIPNS_SEED"].flatMap { UInt64($0) } ?? 20_261_123
        var counts: [Damage: Count] = [:]
        try await withThrowingTaskGroup(of: [Damage: Count].self) { group in
            for part in 0..<2 {
                // Opening blocks for the disk: not where other tests wait for their turn.
                group.addTask(executorPreference: OwnQueue()) {
                    try await DamageTests().check(stride(from: part, to: cases, by: 2), seed &+ UInt64(part))
                }
            }
            for try await done in group { counts.merge(done, uniquingKeysWith: +) }
        }
        let all = counts.values.reduce(Count(), +)
        print("damaged stores: \(cases), \(all)")
        for damage in Damage.allCases { print("damage \(damage): \(counts[damage, default: Count()])") }
        #expect(all.refused > cases / 10)
        #expect(all.repaired > cases / 3)
        for (damage, count) in counts {
            // A flip may make the name of the format another one, and that is a later version's for all that one can know.
            #expect(count.unrepaired <= (damage.isFlip ? 3 : 0), "\(damage): \(count)")
            // What stands in the pages is the last word, where the log is whole.
            #expect(count.earlier == 0 || damage.isOfLog, "\(damage): \(count)")
        }
        #expect((counts[.cutLog]?.earlier ?? 0) > 0)
        // A log that is cut ends where it is whole; its index is made anew.
        for harmless in Damage.allCases where harmless.isOfLog && harmless != .logAlone {
            #expect(counts[harmless]?.refused == 0, "\(harmless)")
        }
    }

    /// Does the cases of those numbers.
    private func check(_ cases: StrideTo<Int>, _ seed: UInt64) async throws -> [Damage: Count] {
        // With a log of what came last, and with everything in the pages.
        let bases = [try await StoreInUse(in: folder), try await StoreInUse(in: folder, isLogEmpty: true)]
        var random = SeededGenerator(seed: seed)
        var counts: [Damage: Count] = [:]
        for index in cases {
            let damage = Damage.allCases[index / 2 % Damage.allCases.count]
            let base = bases[damage.isOfLog ? 0 : index % 2]
            var files = base.files
            damage.strike(&files, base, &random)
            try files.write(to: folder.file)
            let reading = try await check("case \(index): \(damage)", base, isEmpty: files.isEmpty)
            counts[damage, default: Count()].add(reading)
            // What is read may lack what a cut log has lost; that is repaired as well.
            if reading == .refused || index % 8 < 2 {
                try files.write(to: folder.file)
                let isDone = try await checkRepair("case \(index): \(damage)", base)
                counts[damage, default: Count()].addRepair(isDone)
            }
        }
        return counts
    }

    /// Opens a store; where it is refused, the message names the file, what is wrong and what to do.
    private func check(_ name: String, _ base: StoreInUse, isEmpty: Bool) async throws -> Reading {
        do throws(LeaseStoreError) {
            let store = try SQLiteLeaseStore(path: folder.file)
            // Before the next files are there: SQLite removes a log by its name, and the store's threads may have it still.
            defer { try? store.database.close() }
            let state = try await store.open(boot: "boot-1", nowReal: 90_000_000, nowBoot: 90_000)
            try await checkUse(of: store, state, name, base, isEmpty: isEmpty)
            return state.leases == base.states.last || isEmpty ? .recovered : .recoveredEarlier
        } catch {
            expectWords(["open lease store", "read leases from"], error, name)
            return .refused
        }
    }

    /// The message is what was tried on the file, what is wrong, and one of the things to do.
    private func expectWords(_ operations: [String], _ error: LeaseStoreError, _ name: String) {
        let text = error.description
        let beginning = operations.map { "cannot \($0) '\(folder.file)': " }.first { text.hasPrefix($0) }
        let hint = Self.hints.first { text.hasSuffix(" \($0)") }
        #expect(beginning != nil && hint != nil, "\(name): \(text)")
        let complaint = text.dropFirst(beginning?.count ?? 0).dropLast(hint.map { $0.count + 1 } ?? 0)
        #expect(!complaint.isEmpty && !complaint.contains { $0.isNewline }, "\(name): \(text)")
        #expect((hint == Self.hints.last) == (error.cause == .newerFormat), "\(name): \(text)")
    }

    /// Looks at a store that opens: what it gives was stored once, all of it, and it keeps what is granted apart.
    private func checkUse(
        of store: SQLiteLeaseStore, _ state: StoredState, _ name: String, _ base: StoreInUse, isEmpty: Bool
    ) async throws(LeaseStoreError) {
        let isKnown = base.states.contains(state.leases) || (isEmpty && state.leases.isEmpty)
        #expect(isKnown, "\(name): \(state.leases.map(\.session))")
        #expect(state.lastNumber >= state.leases.last?.number ?? 0, "\(name)")
        // Whether that reads is another matter; it must not trap.
        _ = try? await store.history(HistoryQuery(limit: 1000))
        _ = try? await store.poolUse()
        guard let taken = state.leases.first(where: { $0.address != nil }), let address = taken.address else { return }
        do throws(LeaseStoreError) {
            guard let second = try? lease("zzzzzzzz", address.description, nth: 900) else { return }
            try await store.storeIntent(second)
            Issue.record("\(name): '\(address)' is granted twice")
        } catch {
            if error.takenAddress != address { expectWords(["store the intent of session 'zzzzzzzz' in"], error, name) }
        }
    }
}

extension DamageTests {
    /// Repairs with a kernel that has every session that was not released: all of them keep number and address.
    ///
    /// - Returns: no where it was refused as a later version's.
    private func checkRepair(_ name: String, _ base: StoreInUse) async throws -> Bool {
        let salvaged: SalvagedStore
        do throws(LeaseStoreError) {
            salvaged = try Salvage.read(folder.file)
        } catch {
            #expect(error.cause == .newerFormat, "\(name): \(error)")
            expectWords(["read lease store"], error, name)
            return false
        }
        let live = base.states.last ?? []
        let rebuilt = StoreRebuilding(salvaged, kernel: live.map(\.asTheKernelHasIt), in: try surroundings())
        let new = SQLiteLeaseStore.unfinishedPath(of: folder.file)
        defer { for end in ["", "-wal", "-shm"] { _ = unsafe unlink(new + end) } }
        try await SQLiteLeaseStore.write(rebuilt.store, boot: "boot-1", real: 95_000_000, to: new)
        let leases = rebuilt.store.leases
        for lease in live {
            let kept = leases.first { $0.session == lease.session }
            #expect(kept?.number == lease.number && kept?.addresses == lease.addresses, "\(name): \(lease.session)")
        }
        let addresses = leases.flatMap(\.addresses).map(\.address)
        #expect(Set(addresses).count == addresses.count, "\(name)")
        #expect(Set(leases.map(\.number)).count == leases.count, "\(name)")
        // Nothing is made up: what is not live was stored once.
        let stored = Set(base.states.joined().map(\.session))
        #expect(Set((rebuilt.kept + rebuilt.dead).map(\.session)).isSubset(of: stored), "\(name)")
        return true
    }

    private func surroundings() throws -> StoreRebuilding.Surroundings {
        let range = try #require(IPRange("10.1.0.1-10.1.1.250"))
        let pool = Pool(
            name: "lab", networks: [PoolNetwork(ranges: [range], prefixLength: 24, gateway: nil)], parent: "eth1",
            macvlanMode: .bridge, hold: .milliseconds(100), exhaustion: .deny, leftovers: .wait)
        return StoreRebuilding.Surroundings(
            pools: [pool], bootID: "boot-1", real: 95_000_000, boot: 95_000, name: { "user\($0)" },
            newSession: { SessionID.random() })
    }
}

extension Lease {
    fileprivate var asTheKernelHasIt: KernelSession {
        let link = KernelSession.Link(parent: parent, mode: macvlanMode, addresses: addresses.map(\.prefix))
        let member = KernelSession.Member(process: Leader(pid: 4711, startTicks: 77), parent: 1, uid: uid)
        return KernelSession(
            session: session, number: number, cookie: cookie, hasLink: !addresses.isEmpty,
            link: addresses.isEmpty ? nil : link, members: [member])
    }
}

/// Runs a task on a queue of its own, where it may block.
private final class OwnQueue: TaskExecutor {
    private let queue = DispatchQueue(label: "vipns.test.damage")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { [self] in unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
