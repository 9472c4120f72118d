internal import GRDB
internal import Glibc
internal import Leasing
internal import LinuxSystem
internal import Testing

@testable internal import LeaseStoreSQLite

struct UnfinishedRepairTests {
    private let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    @Test func `what an unfinished repair has left beside a whole store is a reason to repair it again`() async throws {
        try SQLiteLeaseStore(path: folder.file).database.close()
        #expect(try Salvage.read(folder.file).complaints.isEmpty)
        let unfinished = SQLiteLeaseStore.unfinishedPath(of: folder.file)
        _ = try OwnedDescriptor.open(unfinished, O_WRONLY | O_CREAT, mode: 0o600)
        #expect(throws: (any Error).self) { try SQLiteLeaseStore(path: folder.file) }

        let salvaged = try Salvage.read(folder.file)
        #expect(salvaged.complaints == ["a repair of it was not finished"])
        // No address has to rest for that.
        #expect(!salvaged.mayLackRows)
        try await SQLiteLeaseStore.write(salvaged, boot: "boot-1", real: 1, to: unfinished)
        let kept = try #require(try StoreFiles.replace(folder.file, with: unfinished, at: "now"))
        StoreFiles.remove(kept)
        try SQLiteLeaseStore(path: folder.file).database.close()
    }
}
