internal import Addressing

/// What is wrong with an entry of a rule's list.
struct RuleTextError: Error {
    let reason: String
}

/// Reads a service's name, or a pattern of such names: what can be a file in /etc/pam.d.
func readService(_ text: String) throws(RuleTextError) -> String {
    guard isPattern(text, without: [" ", "/"]) else {
        throw RuleTextError(reason: "service \(quoted(text)) is not the name of a file in /etc/pam.d")
    }
    return text
}

/// Reads the name of a user or a group, or a pattern of such names.
///
/// Directories have names with blanks in them.
func readPerson(_ text: String) throws(RuleTextError) -> String {
    if text.hasPrefix("@") || text.hasPrefix("%") {
        throw RuleTextError(reason: "name \(quoted(text)) begins with a sign; groups have a key of their own, 'groups'")
    }
    guard isPattern(text, without: [":", ",", "/"]), text.first != " ", text.last != " " else {
        throw RuleTextError(reason: "name \(quoted(text)) is not a user's or group's name")
    }
    return text
}

/// Reads a terminal's name, or a pattern of such names, with or without `/dev/`.
func readTTY(_ text: String) throws(RuleTextError) -> String {
    guard isPattern(withoutDeviceFolder(text), without: [" ", ","]), !withoutDeviceFolder(text).hasPrefix("/") else {
        throw RuleTextError(reason: "tty \(quoted(text)) is not a terminal's name")
    }
    return text
}

/// Reads an address, a prefix, or a pattern of hosts' names.
func readRemote(_ text: String) throws(RuleTextError) -> RemotePattern {
    if text == "*" { return .any }
    if let network = hostNetwork(text) {
        guard network.address == network.first else {
            let right = IPPrefix(network.first, length: network.length).map(\.description) ?? ""
            throw RuleTextError(reason: "remote \(quoted(text)) has host bits set; the network is '\(right)'")
        }
        return .network(network)
    }
    // A pattern of addresses would also fit names that anybody can give to a host of his own.
    if text.unicodeScalars.allSatisfy({ "0123456789.*?-:/%".unicodeScalars.contains($0) }) || text.contains(":") {
        throw RuleTextError(reason: "remote \(quoted(text)) is not an address or a prefix such as '10.1.0.0/16'")
    }
    let name = hostName(text)
    let allowed = Set("abcdefghijklmnopqrstuvwxyz0123456789-_.*?".utf8)
    guard (1...253).contains(name.utf8.count), name.utf8.allSatisfy(allowed.contains) else {
        throw RuleTextError(reason: "remote \(quoted(text)) is neither an address, a prefix nor a host's name")
    }
    if name.hasPrefix(".") {
        throw RuleTextError(reason: "remote \(quoted(text)) begins with a dot; all names under it are '*\(name)'")
    }
    return .name(name)
}

/// Whether `text` is a name of reasonable length without control characters and those in `unwanted`.
private func isPattern(_ text: String, without unwanted: Set<Unicode.Scalar>) -> Bool {
    (1...256).contains(text.utf8.count)
        && text.unicodeScalars.allSatisfy {
            $0.properties.generalCategory != .control && $0 != "\u{2028}" && $0 != "\u{2029}" && !unwanted.contains($0)
        }
}
