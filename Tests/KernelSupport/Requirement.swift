internal import Foundation
internal import Glibc
public import Testing

/// What a test needs of the machine; where it is missing the test is skipped with the reason.
///
/// With `VIPNS_REQUIRE_ROOT=1` it runs all the same, and fails where it must: continuous integration sets it.
public enum Requirement {
    /// Whether tests that need root are to run.
    public static var isRootOrRequired: Bool {
        geteuid() == 0 || ProcessInfo.processInfo.environment["VIPNS_REQUIRE_ROOT"] == "1"
    }
}

extension Trait where Self == ConditionTrait {
    /// The test makes namespaces and links.
    public static var needsRoot: Self { .enabled(if: Requirement.isRootOrRequired, "needs root") }
}
