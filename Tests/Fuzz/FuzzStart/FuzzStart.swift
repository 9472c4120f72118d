import Foundation

@_silgen_name("LLVMFuzzerRunDriver") private func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Puts `seeds` where VIPNS_FUZZ_SEEDS says, for the fuzzer to begin with, and hands the program over to libFuzzer.
///
/// Besides, libFuzzer wants an entry point of the name LLVMFuzzerTestOneInput: each fuzzer has its own.
public func fuzz(seeds: [[UInt8]] = [], _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt) -> Never {
    if let folder = ProcessInfo.processInfo.environment["VIPNS_FUZZ_SEEDS"] {
        for (index, seed) in seeds.enumerated() {
            try? Data(seed).write(to: URL(fileURLWithPath: "\(folder)/seed-\(index)"))
        }
    }
    var count = CommandLine.argc
    // libFuzzer reads the arguments before it returns, and keeps no pointer to this variable.
    var arguments = unsafe CommandLine.unsafeArgv
    exit(unsafe runFuzzer(&count, &arguments, test))
}
