internal import Glibc
internal import LinuxSystem

/// Where the settings of sessions are written: an instance of /proc that is renewed before it is as slow as the old one.
///
/// Making one takes 0.12 ms, as long as some writes in it.
struct SysctlSource {
    /// How many sessions one instance serves.
    private static let lifetime = 64

    private var sysctls = SessionSysctls(tree: .shared)
    private var left = 0
    /// Why there is no instance of our own; it is not tried again.
    private(set) var failure: Errno?

    init() { renew() }

    /// What the next session's settings are written through.
    mutating func next() -> SessionSysctls {
        if left == 0, failure == nil { renew() }
        left = max(0, left - 1)
        return sysctls
    }

    private mutating func renew() {
        do throws(Errno) {
            sysctls = SessionSysctls(tree: try .makePrivate())
            left = Self.lifetime
        } catch let error where error.isShortage {
            // That passes: the former one serves a little longer.
        } catch {
            failure = error
            sysctls = SessionSysctls(tree: .shared)
        }
    }
}

extension Errno {
    fileprivate var isShortage: Bool { [EMFILE, ENFILE, ENOMEM].contains(rawValue) }
}
