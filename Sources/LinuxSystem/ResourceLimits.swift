internal import Glibc

/// Allows this process as many descriptors as the system lets it have; getrlimit(2), RLIMIT_NOFILE.
///
/// - Throws: the errno.
public func raiseDescriptorLimit() throws(Errno) {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    try checked { unsafe getrlimit(resource, &limit) }
    limit.rlim_cur = limit.rlim_max
    try checked { unsafe setrlimit(resource, &limit) }
}
