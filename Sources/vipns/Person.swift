import Glibc
import LinuxSystem

/// A user with the groups to take on.
struct Person {
    /// The account.
    let account: Account
    /// Primary and supplementary groups, getgrouplist(3); nil for who runs already, whose ids and groups stay.
    let groups: [UInt32]?

    /// Looks up the groups.
    ///
    /// Not for processes that have entered a namespace.
    init(account: Account) {
        self.account = account
        if getuid() == account.uid, geteuid() == account.uid, getgid() == account.gid, getegid() == account.gid {
            groups = nil
            return
        }
        groups = account.groups()
    }

    /// Takes on groups and ids for good; setresuid(2) in its POSIX form, which sets the saved ids as well.
    ///
    /// - Throws: the errno; the process must end then, as it may have changed half of them.
    func takeOnIDs() throws(Errno) {
        guard let groups else { return }
        try checked { unsafe setgroups(groups.count, groups) }
        try checked { setregid(account.gid, account.gid) }
        try checked { setreuid(account.uid, account.uid) }
        // The way back must be shut, or the command would be root in disguise.
        guard getuid() == account.uid, geteuid() == account.uid, account.uid == 0 || setuid(0) == -1 else {
            throw .notPermitted
        }
    }
}

/// Who calls this program.
enum Caller {
    /// Refuses all but root before anything is tried.
    static func requireRoot(to aim: String, verb: String) throws(CommandFailure) {
        guard geteuid() == 0 else {
            throw CommandFailure("cannot \(aim): Operation not permitted (only root may; try 'sudo vipns \(verb)')")
        }
    }

    /// The account that was asked for, or the default: the one behind sudo, else root.
    static func account(named name: String?) throws(CommandFailure) -> Account {
        guard let name else { return try account(sudoUID: variable("SUDO_UID"), sudoUser: variable("SUDO_USER")) }
        guard let account = Account(name) else { throw CommandFailure("there is no user '\(name)'") }
        return account
    }

    /// The account behind sudo; root where neither variable is set.
    ///
    /// Anyone can set variables, so both must say the same as the account database.
    static func account(sudoUID: String?, sudoUser: String?) throws(CommandFailure) -> Account {
        if sudoUID == nil && sudoUser == nil { return Account(uid: 0) }
        guard let sudoUID, let sudoUser, let account = Account(sudoUser), account.name == sudoUser,
            "\(account.uid)" == sudoUID
        else {
            throw CommandFailure(
                "cannot tell who called sudo: SUDO_UID '\(sudoUID ?? "")' and SUDO_USER '\(sudoUser ?? "")' do not name "
                    + "one account (say --user)")
        }
        return account
    }

    /// A variable of this process's environment; an empty one counts as missing.
    static func variable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }
}
