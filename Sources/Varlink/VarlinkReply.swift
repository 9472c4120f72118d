public import LinuxSystem

/// What a handler answers: encoded parameters and at most one descriptor, which is closed after it was sent.
public struct VarlinkReply: ~Copyable, Sendable {
    /// The parameters as a JSON object.
    let parameters: [UInt8]
    private let descriptor: OwnedDescriptor?

    /// Encodes `parameters`, which must become a JSON object, and takes ownership of `descriptor`.
    ///
    /// By convention the parameters name the descriptor by its index, which is always 0.
    /// - Throws: what the encoder throws, a number that is not finite above all.
    public init(_ parameters: some Encodable, passing descriptor: consuming OwnedDescriptor? = nil) throws {
        self.parameters = try JSONText.encode(parameters)
        self.descriptor = descriptor
    }

    /// A reply without parameters.
    public init() {
        parameters = Array("{}".utf8)
        descriptor = nil
    }

    /// Gives up the descriptor to who sends it.
    consuming func takeDescriptor() -> OwnedDescriptor? { descriptor }

    /// The octets on the wire, NUL included.
    static func frame(parameters: [UInt8], continues: Bool) -> [UInt8] {
        var frame = Array("{\"parameters\":".utf8)
        frame.reserveCapacity(parameters.count + 40)
        frame += parameters
        frame += Array((continues ? ",\"continues\":true}\0" : "}\0").utf8)
        return frame
    }
}
