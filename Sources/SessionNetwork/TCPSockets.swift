internal import Addressing
internal import LinuxSystem
internal import Netlink

/// The TCP sockets of the namespace that the calling thread is in.
enum TCPSockets {
    /// Ends all of them: peers get a reset, and an orphaned one (FIN-WAIT, no process) cannot keep the namespace alive.
    ///
    /// A kernel without CONFIG_INET_DIAG_DESTROY refuses; the link's deletion after 1 s then frees the address.
    static func destroyAll() throws(Errno) {
        // The kernel lets a namespace go only an RCU grace period (10 to 20 ms) after the last netlink socket in it was
        // closed: without need none is opened.
        let families = try familiesInUse()
        guard !families.isEmpty else { return }
        let diagnosis = try SocketDiagnosis()
        for family in families {
            do throws(NetlinkError) {
                try diagnosis.destroyTCP(family)
            } catch {
                throw error.errno
            }
        }
    }

    /// The families that have any; orphaned sockets count, those in TIME-WAIT do not and hold nothing.
    private static func familiesInUse() throws(Errno) -> [IPAddress.Family] {
        var families: [IPAddress.Family] = []
        for (family, name, label) in [(IPAddress.Family.ipv4, "sockstat", "TCP:"), (.ipv6, "sockstat6", "TCP6:")] {
            do throws(Errno) {
                let text = try readTextFile("/proc/thread-self/net/\(name)")
                if counts(label, text) { families.append(family) }
            } catch .noSuchFile {
                // A host booted with ipv6.disable=1 has no sockstat6.
            }
        }
        return families
    }

    /// Whether a line `TCP: inuse 0 …` or `TCP6: inuse 0` counts any; an unknown form counts as one.
    private static func counts(_ label: String, _ text: String) -> Bool {
        let words = text.split(separator: "\n").first { $0.hasPrefix(label) }?.split(separator: " ") ?? []
        return words.count < 3 || words[1] != "inuse" || words[2] != "0"
    }
}
