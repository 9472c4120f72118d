import Foundation
import Testing

extension EndToEndWaits {
    @Suite struct CompetitionTests {}
}

/// Opens ten times as many sessions as there are addresses, all asked for before the first answer is read.
private let competition = """
    count = int(sys.stdin.readline())
    services = [Service() for _ in range(10 * count)]
    for service in services: service.send("Open", mode="reserve")
    granted, refused = [], {}
    for service in services:
        reply, descriptors = service.receive()
        for descriptor in descriptors: os.close(descriptor)
        if "error" in reply:
            text = reply["error"] + ": " + str(reply["parameters"].get("message", reply["parameters"]))
            refused[text] = refused.get(text, 0) + 1
        else:
            session = reply["parameters"]["session"]
            granted.append({"id": session["id"], "address": session["address"]})
        service.close()
    print(json.dumps({"granted": granted, "refused": refused}))
    """

/// Closes the sessions that it is told one after the other, says when each was gone, and then takes what comes free.
private let succession = """
    ids = sys.stdin.readline().split()
    service, ended = Service(), []
    for id in ids:
        session = service.ask("Close", session=id, leftovers="kill")["parameters"]["session"]
        ended.append({"address": session["address"], "time": now(), "state": session["state"]})
        time.sleep(.02)
    print(json.dumps(ended))
    sys.stdin.readline()
    granted, service = [], Service()
    while len(granted) < len(ids):
        try:
            reply = service.ask("Open", mode="reserve")
        except OSError:
            # Killed; the next one is on its way.
            service = Service()
            continue
        if "error" not in reply:
            granted.append({"address": reply["parameters"]["session"]["address"], "time": now()})
    print(json.dumps(granted))
    """

private struct Competition: Decodable {
    struct Granted: Decodable {
        let id: String
        let address: String
    }
    let granted: [Granted]
    let refused: [String: Int]
}

private struct Moment: Decodable {
    let address: String
    let time: Double
    var state: String?
}

/// What happens between the end of sessions and the next grants.
private enum Meanwhile: String, CaseIterable, CustomTestStringConvertible {
    case nothing, restart, rest, restAndRestart

    var testDescription: String { rawValue }

    /// All are free before the first is asked for: as long as they come free one by one, there is only one to choose.
    var isLong: Bool { self == .rest || self == .restAndRestart }

    var isRestart: Bool { self == .restart || self == .restAndRestart }
}

extension EndToEndWaits.CompetitionTests {
    private static let sentence =
        "io.vipns.PoolExhausted: No virtual IP address is available for this session, please contact your administrator."

    @Test(arguments: Meanwhile.allCases)
    private func
        `of ten times as many as there are addresses exactly so many get one, each rests, the longest free goes first`(
            meanwhile: Meanwhile
        ) async throws
    {
        let count = Dose.of(20, full: 100)
        try await inLab(
            "--range", "10.77.0.10-10.77.0.\(9 + count)", "--exhaustion", "deny", "--hold", "1500ms"
        ) { lab in
            let competition = try lab.startCrowd(competition)
            try competition.say("\(count)")
            let outcome = try competition.value(Competition.self, within: .seconds(60))
            #expect(outcome.granted.count == count && Set(outcome.granted.map(\.address)).count == count)
            #expect(outcome.refused == [Self.sentence: 9 * count])
            #expect(try lab.sessions().count == count)
            // In an order that no sorting makes.
            let chosen = outcome.granted.sorted { ($0.id, $0.address) < ($1.id, $1.address) }
            let succession = try lab.startCrowd(succession)
            try succession.say(chosen.map(\.id).joined(separator: " "))
            let ended = try succession.value([Moment].self, within: .seconds(60))
            #expect(ended.allSatisfy { $0.state == "held" } && ended.map(\.address) == chosen.map(\.address))
            if meanwhile.isLong { try lab.expectFullPool() } else { try succession.say("open") }
            if meanwhile.isRestart {
                try lab.kill(.service)
                try lab.restart(.service)
            }
            if meanwhile.isLong {
                #expect(try lab.pool().free == count)
                try succession.say("open")
            }
            let granted = try succession.value([Moment].self, within: .seconds(60))
            #expect(granted.map(\.address) == ended.map(\.address))
            let rests = zip(ended, granted).map { $1.time - $0.time }
            // The answer comes a moment after the end.
            #expect(rests.allSatisfy { $0 > 1.48 }, "\(rests.min() ?? 0)")
            print(
                "measured: \(10 * count) opens for \(count) addresses (\(meanwhile)): \(outcome.granted.count) leases, "
                    + "granted again after \(rests.min() ?? 0) to \(rests.max() ?? 0) s of 1.5")
            try lab.succeed("vipns", "close", "--all", "--kill", within: .seconds(60))
        }
    }
}
