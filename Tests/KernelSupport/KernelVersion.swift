internal import LinuxSystem

/// A kernel's version, for what kernels do differently.
public struct KernelVersion: Comparable, Sendable {
    let major: Int
    let minor: Int

    /// Puts the two together.
    public init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// That of the kernel that runs; `/proc/sys/kernel/osrelease`.
    public static let running: KernelVersion = {
        let numbers = ((try? readTextFile("/proc/sys/kernel/osrelease")) ?? "").split { !$0.isNumber }.compactMap {
            Int($0)
        }
        return KernelVersion(numbers.first ?? 0, numbers.dropFirst().first ?? 0)
    }()

    /// By major, then minor number.
    public static func < (one: KernelVersion, other: KernelVersion) -> Bool {
        (one.major, one.minor) < (other.major, other.minor)
    }
}
