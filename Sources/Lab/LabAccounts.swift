internal import Glibc
internal import LinuxSystem

/// The people of a lab: in its own `/etc` alone, with numbers that no machine is likely to give.
public enum LabAccounts {
    /// Somebody who can log in.
    public struct Account: Hashable, Sendable {
        /// The name.
        public let name: String
        /// The number of the user and of the user's own group.
        public let id: UInt32

        /// The home directory.
        public var home: String { "\(LabPaths.homes)/\(name)" }
    }

    /// All of them; alice and bob are agents.
    public static let all = [
        Account(name: "alice", id: 64801), Account(name: "bob", id: 64802), Account(name: "carol", id: 64803),
    ]
    /// The group `agents`.
    public static let agents = (id: UInt32(64813), members: ["alice", "bob"])

    private static let root = Account(name: "root", id: 0)

    /// Adds them to the account files in `directory`, a copy of the machine's `/etc`.
    static func add(toFilesIn directory: String) throws(Errno) {
        // The first of a name counts, and the machine may have an alice of its own.
        let names = Set((all + [root]).map(\.name) + ["agents"])
        func others(of file: String) throws(Errno) -> [String] {
            try lines(of: "\(directory)/\(file)").filter { !names.contains("\($0.prefix { $0 != ":" })") }
        }
        // The real root's keys, shell history and start-up files are none of the lab's business.
        var users = ["root:x:0:0:root:\(root.home):/bin/sh"] + (try others(of: "passwd"))
        var groups = ["root:x:0:"] + (try others(of: "group"))
        for account in all {
            users.append("\(account.name):x:\(account.id):\(account.id):\(account.name):\(account.home):/bin/sh")
            groups.append("\(account.name):x:\(account.id):")
        }
        groups.append("agents:x:\(agents.id):\(agents.members.joined(separator: ","))")
        // sshd's privilege separation; what a machine without OpenSSH lacks.
        if !users.contains(where: { $0.hasPrefix("sshd:") }) {
            users.append("sshd:x:64804:65534::/run/sshd:/usr/sbin/nologin")
        }
        // Nobody has a password, and the machine's own are not copied.
        let shadow = users.map { "\($0.prefix { $0 != ":" }):*:19000:0:99999:7:::" }
        for (name, lines, mode) in [("passwd", users, 0o644), ("group", groups, 0o644), ("shadow", shadow, 0o600)] {
            let text = lines.joined(separator: "\n") + "\n"
            try writeFile("\(directory)/\(name)", text, flags: O_CREAT | O_TRUNC, mode: UInt32(mode))
        }
    }

    /// Makes their homes, root's too, where one key opens every account by ssh.
    static func makeHomes(userKey: String, hostKey: String) throws(Errno) {
        let secret = try readTextFile(userKey)
        let known = try readTextFile("\(hostKey).pub")
        let files = [
            ("id_ed25519", secret, 0o600), ("authorized_keys", try readTextFile("\(userKey).pub"), 0o644),
            ("known_hosts", "* \(known)", 0o644),
        ]
        try checked { unsafe mkdir(LabPaths.homes, 0o755) }
        for account in all + [root] {
            for directory in [account.home, "\(account.home)/.ssh"] {
                try checked { unsafe mkdir(directory, 0o700) }
                try checked { unsafe chown(directory, account.id, account.id) }
            }
            for (name, text, mode) in files {
                let path = "\(account.home)/.ssh/\(name)"
                try writeFile(path, text, flags: O_CREAT | O_EXCL, mode: UInt32(mode))
                try checked { unsafe chown(path, account.id, account.id) }
            }
        }
    }

    private static func lines(of path: String) throws(Errno) -> [String] {
        try readTextFile(path).split(separator: "\n").map(String.init)
    }
}
