internal import CLinux

/// Runs `body` with files open to it as they are to user `uid`; setfsuid(2).
///
/// Capabilities that are not about files stay. For a raw thread that was started for such work: no other thread has it.
/// Where it is refused, without CAP_SETUID and for the process's first thread, `body` runs as the caller is.
public func asFileSystemUser<Value: ~Copyable, Failure: Error>(
    _ uid: UInt32, _ body: () throws(Failure) -> Value
) throws(Failure) -> Value {
    let own = vipns_set_file_system_user(uid)
    defer {
        if own >= 0, vipns_set_file_system_user(UInt32(own)) < 0 { fatalError("cannot set the user back") }
    }
    return try body()
}
