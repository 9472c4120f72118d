internal import Addressing
internal import LinuxSystem

/// The name servers that programs on this host ask; resolv.conf(5).
///
/// It is read for each session: the file changes with the networks that a host is in.
enum HostNameServers {
    static let file = "/etc/resolv.conf"

    /// Those of the file; without any, the C library asks the loopback, and so it does where the file is missing.
    static func current() -> [IPAddress] {
        let octets = (try? readFile(file, limit: 65_536)) ?? []
        let listed = listed(in: String(decoding: octets, as: UTF8.self))
        return listed.isEmpty ? [IPAddress(ipv4: 0x7f00_0001)] : listed
    }

    /// The addresses of all `nameserver` lines, in their order, without zones.
    static func listed(in text: String) -> [IPAddress] {
        let all = text.split(whereSeparator: \.isNewline).compactMap { line -> IPAddress? in
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count >= 2, words[0] == "nameserver" else { return nil }
            return IPAddress(String(words[1].prefix { $0 != "%" }))
        }
        return Array(all.prefix(NameServerRedirection.mostAsked))
    }
}
