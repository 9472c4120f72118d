import Glibc
import Testing

extension EndToEnd.Logins {
    @Suite struct OtherPrograms {}
}

/// Every service gets a session.
private let everyService = LoginConfiguration(rules: ["services: ['*'], pool: lab"])

extension EndToEnd.Logins.OtherPrograms {
    @Test(arguments: [
        ("su", ["su", "alice", "-c", Place.program]), ("su-l", ["su", "-", "alice", "-c", Place.program]),
        ("su", ["su", "alice", Place.program]), ("sudo", ["sudo", "-u", "alice", Place.program]),
        ("sudo-i", ["sudo", "-i", "-u", "alice", Place.program]),
    ])
    func `su and sudo open a session and give it back`(service: String, words: [String]) async throws {
        try await inLoginLab(everyService) { lab in
            let host = try lab.host()
            let place = try lab.place(words)
            #expect(place.isSession && place.namespace != host.namespace && place.client == nil, "\(place)")
            #expect(try lab.moduleLog(service).contains { $0.contains(place.session ?? "?") })
            let record = try lab.history(of: place.session ?? "?")
            #expect(record.user == "alice" && record.address == place.address)
            try lab.expectNoSession()
        }
    }

    @Test func `a login on a terminal is a session`() async throws {
        try await inLoginLab { lab in
            // Typed input would be lost: login empties the terminal's queue first.
            try lab.script("echo '\(Place.program); tty; exit' > ~alice/.profile")
            let outcome = try lab.run("script", "-qec", "login -f alice", "/dev/null")
            let place = try Place(in: outcome.output)
            #expect(place.isSession && place.client == nil && outcome.output.contains("/dev/pts/"), "\(outcome)")
            try lab.expectNoSession()
            #expect(try lab.moduleLog("login").contains { $0.contains(place.session ?? "?") })
        }
    }

    @Test(arguments: [true, false])
    func `a cron job has a session where a rule says so, and else none`(isSession: Bool) async throws {
        try await inLoginLab(isSession ? everyService : LoginConfiguration()) { lab in
            try lab.script(
                """
                echo '@reboot \(Place.program) > $HOME/place.new; mv $HOME/place.new $HOME/place' > /run/table
                table=/var/spool/cron/crontabs/alice; cp /run/table $table; chmod 600 $table
                chown alice $table
                """)
            let host = try lab.host()
            let cron = try lab.start("cron", "-f")
            let file = "/run/vipns-lab/logins/home/alice/place"
            #expect(try eventually { try lab.run("test", "-e", file).status == 0 })
            let place = try Place(in: try lab.succeed("cat", file))
            #expect((isSession ? place.isSession : place.isHost), "\(place)")
            #expect((place.namespace == host.namespace) == !isSession)
            #expect(try lab.history().count == (isSession ? 1 : 0))
            try lab.expectNoSession()
            // The daemon stays outside.
            #expect(try lab.members(of: host).contains { $0.hasSuffix(" cron") })
            #expect(!cron.hasEnded)
        }
    }

    @Test func `closing puts the caller back to where it came from`() async throws {
        try await inLoginLab(everyService) { lab in
            // `authenticate` runs a program from the process that opens and closes: it tells where that stands.
            try lab.script(
                """
                sed -i 's#^auth .*#auth required pam_exec.so quiet stdout \(Place.program)#' /etc/pam.d/other
                """)
            let outcome = try lab.run(
                "pamtester", "probe", "alice", "authenticate", "open_session", "authenticate", "close_session",
                "authenticate")
            let places = try outcome.output.split(separator: "\n").filter { $0.hasPrefix("place") }.map {
                try Place(in: String($0))
            }
            try #require(outcome.status == 0 && places.count == 3, "\(outcome)")
            let host = try lab.host()
            #expect(places[0].namespace == host.namespace && places[0].isHost)
            #expect(places[1].namespace != host.namespace && places[1].addresses.hasPrefix("10.77.0.1"))
            #expect(places[2].namespace == host.namespace && places[2].addresses == "10.77.0.2")
            try lab.expectNoSession()
        }
    }

    /// Binds the socket by which xrdp-sesman knows that an X server runs; the rest of one is not needed to log in.
    private static let displayServer = """
        #!/usr/bin/python3
        import os, socket, sys, time
        display = next(word for word in sys.argv if word.startswith(":"))[1:]
        os.makedirs("/tmp/.X11-unix", exist_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind("/tmp/.X11-unix/X" + display)
        listener.listen()
        time.sleep(600)
        """

    @Test func `a desktop by xrdp-sesman is a session, its window manager, X server and channel server in it`()
        async throws
    {
        try await inLoginLab { lab in
            try lab.script(
                """
                mkdir -p /run/xrdp; cat > /run/display-server <<'END'
                \(Self.displayServer)
                END
                cat > /run/manager <<'END'
                #!/bin/sh
                \(Place.program) > $HOME/place.new; mv $HOME/place.new $HOME/place
                while ! test -e $HOME/stop; do sleep 0.1; done
                END
                chmod 755 /run/display-server /run/manager
                sed -i 's#^param=Xvnc#param=/run/display-server#; s#^DefaultWindowManager=.*#DefaultWindowManager=/run/manager#
                    s/^EnableUserWindowManager=.*/EnableUserWindowManager=false/' /etc/xrdp/sesman.ini
                """)
            let sesman = try lab.start("xrdp-sesman", "--nodaemon")
            let answer = try eventually {
                try lab.run(["xrdp-sesrun", "-t", "Xvnc", "-p", "x", "alice"], within: .seconds(5)).output.hasPrefix(
                    "ok ")
            }
            #expect(answer)
            let file = "/run/vipns-lab/logins/home/alice/place"
            #expect(try eventually { try lab.run("test", "-e", file).status == 0 })
            let place = try Place(in: try lab.succeed("cat", file))
            #expect(place.isSession, "\(place)")
            var names: Set<String> = []
            let areInside = try eventually {
                names = Set(try lab.members(of: place).map { String($0.drop { $0 != " " }.dropFirst()) })
                return names.isSuperset(of: ["xrdp-sesman", "manager", "display-server", "xrdp-chansrv"])
            }
            #expect(areInside, "\(names)")
            #expect(try lab.session(place.session ?? "?")?.service == "xrdp-sesman")
            try lab.script("touch ~alice/stop")
            try lab.expectNoSession(within: .seconds(10))
            #expect(!sesman.hasEnded)
        }
    }
}
