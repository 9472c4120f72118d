internal import CPAM

/// Runs `body` where descriptors can be had, all of them above standard error, whatever state the caller is in.
///
/// A login program may have used up its RLIMIT_NOFILE, or have closed descriptors 0 to 2. The soft limit is raised while
/// `body` runs, and the three are occupied: so nothing that is opened here, the C library's own socket to the log included,
/// can become somebody's standard output.
func withDescriptorRoom(_ body: () -> CInt) -> CInt {
    let limit = raisedDescriptorLimit()
    let occupied = occupiedLowDescriptors()
    let status = body()
    for descriptor in CInt(0)..<3 where occupied & (1 << descriptor) != 0 {
        _ = close(descriptor)
    }
    if var limit { _ = unsafe vipns_set_descriptor_limit(&limit) }
    return status
}

/// Raises the limit where few descriptors may be left; gives the one to put back, nil where nothing was changed.
private func raisedDescriptorLimit() -> rlimit? {
    let enough: rlim_t = 64
    var limit = rlimit()
    guard unsafe vipns_get_descriptor_limit(&limit) == 0, limit.rlim_cur < rlim_t.max &- enough else { return nil }
    let lowest = unsafe vipns_open("/")
    if lowest >= 0 {
        _ = close(lowest)
        // The limit is the whole process's: it is left alone where that is not needed.
        if rlim_t(truncatingIfNeeded: lowest) &+ enough < limit.rlim_cur { return nil }
    }
    var raised = limit
    raised.rlim_cur = limit.rlim_cur &+ enough
    // Root may go beyond the hard limit, others up to it.
    if raised.rlim_max < raised.rlim_cur { raised.rlim_max = raised.rlim_cur }
    if unsafe vipns_set_descriptor_limit(&raised) == 0 { return limit }
    raised.rlim_cur = limit.rlim_max
    raised.rlim_max = limit.rlim_max
    return unsafe vipns_set_descriptor_limit(&raised) == 0 ? limit : nil
}

/// Opens something harmless on each of descriptors 0 to 2 that is closed; gives a bit for each.
private func occupiedLowDescriptors() -> CInt {
    var occupied: CInt = 0
    while true {
        let descriptor = unsafe vipns_open("/")
        if descriptor < 0 { return occupied }
        if descriptor > 2 {
            _ = close(descriptor)
            return occupied
        }
        occupied |= 1 << descriptor
    }
}
