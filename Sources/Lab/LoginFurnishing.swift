internal import CLinux
internal import Glibc
internal import LinuxSystem

/// What login programs need and must not change on the machine: a lab's own `/etc`, `/dev` and parts of `/var`.
///
/// The machine's own are covered, never written to; all lies on the lab's tmpfs and goes with it.
enum LoginFurnishing {
    private static let etc = "\(LabPaths.logins)/etc"
    private static let dev = "\(LabPaths.logins)/dev"
    private static let keys = "\(LabPaths.logins)/keys"

    /// What the lab's `/etc` does without: the machine's jobs, secrets, and what its shells do at login.
    private static let left = [
        "cron.d", "cron.hourly", "cron.daily", "cron.weekly", "cron.monthly", "cron.yearly", "crontab", "environment",
        "nologin", "pam.d", "profile", "profile.d", "bash.bashrc", "shadow-", "gshadow", "gshadow-", "ssh",
        "ssl/private", "sudoers.d",
    ]
    /// Where login programs keep records and jobs.
    private static let covered = ["/tmp", "/var/log", "/var/lib/sudo", "/var/spool"]

    /// What is needed and not there, as the end of a sentence; nil where all is.
    static var missing: String? {
        if SSHServer.program == nil { return "there is no sshd on this machine (Debian's package: openssh-server)" }
        for program in ["ssh", "ssh-keygen"] where Children.find(program) == nil {
            return "there is no \(program) on this machine (Debian's package: openssh-client)"
        }
        return unsafe access(LabPaths.module, F_OK) == 0 ? nil : "the PAM module is not beside the programs"
    }

    /// Furnishes the calling process's mount namespace, which is the lab's.
    ///
    /// - Throws: what failed.
    static func furnish(_ children: Children) throws(LabError) {
        for path in [LabPaths.logins, etc, dev, keys, "/run/sshd", "/run/sudo", "/run/lock"] {
            try attempt("make directory '\(path)'") { () throws(Errno) in
                try checked { unsafe mkdir(path, 0o755) }
            }
        }
        showUnpacked()
        try run(children, ["cp", "-RPp", "/etc/.", etc])
        if unsafe access("\(LabPaths.unpacked)/etc", F_OK) == 0 {
            try run(children, ["cp", "-RPpn", "\(LabPaths.unpacked)/etc/.", etc])
        }
        try run(children, ["rm", "-rf"] + left.map { "\(etc)/\($0)" })
        for name in ["host", "user"] {
            try run(children, ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", "\(keys)/\(name)"])
        }
        try attempt("write the lab's own '/etc'") { () throws(Errno) in
            try LabAccounts.add(toFilesIn: etc)
            try LabAccounts.makeHomes(userKey: "\(keys)/user", hostKey: "\(keys)/host")
            try writeEtc()
            try checked { unsafe vipns_bind_mount(etc, "/etc") }
        }
        try LoginStacks.write()
        try attempt("make the lab's own '/dev'") { () throws(Errno) in try makeDev() }
        try SystemLog.start(at: "\(dev)/log")
        for path in covered where unsafe access(path, F_OK) == 0 {
            try attempt("mount a tmpfs over '\(path)'") { () throws(Errno) in
                let mode = path == "/tmp" ? "1777" : "0755"
                try checked { unsafe vipns_mount("tmpfs", path, "mode=\(mode)") }
            }
        }
        try prepareRecords()
        _ = unsafe setenv("HOME", "\(LabPaths.homes)/root", 1)
    }

    /// Lays unpacked packages under the machine's `/usr`: their programs look for files by absolute paths.
    ///
    /// Without overlayfs, such as in some containers, sshd does without; other programs may not.
    private static func showUnpacked() {
        guard unsafe access("\(LabPaths.unpacked)/usr", F_OK) == 0 else { return }
        let layers = "lowerdir=/usr:\(LabPaths.unpacked)/usr"
        _ = unsafe mount("overlay", "/usr", "overlay", UInt(MS_RDONLY | MS_NODEV), layers)
    }

    private static func writeEtc() throws(Errno) {
        let name = (try? readTextFile("/proc/sys/kernel/hostname"))?.filter { !$0.isNewline } ?? ""
        let path = (environmentValue("PATH") ?? "").split(separator: ":").filter { $0.hasPrefix("/run/vipns-lab") }
        let everyone = (path + ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]).joined(separator: ":")
        for directory in ["pam.d", "ssh", "cron.d"] {
            try checked { unsafe mkdir("\(etc)/\(directory)", 0o755) }
        }
        let files = [
            ("nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n", 0o644),
            ("hosts", "127.0.0.1 localhost \(name)\n::1 localhost ip6-localhost\n", 0o644),
            ("environment", "PATH=\"\(everyone)\"\n", 0o644),
            ("crontab", "", 0o644),
            // Alice may become anybody; who changes to whom is not what is tested.
            ("sudoers", "root ALL=(ALL:ALL) ALL\nalice ALL=(ALL:ALL) NOPASSWD: ALL\n", 0o440),
            ("ssh/sshd_config", SSHServer.configuration(hostKey: "\(keys)/host"), 0o600),
            ("ssh/ssh_config", "Host *\n    ConnectTimeout 10\n", 0o644),
        ]
        for (file, text, mode) in files {
            _ = unsafe unlink("\(etc)/\(file)")
            try writeFile("\(etc)/\(file)", text, flags: O_CREAT | O_EXCL, mode: UInt32(mode))
        }
    }

    /// The usual devices, terminals of the lab's own, and a place for `/dev/log`.
    private static func makeDev() throws(Errno) {
        for device in ["null", "zero", "full", "random", "urandom", "tty"] {
            _ = try OwnedDescriptor.open("\(dev)/\(device)", O_RDONLY | O_CREAT | O_EXCL, mode: 0o666)
            try checked { unsafe vipns_bind_mount("/dev/\(device)", "\(dev)/\(device)") }
        }
        for directory in ["pts", "shm"] { try checked { unsafe mkdir("\(dev)/\(directory)", 0o755) } }
        try checked { unsafe chmod("\(dev)/shm", 0o1777) }
        let links = [
            ("ptmx", "pts/ptmx"), ("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2"),
        ]
        for (name, target) in links { try checked { unsafe symlink(target, "\(dev)/\(name)") } }
        // Not `nodev`; group 5 is `tty` everywhere that sshd and login run.
        try checked {
            unsafe mount(
                "devpts", "\(dev)/pts", "devpts", UInt(MS_NOSUID | MS_NOEXEC),
                "newinstance,ptmxmode=0666,mode=620,gid=5")
        }
        try checked { unsafe mount(dev, "/dev", nil, UInt(MS_BIND | MS_REC), nil) }
    }

    /// What the covered directories must have before programs use them.
    private static func prepareRecords() throws(LabError) {
        try attempt("make the lab's own '/var'") { () throws(Errno) in
            for file in ["/run/utmp", "/var/log/wtmp", "/var/log/lastlog"] {
                try writeFile(file, "", flags: O_CREAT | O_TRUNC)
            }
            for directory in ["/var/spool/cron", "/var/spool/cron/crontabs"] {
                try checked { unsafe mkdir(directory, 0o700) }
            }
        }
    }

    private static func run(_ children: Children, _ words: [String]) throws(LabError) {
        let outcome = try children.capture(words)
        guard outcome.status == 0 else {
            throw LabError("cannot furnish the lab for logins: '\(words[0])' failed: \(outcome.text)")
        }
    }
}
