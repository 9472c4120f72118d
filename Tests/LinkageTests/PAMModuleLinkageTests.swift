import Foundation
import Testing

/// What the PAM module brings into other people's login programs, read from the release build.
@Suite(.enabled(if: Release.isThere, "needs the release build (make build)"))
struct PAMModuleLinkageTests {
    private let module = "libpam_vipns.so"

    @Test func `the module needs the C library and libpam alone, and is never unloaded`() throws {
        let dynamic = try Release.lines(of: "readelf", "-dW", module)
        let needed = dynamic.filter { $0.contains("(NEEDED)") }.compactMap { line in
            line.split(separator: "[").last.map { String($0.prefix { $0 != "]" }) }
        }
        #expect(Set(needed) == ["libc.so.6", "libpam.so.0"])
        #expect(!dynamic.contains { $0.contains("RUNPATH") || $0.contains("RPATH") || $0.contains("TEXTREL") })
        let flags = dynamic.filter { $0.contains("(FLAGS_1)") }.joined()
        #expect(flags.contains("NODELETE") && flags.contains("NOW"))
    }

    @Test func `the module offers three entry points and nothing more`() throws {
        let offered = try symbols("-D", "--defined-only").map { $0.name }
        #expect(offered.sorted() == ["pam_sm_acct_mgmt", "pam_sm_close_session", "pam_sm_open_session"])
    }

    @Test func `the module calls what was reviewed and nothing more`() throws {
        // No exit, thread, fork, signal, environment, openlog; nothing that waits without a limit.
        let reviewed: Set = [
            "__errno_location", "__stack_chk_fail", "clock_gettime", "close", "connect", "free", "fstat", "fstatfs",
            "geteuid", "getrlimit", "ioctl", "malloc", "memcpy", "memset", "memcmp", "memmove", "open", "pam_get_data",
            "pam_get_item", "pam_getenv", "pam_prompt", "pam_putenv", "pam_set_data", "pam_syslog", "recvmsg",
            "sendmsg",
            "setns", "setrlimit", "setsockopt", "socket", "stat", "strcmp", "strerrordesc_np", "strlen", "strncmp",
            "strnlen",
            // Weak, from the compiler's start files.
            "_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable", "__cxa_finalize", "__gmon_start__",
        ]
        let used = try symbols("-D", "--undefined-only").map { $0.name }
        #expect(used.contains("setns"))
        #expect(Set(used).subtracting(reviewed).isEmpty)
    }

    @Test func `no function of the module holds a trap but one that is never called`() throws {
        let reviewed: Set = [
            // The runtime puts it in. Only unwinding through a frame that names it would call it; none does, see below.
            "_swift_exceptionPersonality"
        ]
        var function = ""
        var functions = 0
        var trapping: Set<String> = []
        for line in try Release.lines(of: "objdump", "-d", module) {
            if line.hasSuffix(">:"), let start = line.firstIndex(of: "<") {
                function = String(line[line.index(after: start)...].dropLast(2))
                functions += 1
            }
            let words = line.split { $0 == "\t" || $0 == " " }
            if words.contains(where: { ["ud2", "brk", "udf", "abort@plt"].contains($0) }) { trapping.insert(function) }
        }
        #expect(functions > 30)
        #expect(trapping.subtracting(reviewed).isEmpty)
        let frames = try Release.lines(of: "readelf", "--debug-dump=frames", module)
        let augmentations = frames.filter { $0.contains("Augmentation:") }
        #expect(!augmentations.isEmpty && augmentations.allSatisfy { !$0.contains("P") })
    }

    @Test func `the module has no state of its own`() throws {
        // The compiler's start files and the linker put these in; what is behind _DYNAMIC and the GOT is read-only when loaded.
        let reviewed: Set = [
            "_DYNAMIC", "_GLOBAL_OFFSET_TABLE_", "__TMC_END__", "__TMC_LIST__", "__dso_handle", "completed.0",
            "__do_global_dtors_aux_fini_array_entry", "__frame_dummy_init_array_entry",
        ]
        let writable = try symbols().filter { "bBdDgGsS".contains($0.kind) }.map { $0.name }
        #expect(writable.contains("_DYNAMIC"))
        #expect(Set(writable).subtracting(reviewed).isEmpty)
    }

    @Test func `the module is small`() throws {
        let stripped = FileManager.default.temporaryDirectory.appendingPathComponent("vipns-\(UUID().uuidString).so")
        defer { try? FileManager.default.removeItem(at: stripped) }
        _ = try Release.lines(of: "strip", "-o", stripped.path, program: module)
        let size = try #require(FileManager.default.attributesOfItem(atPath: stripped.path)[.size] as? Int)
        #expect(size > 4096 && size <= 64 * 1024, "\(size) octets")
    }

    private func symbols(_ options: String...) throws -> [(kind: String, name: String)] {
        let lines = try Release.lines(of: "nm", list: options, program: module)
        return lines.compactMap { line in
            let words = line.split(separator: " ")
            guard words.count >= 2 else { return nil }
            // Without the version: `name@VERSION`.
            let name = words[words.count - 1].prefix { $0 != "@" }
            return (String(words[words.count - 2]), String(name))
        }
    }
}
