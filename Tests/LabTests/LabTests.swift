import Glibc
import Lab
import LinuxSystem
import Testing

@Suite(.needsRoot, .serialized)
struct LabTests {
    @Test func `host and neighbour reach each other, and what is behind the gateway`() throws {
        let run = try LabProgram.script(
            """
            vipns-lab answer > /dev/null & sleep 0.2
            ip netns exec neighbour vipns-lab ask 10.77.0.2 5060
            ip netns exec neighbour sh -c 'vipns-lab answer > /dev/null & sleep 0.2; echo up; exec sleep 5' | {
                read line; vipns-lab ask 198.51.100.1 5060; }
            """)
        #expect(run.text == "this is no session\nthis is no session\n" && run.status == 0)
    }

    @Test func `they do so by IPv6 too`() throws {
        let run = try LabProgram.script(
            """
            for address in \(LabNetwork.neighbourAddress6) \(LabNetwork.farAddress6); do
                ping -6 -q -c 1 -W 2 $address > /dev/null && echo reached
            done
            ip netns exec neighbour ping -6 -q -c 1 -W 2 \(LabNetwork.hostAddress6) > /dev/null && echo reached
            ip -6 addr show to \(LabNetwork.prefix6) | grep -c tentative
            """)
        #expect(run.text == "reached\nreached\nreached\n0\n")
    }

    @Test func `a lab shows nothing of the machine's links and run directory`() throws {
        let run = try LabProgram.script("ls /run /run/netns; ls /proc/sys/net/ipv4/conf; echo $$ > /run/mark")
        let words = Set(run.text.split(whereSeparator: \.isWhitespace).map(String.init))
        #expect(
            words == [
                "/run:", "netns", "vipns-lab", "/run/netns:", "neighbour", "switch", "all", "default", "lan0", "lo",
            ])
        #expect(unsafe access("/run/mark", F_OK) != 0)
    }

    @Test(arguments: [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143)] as [(String, Int32)])
    func `the command's own exit status is passed on`(script: String, status: Int32) throws {
        let run = try LabProgram.script(script)
        #expect(run.status == status && run.text == "")
    }

    @Test func `what a command leaves running ends with the lab`() throws {
        let run = try LabProgram.script("setsid sleep 4711 & ip netns exec neighbour setsid sleep 4712 & sleep 0.1")
        #expect(run.status == 0 && run.text == "")
    }

    @Test func `a lab ends when its time is up`() throws {
        let run = try LabProgram(["run", "--no-daemons", "--limit", "1", "--", "sleep", "60"])
        #expect(run.status == 124 && run.text == "vipns-lab: the time was up\n")
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP], [0, 5, 10, 20, 30, 40, 60, 80, 120, 200] as [UInt32])
    func `nothing is left after a signal at any moment`(signal: Int32, milliseconds: UInt32) throws {
        let words = ["run", "--no-daemons", "--", "sh", "-c", "ip netns exec neighbour sleep 60 & sleep 60"]
        let run = try LabProgram(words, signal: (signal, milliseconds))
        #expect(run.status == 128 + signal && run.text == "")
    }

    @Test func `a killed supervisor takes the lab with it`() throws {
        let run = try LabProgram(
            ["run", "--no-daemons", "--", "sh", "-c", "echo; exec sleep 4713"], signal: (SIGKILL, 700))
        #expect(run.status == 137)
        let isGone = (0..<100).contains { _ in
            usleep(20_000)
            return Self.processes(named: "sleep\u{0}4713").isEmpty
        }
        #expect(isGone, "a process of the lab lives on")
    }

    @Test func `a held lab obeys words and ends with its input`() throws {
        let run = try LabProgram.script(
            """
            printf 'pid helper\\nnonsense\\ncensus\\n' | vipns-lab hold --no-daemons | sed 's/^ready .*/ready/; s/ sess.*//'
            """)
        #expect(
            run.text.split(separator: "\n") == [
                "ready", "error not running", "error unknown word 'nonsense'",
                "census processes=1 namespaces=3 mounts=2 names=2 links=2",
            ])
    }

    @Test func `without root the lab says what is missing`() throws {
        // The built program may lie where only root may look: a lab shows it to everybody.
        let run = try LabProgram.script(
            "setpriv --reuid 65534 --clear-groups vipns-lab run --no-daemons -- true || echo $?")
        #expect(run.text == "vipns-lab: root is needed for namespaces (try: sudo make demo)\n1\n")
    }

    private static func processes(named words: String) -> [String] {
        let all = (try? directoryEntries("/proc")) ?? []
        return all.filter { ((try? readTextFile("/proc/\($0)/cmdline")) ?? "").hasPrefix(words) }
    }
}

struct LabOptionsTests {
    @Test func `the options make a configuration`() {
        var options = LabOptions()
        options.ranges = ["10.77.0.7", "10.77.0.9-10.77.0.12"]
        options.poolLines = ["mode: private"]
        #expect(
            options.configurationText == """
                pools:
                  lab:
                    ranges: [10.77.0.7, 10.77.0.9-10.77.0.12]
                    prefix: 10.77.0.0/24
                    gateway: 10.77.0.1
                    parent: lan0
                    hold: 100ms
                    exhaustion: share
                    leftovers: wait
                    mode: private

                """)
    }
}

struct CensusTests {
    @Test func `what was there before is not counted`() {
        var before = Census()
        before.links = ["1 lo"]
        var after = before
        after.links.insert("7 lan0")
        after.namespaces[42] = "process 9"
        let rest = after.difference(from: before)
        #expect(rest.links == ["7 lan0"] && rest.namespaces.count == 1 && !rest.isEmpty)
        #expect(after.difference(from: after).isEmpty)
        #expect(rest.description.contains("1 network namespace (42 held by process 9)"))
    }

    @Test(.needsRoot) func `a census finds a namespace that only a mount holds`() throws {
        let run = try LabProgram.script(
            """
            cd /run; mkfifo words
            vipns-lab hold --no-daemons < words > answers & exec 3> words
            until grep -q ready answers; do sleep 0.02; done
            nsenter -t "$(sed 's/ready //' answers)" -m -n -p ip netns add forgotten
            echo census >&3; exec 3>&-; wait
            sed -n 's/.*processes=1 \\(.*\\) links.*/\\1/p' answers
            """)
        #expect(run.text == "namespaces=4 mounts=3 names=3\n")
    }
}
