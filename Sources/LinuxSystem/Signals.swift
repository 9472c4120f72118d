internal import CLinux

/// Blocks `signals` for the calling thread and those that it starts, and opens what reads them; signalfd(2).
///
/// - Throws: the errno.
public func signalDescriptor(_ signals: [Int32]) throws(Errno) -> Int32 {
    try checked { unsafe vipns_signal_descriptor(signals, Int32(signals.count)) }
}

/// Marks every descriptor but the three standard ones as close-on-exec; close_range(2), Linux 5.11.
public func closeAboveStandardOnExec() { _ = vipns_close_on_exec_from(3) }

/// The next signal that waits on such a descriptor; nil where there is none.
public func nextSignal(_ descriptor: Int32) -> Int32? {
    let signal = vipns_next_signal(descriptor)
    return signal == 0 ? nil : signal
}
