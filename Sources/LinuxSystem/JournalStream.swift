internal import Glibc

/// Whether standard error leads to systemd's journal, which then takes `<6>` before a line for its priority.
///
/// systemd.exec(5), JOURNAL_STREAM: the variable outlives a redirection, so device and inode are compared.
public func isStandardErrorJournal() -> Bool {
    guard let value = unsafe getenv("JOURNAL_STREAM") else { return false }
    let words = unsafe String(cString: value).split(separator: ":")
    var facts = stat()
    guard words.count == 2, unsafe fstat(2, &facts) == 0 else { return false }
    return UInt64(words[0]) == UInt64(facts.st_dev) && UInt64(words[1]) == UInt64(facts.st_ino)
}
