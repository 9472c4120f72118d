/// Which name servers a session's programs ask, and who answers in their place.
public struct NameServerRedirection: Hashable, Sendable {
    /// The most name servers that are asked: what resolv.conf(5) lists beyond three is ignored by the C library alone.
    public static let mostAsked = 8
    /// The most that answer: as many as the C library asks; resolv.conf(5), MAXNS.
    public static let mostAnswering = 3

    /// Those whom programs know from the host's /etc/resolv.conf.
    public var asked: [IPAddress]
    /// Those who get the questions.
    public var answering: [IPAddress]

    /// Puts the two together.
    public init(asked: [IPAddress], answering: [IPAddress]) {
        self.asked = asked
        self.answering = answering
    }
}
