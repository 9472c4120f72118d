internal import LinuxSystem

/// The settings that a session's namespace has before its link is made.
enum SessionSysctls {
    /// Writes them from the thread inside; `/proc/sys/net` shows the namespace of the thread that opens a file.
    ///
    /// A fresh link would take addresses outside of its lease from router advertisements, and no netlink attribute stops
    /// that at creation. Until pools carry IPv6 it is off for every link made here later; lo keeps `::1`, because lo
    /// exists already and only the defaults are set.
    static func write() throws(Errno) {
        do throws(Errno) {
            try writeFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1")
        } catch .noSuchFile {
            // A host booted with ipv6.disable=1 has no such files, and no IPv6.
        }
    }
}
