// swift-tools-version: 6.2
import PackageDescription

/// `make lint` and `make test` take a warning for an error; whoever builds with a later compiler is not stopped by one.
let strictness: [SwiftSetting] = Context.environment["VIPNS_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)]

/// What every Swift target of ours is built with.
let settings: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .strictMemorySafety(),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ] + strictness

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// A library target: one concern, importing only what is listed here.
func library(
    _ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil
) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

/// A program, built from the folder of its name.
func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The tests of one floor of the house.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// How the PAM module becomes a small library that needs libc and libpam alone; docs/decisions/0012.
///
/// lld, because gold keeps the undefined symbols of functions that it has thrown away.
let moduleLinking: [LinkerSetting] = [
    .linkedLibrary("pam"),
    .unsafeFlags(
        ["-enable-experimental-feature", "Embedded", "-no-static-stdlib", "-use-ld=lld"]
            + [
                "--version-script=\(Context.packageDirectory)/Sources/pam_vipns/pam_vipns.map", "--gc-sections", "-z",
                "defs", "-z", "nodelete", "-z", "now",
            ].flatMap { ["-Xlinker", $0] }),
]

/// The module as a library; none under a sanitizer, whose runtime it cannot have.
let moduleProducts: [Product] =
    Context.environment["VIPNS_SANITIZER"] == nil
    ? [.library(name: "pam_vipns", type: .dynamic, targets: ["pam_vipns"])] : []

let package = Package(
    name: "vipns",
    // What Tests/Fuzz, a package of its own, links, and the PAM module. The programs are products by themselves.
    products: [
        "Addressing", "ClientAPI", "HelperChannel", "LinuxSystem", "Netlink", "PAMModule", "ServiceConfiguration",
        "Varlink",
    ].map { .library(name: $0, targets: [$0]) } + moduleProducts,
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // C: what the importer cannot see, and the system libraries.
        // Each function in a section of its own: the PAM module keeps the few that it calls.
        .target(name: "CLinux", cSettings: [.unsafeFlags(["-ffunction-sections"])]),
        .target(name: "CProtocol"),
        .systemLibrary(name: "CMnl", pkgConfig: "libmnl", providers: [.apt(["libmnl-dev"])]),

        .systemLibrary(name: "CPAM", pkgConfig: "pam", providers: [.apt(["libpam0g-dev"])]),

        // One number for all programs.
        library("ProgramVersion", []),

        // The kernel's floor.
        library("Addressing", []),
        library("LinuxSystem", ["CLinux"]),
        library("Netlink", ["CMnl", "CLinux", "LinuxSystem", "Addressing"]),
        library("Neighbors", ["CLinux", "LinuxSystem", "Addressing"]),
        library("SessionNetwork", ["CLinux", "Netlink", "Neighbors", "LinuxSystem", "Addressing"]),

        // What is spoken.
        library("HelperChannel", ["CProtocol", "Netlink", "LinuxSystem", "Addressing"]),
        library("Varlink", ["LinuxSystem"]),
        library("ClientAPI", ["Varlink", "LinuxSystem"], resources: [.embedInCode("io.vipns.varlink")]),

        // What is decided, and what is kept.
        library("Leasing", ["Addressing"]),
        library("LeaseStoreSQLite", ["Leasing", "LinuxSystem", "Addressing", grdb]),
        library("SessionPlan", ["Leasing"]),
        library("ServiceConfiguration", ["Leasing", "Addressing", yams]),
        library(
            "SessionService",
            [
                "SessionPlan", "Leasing", "HelperChannel", "Netlink", "Varlink", "ClientAPI", "ServiceConfiguration",
                "LinuxSystem", "Addressing", logging, lifecycle,
            ]),

        // The laboratory LAN for tests, benchmarks and the demo.
        library("Lab", ["CLinux", "Netlink", "LinuxSystem", "Addressing"]),

        // Programs.
        program(
            "vipns-helper",
            ["SessionNetwork", "HelperChannel", "Netlink", "CLinux", "LinuxSystem", "Addressing", "ProgramVersion"]),
        program(
            "vipnsd",
            [
                "SessionService", "LeaseStoreSQLite", "ServiceConfiguration", "Leasing", "LinuxSystem", "Addressing",
                "ProgramVersion", logging, lifecycle, argumentParser,
            ]),
        program("vipns", ["ClientAPI", "Varlink", "LinuxSystem", "ProgramVersion", argumentParser]),
        program(
            "vipns-bench",
            [
                "Lab", "SessionNetwork", "ClientAPI", "Varlink", "Netlink", "CLinux", "LinuxSystem", "Addressing",
                argumentParser,
            ]),
        program("vipns-lab", ["Lab", "LinuxSystem", "Addressing", argumentParser]),

        // The PAM module, in Embedded Swift: no runtime inside other people's login programs. It can neither import nor be
        // imported by other modules, so PAMModule, the same folder by a symlink, is what tests import.
        .target(
            name: "pam_vipns", dependencies: ["CPAM", "CLinux"], exclude: ["pam_vipns.map"],
            swiftSettings: settings + [
                .enableExperimentalFeature("Embedded"),
                .unsafeFlags(["-wmo", "-no-static-stdlib", "-Xfrontend", "-function-sections"]),
            ], linkerSettings: moduleLinking),
        .target(
            name: "PAMModule", dependencies: ["CPAM", "CLinux"], exclude: ["pam_vipns.map"], swiftSettings: settings),

        // Tests, from the bottom up.
        .target(
            name: "TestSupport", dependencies: ["Leasing", "Addressing"], path: "Tests/Support", swiftSettings: settings
        ),
        tests("AddressingTests", ["Addressing"]),
        tests("LabTests", ["Lab", "LinuxSystem"]),
        tests("LeasingTests", ["Leasing", "Addressing"]),
        tests("LinkageTests", []),
        tests("LeaseStoreSQLiteTests", ["LeaseStoreSQLite", "Leasing", "Addressing", "TestSupport", grdb]),
        tests("VarlinkTests", ["Varlink", "LinuxSystem", "TestSupport"]),
        tests("ClientAPITests", ["ClientAPI", "Varlink", "LinuxSystem"]),
        // What the tests of the kernel's floor share. It imports Testing, so it is for test targets only.
        .target(
            name: "KernelSupport", dependencies: ["Netlink", "SessionNetwork", "LinuxSystem", "Addressing", "CLinux"],
            path: "Tests/KernelSupport", swiftSettings: settings),
        tests("LinuxSystemTests", ["LinuxSystem", "CLinux", "KernelSupport"]),
        tests("NetlinkTests", ["Netlink", "LinuxSystem", "Addressing", "KernelSupport"]),
        tests("NeighborsTests", ["Neighbors", "Addressing"]),
        tests("HelperChannelTests", ["HelperChannel", "Netlink", "Addressing", "KernelSupport"]),
        tests(
            "KernelTests",
            ["SessionNetwork", "Netlink", "Neighbors", "LinuxSystem", "Addressing", "CLinux", "KernelSupport"]),
        tests("SessionPlanTests", ["SessionPlan", "Leasing", "Addressing"]),
        tests("ServiceConfigurationTests", ["ServiceConfiguration", "Leasing", "Addressing", "TestSupport"]),
        tests("DocumentationTests", ["vipns", "HelperChannel", "ClientAPI", "LinuxSystem"]),
        tests("VipnsCommandTests", ["vipns", "ClientAPI", "Varlink", "LinuxSystem", argumentParser]),
        tests("VipnsdTests", ["vipnsd", logging]),
        tests("VipnsHelperTests", ["vipns-helper", "HelperChannel", "Addressing"]),
        tests("EndToEndTests", ["HelperChannel", "LinuxSystem", "LeaseStoreSQLite", "KernelSupport"]),
        tests("PAMModuleTests", ["PAMModule"]),
        // A program that lets people in, for the tests of the module as libpam loads it.
        .executableTarget(
            name: "PAMCaller", dependencies: ["CPAM", "LinuxSystem"], path: "Tests/PAMCaller", swiftSettings: settings),
        tests("PAMTests", ["LinuxSystem", "CLinux", "PAMCaller", "KernelSupport"]),
    ]
)
