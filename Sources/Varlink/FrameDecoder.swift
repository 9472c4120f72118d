/// Cuts a stream of octets into frames: every message ends with a NUL octet, which JSON itself never holds.
///
/// Every octet is looked at once and moved at most twice, however small the pieces are in which it comes.
public struct FrameDecoder: Sendable {
    /// Why a stream cannot be read any further.
    public enum Failure: Error, Hashable, Sendable {
        /// A frame has more octets than allowed.
        case tooLong(maximumOctets: Int)
        /// Two NUL octets follow each other, or the stream starts with one.
        case empty
    }

    /// The longest frame that is taken, its NUL not counted.
    public let maximumOctets: Int
    private var buffer: [UInt8] = []
    /// Where the frame begins that is being gathered.
    private var start = 0
    /// How far the buffer is known to hold no NUL.
    private var searched = 0

    /// Starts with nothing gathered.
    public init(maximumOctets: Int) {
        self.maximumOctets = maximumOctets
    }

    /// Whether the beginning of a frame has come and its end has not; only sure once ``next()`` returned nil.
    public var isInsideFrame: Bool { buffer.count > start }

    /// Takes what the stream brought.
    public mutating func feed(_ octets: [UInt8]) {
        buffer += octets
    }

    /// The next whole frame, without its NUL; nil when more octets are needed.
    ///
    /// - Throws: what makes the stream unreadable; the decoder is of no use afterwards.
    public mutating func next() throws(Failure) -> [UInt8]? {
        guard let end = buffer[searched...].firstIndex(of: 0) else {
            guard buffer.count - start <= maximumOctets else { throw .tooLong(maximumOctets: maximumOctets) }
            // What is left came with the frame before it, so it is moved this once.
            buffer.removeFirst(start)
            start = 0
            searched = buffer.count
            return nil
        }
        guard end > start else { throw .empty }
        guard end - start <= maximumOctets else { throw .tooLong(maximumOctets: maximumOctets) }
        let frame = Array(buffer[start..<end])
        start = end + 1
        searched = start
        return frame
    }
}
