internal import Synchronization

/// Carries a descriptor across an escaping closure or a continuation; whoever takes it first owns it.
///
/// What nobody takes is closed with the box.
public final class DescriptorBox: Sendable {
    private let content: Mutex<OwnedDescriptor?>

    /// Takes ownership of `descriptor`.
    public init(_ descriptor: consuming OwnedDescriptor) { content = Mutex(descriptor) }

    /// The descriptor, once.
    public func take() -> OwnedDescriptor? { content.withLock { $0.take() } }
}
