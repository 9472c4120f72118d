import ArgumentParser
import ClientAPI

/// What a shell offers for the word at the cursor, by asking the service; nothing where that does not answer at once.
enum Completions {
    /// Ids and addresses of the sessions that the caller may see.
    static let sessions = CompletionKind.custom { words, _, _ in
        let sessions = (try? client(words).list()) ?? []
        return sessions.flatMap { [$0.id] + [$0.address, $0.pairedAddress].compactMap(\.self) }
    }

    /// Names of the pools.
    static let pools = CompletionKind.custom { words, _, _ in
        let pools = (try? client(words).pools()) ?? []
        return pools.map(\.name)
    }

    private static func client(_ words: [String]) throws -> VipnsClient {
        let option = words.firstIndex(of: "--socket").map { words.index(after: $0) }
        let path = option.flatMap { words.indices.contains($0) ? words[$0] : nil }
        return try VipnsClient(path: path ?? VipnsClient.defaultPath, timeout: .seconds(1))
    }
}
