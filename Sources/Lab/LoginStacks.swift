internal import Glibc
internal import LinuxSystem

/// The PAM stacks of a lab with logins, `/etc/pam.d` of the lab alone; pam.conf(5).
///
/// Nobody is asked for a password: who may log in is not what a lab is for.
public enum LoginStacks {
    /// The services that have a stack of their own; all others use `other`.
    private static var services: Set<String> {
        let usual = ["cron", "login", "other", "remote", "sshd", "su", "su-l", "sudo", "sudo-i", "xrdp-sesman"]
        // Files there come before `other`, and include what the lab does not have.
        return Set(usual + ((try? directoryEntries("/usr/lib/pam.d")) ?? []))
    }

    /// Writes all stacks anew.
    ///
    /// - Parameters:
    ///   - module: whether the module is in them; without it they are what logins are measured against.
    ///   - arguments: the module's arguments, such as `fail=closed`.
    ///   - after: lines of the session phase that come after the module.
    /// - Throws: what failed.
    public static func write(
        module: Bool = true, arguments: [String] = [], after: [String] = []
    ) throws(LabError) {
        let text = text(module: module, arguments: arguments, after: after)
        for service in services {
            try attempt("write the PAM stack of '\(service)'") { () throws(Errno) in
                try writeFile("/etc/pam.d/\(service)", text, flags: O_CREAT | O_TRUNC)
            }
        }
    }

    static func text(module: Bool, arguments: [String], after: [String]) -> String {
        let module = module ? ([LabPaths.module] + arguments).joined(separator: " ") : nil
        let lines =
            ["auth required pam_permit.so", "account required pam_permit.so"]
            + (module.map { ["account required \($0)"] } ?? [])
            + ["password required pam_permit.so", "session required pam_permit.so"]
            + (module.map { ["session required \($0)"] } ?? [])
            + ["session required pam_env.so readenv=1"] + after
        return lines.map { "\($0)\n" }.joined()
    }
}
