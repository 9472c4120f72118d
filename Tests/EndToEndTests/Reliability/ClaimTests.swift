import Testing

extension EndToEnd {
    @Suite struct ClaimTests {}
}

extension EndToEnd.ClaimTests {
    @Test func `an address that another machine has as well is told, and nothing is taken away`() async throws {
        try await inLab { lab in
            let mac = try lab.succeed("ip", "netns", "exec", "neighbour", "cat", "/sys/class/net/eth0/address")
            try lab.succeed("ip", "-n", "neighbour", "addr", "add", "10.77.0.101/24", "dev", "eth0")
            let session = try lab.enter()
            let told = "another machine, \(mac), answers for 10.77.0.101"
            let log = "/run/vipns-lab/log/service.log"
            #expect(try eventually { try lab.succeed("cat", log).contains(told) })
            #expect(try lab.session(session.id)?.state == "active")
            #expect(try lab.succeed("vipns", "pool", "lab").contains(told))
            // The next one is nobody's.
            let other = try lab.enter()
            #expect(try lab.session(other.id)?.address == "10.77.0.102")
            try lab.succeed("sleep", "1")
            #expect(!(try lab.succeed("cat", log).contains("answers for 10.77.0.102")))
        }
    }
}
