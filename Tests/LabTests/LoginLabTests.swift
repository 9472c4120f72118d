import Glibc
import LinuxSystem
import Testing

/// A lab in which people can log in, without the daemons: the module then lets everybody in as if it were not there.
@Suite(.needsRoot, .serialized)
struct LoginLabTests {
    private static func script(_ script: String) throws -> LabProgram {
        try LabProgram(["run", "--no-daemons", "--logins", "--limit", "20", "--", "sh", "-euc", script])
    }

    @Test func `people log in by ssh, su and sudo, on terminals of the lab`() throws {
        let run = try Self.script(
            """
            ssh alice@127.0.0.1 'id -un; groups'
            ip netns exec neighbour ssh bob@10.77.0.2 'id -un; echo ${SSH_CLIENT%% *}'
            ssh -tt carol@localhost 'tty' 2> /dev/null | tr -d '\\r'
            su alice -c 'sudo -u bob id -un'
            """)
        let lines = ["alice", "alice agents", "bob", "10.77.0.1", "/dev/pts/0", "bob"]
        #expect(run.text.split(separator: "\n").map(String.init) == lines && run.status == 0)
    }

    @Test func `what they do shows nowhere on the machine`() throws {
        let files = ["/etc/passwd", "/etc/group", "/etc/shadow", "/etc/pam.d", "/etc/hosts", "/var/log/wtmp", "/dev"]
        let before = files.map(Self.facts)
        let terminals = try directoryEntries("/dev/pts").sorted()
        let run = try Self.script(
            """
            ssh -tt alice@127.0.0.1 'touch /tmp/vipns-lab-mark /dev/shm/vipns-lab-mark' > /dev/null 2>&1
            logger -t mark hello; touch /etc/vipns-lab-mark /var/log/vipns-lab-mark
            until grep -q 'mark: hello' /run/vipns-lab/log/system.log; do sleep 0.05; done
            """)
        #expect(run.text == "" && run.status == 0)
        #expect(files.map(Self.facts) == before)
        #expect(try directoryEntries("/dev/pts").sorted() == terminals)
        for place in ["/tmp", "/dev/shm", "/etc", "/var/log"] {
            #expect(unsafe access("\(place)/vipns-lab-mark", F_OK) != 0, "\(place)")
        }
        #expect(unsafe getpwnam("alice") == nil)
    }

    @Test func `the machine's jobs, passwords and key files are not in it`() throws {
        let run = try Self.script(
            """
            find /etc/cron* /etc/sudoers.d /etc/ssl/private /var/spool -type f -size +0 2> /dev/null || true
            cut -d : -f 2 /etc/shadow | sort -u; echo ~root
            """)
        #expect(run.text == "*\n/run/vipns-lab/logins/home/root\n")
    }

    /// What would change if somebody wrote there.
    private static func facts(_ path: String) -> [Int] {
        var facts = stat()
        guard unsafe stat(path, &facts) == 0 else { return [] }
        return [Int(facts.st_ino), facts.st_size, facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec]
    }
}
