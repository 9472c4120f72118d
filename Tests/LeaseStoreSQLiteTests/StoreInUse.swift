internal import Addressing
internal import Foundation
internal import GRDB
internal import Glibc
internal import Leasing
internal import TestSupport
internal import Testing

@testable internal import LeaseStoreSQLite

/// A store as a service leaves it that is killed: pages, and a log of what came after them.
struct StoreInUse {
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
        try store.database.close()
        self.states = states
        self.files = files
        self.textPlaces = files.main.indices.filter { (0x30...0x7a).contains(files.main[$0]) }
    }
}

/// The three files of a store.
struct FileSet {
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
enum Damage: CaseIterable {
    case cut, cutAtPage, empty, header, flip, flips, flipInText
    case zeroedSector, zeroedPage, randomPage, swappedPages, oldPage
    case cutLog, flipInLog, noLog, indexOfLog, logAlone

    var isFlip: Bool { [.flip, .flips, .flipInText].contains(self) }
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

/// SplitMix64: the same choices for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
