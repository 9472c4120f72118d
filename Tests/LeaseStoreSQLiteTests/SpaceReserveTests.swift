internal import GRDB
internal import Glibc
internal import Leasing
internal import TestSupport
internal import Testing

@testable internal import LeaseStoreSQLite

struct SpaceReserveTests {
    private let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private var kept: Int {
        var facts = stat()
        return unsafe stat("\(folder.file).reserve", &facts) == 0 ? Int(facts.st_blocks) * 512 : 0
    }

    @Test func `space is kept from the first start on, and again where it is gone`() throws {
        _ = try SQLiteLeaseStore(path: folder.file)
        #expect(kept >= SpaceReserve.octets)
        let status = unsafe truncate("\(folder.file).reserve", 0)
        #expect(status == 0)
        _ = try SQLiteLeaseStore(path: folder.file)
        #expect(kept >= SpaceReserve.octets)
    }

    @Test func `space that cannot be given up is still there to be given up later`() throws {
        let path = "\(folder.file).reserve"
        let reserve = SpaceReserve(path: path)
        try reserve.keep()
        // A folder in its place: truncate(2) says EISDIR.
        #expect(unsafe rename(path, "\(path).aside") == 0 && mkdir(path, 0o700) == 0)
        #expect(!reserve.giveUp())
        #expect(unsafe rmdir(path) == 0 && rename("\(path).aside", path) == 0)
        #expect(kept >= SpaceReserve.octets)
        #expect(reserve.giveUp() && kept == 0)
        #expect(!reserve.giveUp())
    }

    @Test func `an open does not get the space, an end does, and the next open takes it again`() async throws {
        let store = try SQLiteLeaseStore(path: folder.file)
        _ = try await store.open(boot: "boot-1", nowReal: 0, nowBoot: 0)
        let first = try lease("k7f3q2m2", "10.1.0.7")
        try await store.storeIntent(first)
        // No page more for the database: as full as a disk.
        try await store.database.writeWithoutTransaction { connection in
            try connection.execute(sql: "PRAGMA max_page_count = 1")
        }
        let long = String(repeating: "x", count: 100_000)
        let second = try lease("k7f3q2m3", "10.1.0.8", nth: 2, user: long)
        await #expect(throws: LeaseStoreError.self) { try await store.storeIntent(second) }
        #expect(kept >= SpaceReserve.octets)
        await #expect(throws: LeaseStoreError.self) {
            try await store.recordEnd(first, at: 1, boot: 1, reason: long, failed: false)
        }
        #expect(kept == 0)
        // What needs no page is stored all the same.
        try await store.release(first.session)
        await #expect(throws: LeaseStoreError.self) { try await store.storeIntent(second) }
        #expect(kept >= SpaceReserve.octets)
    }
}
