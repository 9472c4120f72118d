import Addressing
import CProtocol
import Netlink
import Testing

@testable import HelperChannel

/// What one side writes the other reads as the same.
struct RoundTripTests {
    @Test func `every request is read as it was written`() throws {
        for (index, request) in try Samples.requests().enumerated() {
            let sequence = UInt32(index + 1) &* 0x0101_0101
            let read = try HelperRequest.decode(try request.encoded(sequence: sequence))
            #expect(read.request == request)
            #expect(read.sequence == sequence)
        }
    }

    @Test func `every answer is read as it was written`() throws {
        for answer in try Samples.answers() {
            let read = try HelperAnswer.decode(try answer.encoded(sequence: 7))
            #expect(read.answer == answer)
            #expect(read.sequence == 7)
        }
    }

    @Test func `every request has a type of its own`() throws {
        let requests = try Samples.requests()
        #expect(Set(requests.map(\.type.rawValue)).count == 18)
    }

    @Test(arguments: [0, 1, 4088, 4089, 10_000])
    func `a list of members of any length fits its parts`(count: Int) throws {
        let members = (0..<count).map { HelperAnswer.Member(number: 0x100000 + UInt32($0), pid: Int32($0 + 1)) }
        var read: [HelperAnswer.Member] = []
        for part in HelperAnswer.parts(members) {
            let octets = try part.encoded(sequence: 1)
            #expect(octets.count <= HelperProtocol.messageSize)
            guard case .members(let some) = try HelperAnswer.decode(octets).answer else {
                Issue.record("a part is no list of members")
                return
            }
            read += some
        }
        #expect(read == members)
    }

    @Test(arguments: [0, 1, 1024, 1025, 5000])
    func `lists of sessions and of holders fit their parts`(count: Int) throws {
        let whole = try [SessionID](repeating: Samples.session(), count: count)
        let holders = [HelperAnswer.Holder](repeating: Samples.holder(.socket), count: count)
        let audit = HelperAnswer.Audit(isListening: true, mended: String(repeating: "x", count: 1000))
        var read = (whole: 0, audits: 0, pinned: 0, holders: 0)
        for part in HelperAnswer.parts(whole: whole, audit) + HelperAnswer.parts(pinned: whole)
            + HelperAnswer.parts(holders)
        {
            switch try HelperAnswer.decode(try part.encoded(sequence: 1)).answer {
            case .audited(let sessions, let audit):
                read.whole += sessions.count
                read.audits += audit == nil ? 0 : 1
            case .pinned(let sessions): read.pinned += sessions.count
            case .holders(let holders): read.holders += holders.count
            case let other: Issue.record("a part is read as \(other)")
            }
        }
        #expect(read == (count, 1, count, count))
    }

    @Test func `a failure's text is cut, not refused`() throws {
        let long = HelperAnswer.failed(HelperFailure(errno: 5, description: String(repeating: "x", count: 100_000)))
        let read = try HelperAnswer.decode(try long.encoded(sequence: 1)).answer
        #expect(read == .failed(HelperFailure(errno: 5, description: String(repeating: "x", count: 1000))))
    }

    @Test func `a text that does not fit is refused by the writer`() throws {
        let parent = String(repeating: "x", count: 40_000)
        let link = try Samples.link(parent: parent)
        #expect(throws: HelperChannelError.self) {
            _ = try HelperRequest.connect(try Samples.session(), link: link).encoded(sequence: 1)
        }
    }
}
