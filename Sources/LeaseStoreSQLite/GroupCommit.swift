internal import GRDB
internal import LinuxSystem
internal import Synchronization

/// Lets writes that wait at the same time share one transaction, and so one wait for the disk.
///
/// While one transaction commits, the next writes gather; the writer then takes them all at once. Each has a savepoint
/// of its own, so one that fails takes no other down. A write is reported done only after the commit that holds it.
/// A cancelled task still waits: a write is either stored or not, and its caller knows which.
///
/// A transaction without a durable write does not wait for the disk: it outlives the end of the process, not of the
/// machine, and the next durable one takes it along.
///
/// The writer's thread is there from the start: GRDB's own would be one of Dispatch, which keeps who asks for it waiting for
/// as long as the machine has no more threads to give.
///
/// Where the disk is full, the space that is kept for it is given up and what may not be refused is written again.
final class GroupCommit: Sendable {
    private struct Job: Sendable {
        let body: @Sendable (Database) throws -> Void
        let isDurable: Bool
        let mayBeRefused: Bool
        let waiter: CheckedContinuation<Result<Void, any Error>, Never>
    }

    private let database: DatabasePool
    private let thread: EventLoop
    private let reserve: SpaceReserve
    private let waiting = Mutex<[Job]>([])
    /// How many wait for the next run.
    var waitingCount: Int { waiting.withLock(\.count) }
    /// What `PRAGMA synchronous` says now; touched on the writer only.
    private let isFull = Mutex(true)

    init(_ database: DatabasePool, on thread: EventLoop, reserve: SpaceReserve) {
        self.database = database
        self.thread = thread
        self.reserve = reserve
    }

    /// Runs `body` on the writer; returns once its effects are stored, or throws what it or the commit threw.
    ///
    /// What may be refused does not get the space that is kept for the rest.
    func perform(
        durably isDurable: Bool = true, mayBeRefused: Bool = false,
        _ body: @escaping @Sendable (Database) throws -> Void
    ) async throws {
        let result = await withCheckedContinuation { continuation in
            let isFirst = waiting.withLock { jobs in
                jobs.append(
                    Job(body: body, isDurable: isDurable, mayBeRefused: mayBeRefused, waiter: continuation))
                return jobs.count == 1
            }
            // Whoever comes second is taken along by the run that the first has asked for.
            if isFirst { thread.perform { [self] in database.writeWithoutTransaction { run($0) } } }
        }
        try result.get()
    }

    private func run(_ database: Database) {
        let jobs = waiting.withLock { jobs in
            defer { jobs = [] }
            return jobs
        }
        var results = commit(jobs, in: database)
        let again = jobs.indices.filter { !jobs[$0].mayBeRefused && Self.mayBeForSpace(results[$0]) }
        if !again.isEmpty, reserve.giveUp() {
            let second = commit(again.map { jobs[$0] }, in: database)
            for (index, result) in zip(again, second) { results[index] = result }
        }
        for (job, result) in zip(jobs, results) { job.waiter.resume(returning: result) }
    }

    private func commit(_ jobs: [Job], in database: Database) -> [Result<Void, any Error>] {
        do {
            var results: [Result<Void, any Error>] = []
            try setDurability(jobs.contains(where: \.isDurable), of: database)
            try database.inTransaction(.immediate) {
                results = try jobs.map { try Self.attempt($0, in: database) }
                return .commit
            }
            return results
        } catch {
            // Nothing was stored: neither what failed by itself nor what the commit has lost.
            return jobs.map { _ in .failure(error) }
        }
    }

    private static func mayBeForSpace(_ result: Result<Void, any Error>) -> Bool {
        guard case .failure(let error) = result else { return false }
        return SpaceReserve.mayCure(error)
    }

    private func setDurability(_ isDurable: Bool, of database: Database) throws {
        try isFull.withLock { isFull in
            if isFull == isDurable { return }
            try database.execute(sql: isDurable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL")
            isFull = isDurable
        }
    }

    /// Runs one job so that its failure undoes itself alone; throws where SQLite gave up the whole transaction.
    private static func attempt(_ job: Job, in database: Database) throws -> Result<Void, any Error> {
        do {
            try database.inSavepoint {
                try job.body(database)
                return .commit
            }
            return .success(())
        } catch {
            // A full disk or an I/O error rolls back all: the others fail for that reason, not for what follows from it.
            guard database.isInsideTransaction else { throw error }
            return .failure(error)
        }
    }
}
