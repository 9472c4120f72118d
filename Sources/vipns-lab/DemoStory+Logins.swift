import Glibc
import Lab
import LinuxSystem

/// The chapter of real logins.
extension DemoStory {
    /// A login of the story: the ssh client, and what the login said.
    private struct Login {
        let client: Int32
        let address: String
        let session: String
    }

    func logIn() throws {
        page.heading("8. Real logins: alice and bob come by ssh at once")
        if let missing = lab.missingForLogins {
            page.say("\(missing): left out.")
            return
        }
        page.say("The PAM module gives each a session. A server on the LAN sees who comes; both bind the same ports:")
        try lab.sshServer.start()
        defer { lab.sshServer.kill() }
        let mirror = try startServer(
            ["ip", "netns", "exec", LabNetwork.neighbour, "vipns-lab", "mirror"], log: "mirror",
            shown: "ip netns exec neighbour vipns-lab mirror &")
        defer { end(mirror.pid) }
        let logins = try ["alice", "bob"].map { try logIn($0) }
        try expect(Set(logins.map(\.address)).count == 2, "the two have two addresses")
        for login in logins {
            let answer = try show("ip netns exec neighbour vipns-lab ask \(login.address) 5060")
            try expect(
                answer.text == "this is session \(login.session) at \(login.address)",
                "\(login.address) is answered by session \(login.session)")
        }
        let list = try show("vipns list")
        try expect(["alice", "bob"].allSatisfy { list.text.contains($0) }, "'vipns list' shows both users")
        page.say("Both connections break: the terminals hang up, and the sessions end.")
        for login in logins { end(login.client) }
        for _ in 0..<100 {
            if try freeAddresses() == "3" { break }
            usleep(100_000)
        }
        try expect(try show("vipns pool").status == 0, "'vipns pool' works")
        try expect(try freeAddresses() == "3", "the pool is full again within 10 s")
    }

    /// Logs a user in, who asks the LAN's server, then serves until the terminal is gone.
    private func logIn(_ user: String) throws -> Login {
        let commands = "vipns-lab ask \(LabNetwork.neighbourAddress) 7000; exec vipns-lab answer"
        let target = "\(user)@\(LabNetwork.hostAddress)"
        let log = "login-\(user)"
        let server = try startServer(
            ["ssh", "-tt", target, commands], log: log, shown: "ssh -tt \(target) '\(commands)' &")
        // A terminal ends its lines by a carriage return, too.
        let lines = try readTextFile("\(LabPaths.log)/\(log).log").split(whereSeparator: \.isNewline)
        page.output(lines.joined(separator: "\n"))
        let words = (lines.last ?? "").split(separator: " ").suffix(3).map(String.init)
        try expect(words.count == 3 && words[1] == "at", "\(user) is in a session")
        try expect(lines.first == "you are \(words[2])", "the LAN sees \(user) come from \(words[2])")
        return Login(client: server.pid, address: words[2], session: words[0])
    }
}
