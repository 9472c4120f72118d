// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that only `make fuzz` sees it: libFuzzer's flags are given on the command line, and reach the
// code that is fuzzed as well.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

func fuzzer(_ name: String, _ products: [String]) -> Target {
    .executableTarget(
        name: name, dependencies: ["FuzzStart"] + products.map { .product(name: $0, package: "vipns") }, path: name,
        swiftSettings: settings)
}

let package = Package(
    name: "vipns-fuzz",
    dependencies: [.package(name: "vipns", path: "../..")],
    targets: [
        .target(name: "FuzzStart", path: "FuzzStart", swiftSettings: settings),
        fuzzer("ConfigurationFuzz", ["Addressing", "ServiceConfiguration"]),
        fuzzer("HelperChannelFuzz", ["Addressing", "HelperChannel", "LinuxSystem", "Netlink"]),
        fuzzer("NetlinkReplyFuzz", ["Addressing", "Netlink"]),
        fuzzer("PAMReplyFuzz", ["PAMModule"]),
        fuzzer("VarlinkFuzz", ["ClientAPI", "Varlink"]),
    ])
