import Testing

extension EndToEnd {
    @Suite struct MovedLinkTests {}
}

extension EndToEnd.MovedLinkTests {
    @Test func `a link that was moved elsewhere is not made twice`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            let mac = try #require(try lab.session(session.id)?.mac)
            try lab.succeed("ip", "netns", "add", "elsewhere")
            // While nobody heals: moved links come down, and this one is up again before anybody looks.
            try lab.tell("stop service")
            try lab.succeed("ip", "-n", "vipns-\(session.id)", "link", "set", "eth0", "netns", "elsewhere")
            try lab.succeed("ip", "-n", "elsewhere", "link", "set", "eth0", "up")
            try lab.tell("cont service")
            let log = "/run/vipns-lab/log/service.log"
            #expect(
                try eventually {
                    try lab.succeed("cat", log).contains("another link of this parent carries the MAC address")
                })
            #expect(try lab.succeed("ip", "netns", "exec", "vipns-\(session.id)", "ip", "link").contains(mac) == false)
            #expect(try lab.session(session.id)?.state == "active")
            // It is made as soon as that is out of the way.
            try lab.succeed("ip", "-n", "elsewhere", "link", "del", "eth0")
            #expect(
                try eventually(within: .seconds(9)) {
                    try lab.run("ip", "netns", "exec", "vipns-\(session.id)", "ping", "-qc1", "-W1", "10.77.0.1").status
                        == 0
                })
            try lab.succeed("ip", "netns", "del", "elsewhere")
        }
    }
}
