import ServiceConfiguration
import Testing

/// SplitMix64: the same mutations in every run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite struct MutationTests {
    /// The example as it is, and with every key in use and hardly a comment.
    static func seeds() throws -> [String] {
        let full = """
            operators: vipns-operators
            pools:
              lab: {ranges: [10.1.0.10-10.1.0.50, '10.1.0.252'], exclude: [10.1.0.20], prefix: 10.1.0.0/24}
              second:
                ranges:
                - 192.0.2.17-192.0.2.30
                - "192.0.2.99" # it's one
                prefix: 24
                gateway: 192.0.2.1
                parent: eth0
                mode: private
                hold: 250ms
                exhaustion: deny
                leftovers: kill
                order: lowest
                mtu: 1400
                routes: [{to: 10.2.0.0/16, via: 192.0.2.3}, {via: 192.0.2.4, to: 10.3.0.0/16}]
                low_ports: yes
                sysctls: {net.ipv4.tcp_keepalive_time: 600}
                inherit: [net.ipv4.ip_local_port_range]
                firewall: /etc/passwd
            rules:
              - {users: [root, 'a?*'], pool: none}
              - services: ["*"]
                groups: [agents]
                ttys: [pts/*]
                remote: [192.0.2.0/24, 10.1.0.7, '*.example.com']
                pool: second
                scope: user
                nested: own

            """
        return [try exampleText(), full]
    }

    @Test(arguments: 0..<10)
    func `no mutation of a good file does harm, and every failure has a place`(batch: Int) throws {
        var generator = SeededGenerator(state: UInt64(batch))
        let seeds = try Self.seeds().map { Array($0.utf8) }
        for round in 0..<1000 {
            var octets = seeds[round % seeds.count]
            for _ in 0...Int.random(in: 0..<4, using: &generator) { mutate(&octets, using: &generator) }
            let text = String(decoding: octets, as: UTF8.self)
            let reading = parse(text)
            guard reading.configuration == nil else { continue }
            let placed = reading.problems.contains { $0.line >= 1 && $0.column >= 1 && $0.severity == .error }
            #expect(placed, "batch \(batch), round \(round): \(text)")
        }
    }

    @Test(arguments: 0..<10)
    func `no alias and no repeated key gets past the guard to the library`(batch: Int) {
        let pieces = [
            "a", "b", ": ", ":", " ", "\n", "\n ", "\n  ", "[", "]", "{", "}", ", ", ",", "- ", "'", "\"", " #", "#",
        ]
        let more = [
            "*b", " *b", "&b ", "? ", "?", "---\n", "\n...\n", "\\", "\t", "!", "|", "''", "a: ", "\nb: ", "'a", "\"b",
        ]
        var generator = SeededGenerator(state: UInt64(1000 + batch))
        for round in 0..<2000 {
            let count = Int.random(in: 2..<24, using: &generator)
            let text = (0..<count).map { _ in (pieces + more).randomElement(using: &generator) ?? "" }.joined()
            let texts = parse(text).problems.map(\.text)
            // What the library says of them; the guard words it otherwise.
            let hasPassed = texts.contains {
                $0.contains("alias") && $0.contains("YAML") || $0.hasSuffix("given twice")
            }
            #expect(!hasPassed, "batch \(batch), round \(round): \(text.debugDescription) \(texts)")
        }
    }

    private func mutate(_ octets: inout [UInt8], using generator: inout SeededGenerator) {
        guard !octets.isEmpty else { return }
        let place = Int.random(in: 0..<octets.count, using: &generator)
        let indicators = Array("[]{},:-?*&!|>'\"#%@` \t\n\r\\".utf8)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: octets[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: octets[place] = indicators.randomElement(using: &generator) ?? 0
        case 2: octets.insert(indicators.randomElement(using: &generator) ?? 0, at: place)
        case 3: octets.removeSubrange(place..<lineEnd(octets, place))
        default:
            let target = Int.random(in: 0..<octets.count, using: &generator)
            octets.insert(contentsOf: octets[place..<lineEnd(octets, place)], at: target)
        }
    }

    /// Just after the line break that follows `place`.
    private func lineEnd(_ octets: [UInt8], _ place: Int) -> Int {
        octets[place...].firstIndex(of: 0x0A).map { $0 + 1 } ?? octets.count
    }
}
