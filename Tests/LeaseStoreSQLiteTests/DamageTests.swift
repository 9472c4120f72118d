internal import Addressing
internal import Dispatch
internal import Foundation
internal import GRDB
internal import Glibc
internal import Leasing
internal import TestSupport
internal import Testing

@testable internal import LeaseStoreSQLite

/// Thousands of damaged files: each is recovered or refused, and no lease is lost, changed or doubled in silence.
struct DamageTests {
    private let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder(isInMemory: true) }

    /// What came of the files of one kind of damage.
    private struct Count: CustomStringConvertible {
        private(set) var recovered = 0
        private(set) var refused = 0

        mutating func add(_ isRecovered: Bool) {
            if isRecovered { recovered += 1 } else { refused += 1 }
        }

        static func + (one: Count, other: Count) -> Count {
            Count(recovered: one.recovered + other.recovered, refused: one.refused + other.refused)
        }

        var description: String { "\(recovered) recovered, \(refused) refused" }
    }

    @Test func `a damaged store is recovered or refused, and no lease is lost, changed or doubled`() async throws {
        let environment = ProcessInfo.processInfo.environment
        let cases = environment["VIPNS_FAULTS"] == "all" ? 10_000 : 400
        let seed = environment["VIPNS_SEED"].flatMap { UInt64($0) } ?? 20_261_123
        var counts: [Damage: Count] = [:]
        var repairs = 0
        try await withThrowingTaskGroup(of: (counts: [Damage: Count], repairs: Int).self) { group in
            for part in 0..<2 {
                // Opening blocks for the disk: not where other tests wait for their turn.
                group.addTask(executorPreference: OwnQueue()) {
                    try await DamageTests().check(stride(from: part, to: cases, by: 2), seed &+ UInt64(part))
                }
            }
            for try await done in group {
                counts.merge(done.counts, uniquingKeysWith: +)
                repairs += done.repairs
            }
        }
        print("repaired: \(repairs) of \(cases)")
        for damage in Damage.allCases { print("damage \(damage): \(counts[damage, default: Count()])") }
        #expect(counts.values.reduce(0) { $0 + $1.refused } > cases / 10)
        // A log that is cut ends where it is whole; its index is made anew.
        for harmless in Damage.allCases where harmless.isOfLog && harmless != .logAlone {
            #expect(counts[harmless]?.refused == 0, "\(harmless)")
        }
    }

    /// Does the cases of those numbers.
    private func check(_ cases: StrideTo<Int>, _ seed: UInt64) async throws -> (counts: [Damage: Count], repairs: Int) {
        // With a log of what came last, and with everything in the pages.
        let bases = [try await StoreInUse(in: folder), try await StoreInUse(in: folder, isLogEmpty: true)]
        var random = SeededGenerator(seed: seed)
        var counts: [Damage: Count] = [:]
        var repairs = 0
        for index in cases {
            let damage = Damage.allCases[index / 2 % Damage.allCases.count]
            let base = bases[damage.isOfLog ? 0 : index % 2]
            var files = base.files
            damage.strike(&files, base, &random)
            try files.write(to: folder.file)
            let isRecovered = try await check("case \(index): \(damage)", base, isEmpty: files.isEmpty)
            counts[damage, default: Count()].add(isRecovered)
            // What is read may lack what a cut log has lost; that is repaired as well.
            if !isRecovered || index % 8 < 2 {
                try files.write(to: folder.file)
                try await checkRepair("case \(index): \(damage)", base)
                repairs += 1
            }
        }
        return (counts, repairs)
    }

    /// - Returns: whether it is recovered; else it was refused, with a message that names the file, what is wrong and what
    ///   to do.
    private func check(_ name: String, _ base: StoreInUse, isEmpty: Bool) async throws -> Bool {
        do throws(LeaseStoreError) {
            let store = try SQLiteLeaseStore(path: folder.file)
            let state = try await store.open(boot: "boot-1", nowReal: 90_000_000, nowBoot: 90_000)
            try await checkUse(of: store, state, name, base, isEmpty: isEmpty)
            return true
        } catch {
            let text = error.description
            let begins = ["cannot open lease store", "cannot read leases from"].map { "\($0) '\(folder.file)': " }
            #expect(begins.contains { text.hasPrefix($0) }, "\(name): \(text)")
            // A flip may make the name of the format another one.
            #expect(text.hasSuffix("run 'vipns repair')") || error.cause == .newerFormat, "\(name): \(text)")
            return false
        }
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
            #expect(error.takenAddress == address || "\(error)".hasSuffix("run 'vipns repair')"), "\(name): \(error)")
        }
    }
}

extension DamageTests {
    /// Repairs with a kernel that has every session that was not released: all of them keep number and address.
    private func checkRepair(_ name: String, _ base: StoreInUse) async throws {
        let salvaged: SalvagedStore
        do throws(LeaseStoreError) {
            salvaged = try Salvage.read(folder.file)
        } catch {
            // A flip may make the name of the format another one.
            #expect(error.cause == .newerFormat, "\(name): \(error)")
            return
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

/// A store as a service leaves it that is killed: pages, and a log of what came after them.
private struct StoreInUse {
    let files: FileSet
    /// The leases after each write that the log holds.
    let states: [[Lease]]
    /// Where the pages have letters and digits.
    let textPlaces: [Int]

    init(in folder: TemporaryFolder, isLogEmpty: Bool = false) async throws {
        try FileSet().write(to: folder.file)
        let store = try SQLiteLeaseStore(path: folder.file)
        _ = try await store.openBoot1()
        var leases: [Lease] = []
        for nth in 1...24 {
            var new = try lease(
                SessionID.random().description, nth == 7 ? nil : "10.1.0.\(nth)", nth: UInt32(nth), phase: .active)
            new.cookie = UInt64(nth) << 40
            new.leaders = [Leader(pid: Int32(nth), startTicks: 77)]
            try await store.storeIntent(new)
            leases.append(new)
        }
        for nth in 100..<150 {
            let old = try lease(SessionID.random().description, "10.2.0.\(nth % 250)", nth: UInt32(nth))
            try await store.use(old, until: Int64(nth) * 2_000_000)
        }
        try await store.database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        var states = [leases]
        for nth in 401...412 {
            let new = try lease(SessionID.random().description, "10.1.1.\(nth - 400)", nth: UInt32(nth))
            try await store.storeIntent(new)
            leases.append(new)
            states.append(leases)
            leases[nth - 401].phase = .closing
            leases[nth - 401].endReason = "last leader ended"
            try await store.update(leases[nth - 401])
            states.append(leases)
        }
        try await store.release(leases.removeFirst().session)
        states.append(leases)
        if isLogEmpty {
            try await store.database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            states = [leases]
        }
        let files = try FileSet(readingFrom: folder.file)
        self.states = states
        self.files = files
        self.textPlaces = files.main.indices.filter { (0x30...0x7a).contains(files.main[$0]) }
    }
}

/// The three files of a store.
private struct FileSet {
    var main: [UInt8] = []
    var log: [UInt8] = []
    var index: [UInt8]?

    /// Nothing is left that could tell of a store.
    var isEmpty: Bool { main.isEmpty && log.isEmpty }

    init() {}

    init(readingFrom path: String) throws {
        main = Array(try Data(contentsOf: URL(filePath: path)))
        log = Array(try Data(contentsOf: URL(filePath: "\(path)-wal")))
        index = Array(try Data(contentsOf: URL(filePath: "\(path)-shm")))
    }

    func write(to path: String) throws {
        for (end, octets) in [("", main as [UInt8]?), ("-wal", log), ("-shm", index)] {
            // The strings are lent for the calls.
            _ = unsafe unlink(path + end)
            if let octets, !(end == "-wal" && octets.isEmpty) { try Data(octets).write(to: URL(filePath: path + end)) }
        }
    }
}

/// What happens to files on disks, and at the hands of people.
private enum Damage: CaseIterable {
    case cut, cutAtPage, empty, header, flip, flips, flipInText
    case zeroedSector, zeroedPage, randomPage, swappedPages, oldPage
    case cutLog, flipInLog, noLog, indexOfLog, logAlone

    var isOfLog: Bool { [.cutLog, .flipInLog, .noLog, .indexOfLog, .logAlone].contains(self) }

    func strike(_ files: inout FileSet, _ base: StoreInUse, _ random: inout SeededGenerator) {
        let pages = files.main.count / 4096
        func page() -> Range<Int> {
            let start = Int.random(in: 0..<pages, using: &random) * 4096
            return start..<start + 4096
        }
        switch self {
        case .cut: files.main.removeLast(Int.random(in: 1...files.main.count, using: &random))
        case .cutAtPage: files.main.removeLast(4096 * Int.random(in: 1...pages, using: &random))
        case .empty:
            files.main = []
            if Bool.random(using: &random) { files.log = [] }
        case .header: files.main[Int.random(in: 0..<108, using: &random)] = UInt8.random(in: 0...255, using: &random)
        case .flip: Self.flip(&files.main, &random)
        case .flips: for _ in 0..<Int.random(in: 2...64, using: &random) { Self.flip(&files.main, &random) }
        case .flipInText:
            // Digits and letters: a flip that often makes another value that could well be.
            guard let place = base.textPlaces.randomElement(using: &random) else { return }
            files.main[place] ^= 1 << UInt8.random(in: 0..<3, using: &random)
        case .zeroedSector:
            let start = Int.random(in: 0..<files.main.count / 512, using: &random) * 512
            for place in start..<start + 512 { files.main[place] = 0 }
        case .zeroedPage: for place in page() { files.main[place] = 0 }
        case .randomPage: for place in page() { files.main[place] = UInt8.random(in: 0...255, using: &random) }
        case .swappedPages:
            let (one, other) = (page(), page())
            let kept = Array(files.main[one])
            files.main.replaceSubrange(one, with: Array(files.main[other]))
            files.main.replaceSubrange(other, with: kept)
        case .oldPage: files.main.replaceSubrange(page(), with: Array(files.main[page()]))
        case .cutLog: files.log.removeLast(Int.random(in: 1...files.log.count, using: &random))
        case .flipInLog: Self.flip(&files.log, &random)
        case .noLog: files.log = []
        case .indexOfLog:
            switch Int.random(in: 0..<4, using: &random) {
            case 0: files.index = nil
            case 1: files.index = files.index.map { $0.map { _ in 0 } }
            case 2: files.index = files.index.map { $0.map { _ in UInt8.random(in: 0...255, using: &random) } }
            default: files.index = files.index.map { Array($0.prefix(Int.random(in: 0..<$0.count, using: &random))) }
            }
        case .logAlone: files.main = []
        }
    }

    private static func flip(_ octets: inout [UInt8], _ random: inout SeededGenerator) {
        octets[Int.random(in: 0..<octets.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
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

/// SplitMix64: the same choices for the same seed.
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
