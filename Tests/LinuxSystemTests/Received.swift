import Glibc
import LinuxSystem
import Testing

/// A path that nothing has, removed with the value.
struct TemporaryPath: ~Copyable {
    let path = "/tmp/vipns-test-\(getpid())-\(UInt32.random(in: .min ... .max))"

    deinit { _ = unsafe remove(path) }
}

/// No descriptor where one had to be.
struct NoDescriptor: Error {}

/// The descriptor, which has to be there; `#require` takes what can be copied only.
func required(_ descriptor: consuming OwnedDescriptor?) throws -> OwnedDescriptor {
    guard let descriptor else { throw NoDescriptor() }
    return descriptor
}

/// `#expect` for what a value that cannot be copied gives: the macro would copy it.
func expect<Value: Equatable>(
    _ value: Value, _ expected: Value, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(value == expected, sourceLocation: sourceLocation)
}
