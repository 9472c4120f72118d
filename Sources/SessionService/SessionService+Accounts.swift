internal import LinuxSystem

/// A user that was looked up a moment ago.
struct KnownAccount {
    /// How long an answer of the account database is taken for true, in microseconds.
    static let lifetime: Int64 = 10_000_000

    let account: Account
    let since: Int64
}

extension SessionService {
    /// The user of that name or number; nil where there is none.
    ///
    /// The account database may be a slow directory on the network: it is asked on a thread that holds up nobody else, and
    /// not for every one of a crowd of logins.
    func account(_ name: String) async -> Account? {
        let now = SystemClock.bootTimeMicroseconds()
        if let known = accounts[name], now - known.since < KnownAccount.lifetime { return known.account }
        guard let account = await onExpendableThread({ Account(name) }) ?? nil else { return nil }
        accounts = accounts.filter { now - $0.value.since < KnownAccount.lifetime }
        accounts[name] = KnownAccount(account: account, since: now)
        return account
    }

    /// The names of the user's groups; none where there is no such user.
    func groupNames(of user: String) async -> Set<String> {
        let now = SystemClock.bootTimeMicroseconds()
        if let known = groups[user], now - known.since < KnownAccount.lifetime { return known.names }
        guard let account = await account(user),
            let names = await onExpendableThread({ account.groupNames() })
        else { return [] }
        groups = groups.filter { now - $0.value.since < KnownAccount.lifetime }
        groups[user] = (names, now)
        return names
    }
}
