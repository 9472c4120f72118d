import Glibc
import LinuxSystem

/// Where and when it was measured, in one paragraph.
enum Machine {
    static func describe() -> String {
        let model = field("model name", of: "/proc/cpuinfo") ?? "unknown processor"
        let kernel = (try? readTextFile("/proc/sys/kernel/osrelease")).map { $0.filter { !$0.isNewline } } ?? ""
        let memory = field("MemTotal", of: "/proc/meminfo").flatMap { Double($0.prefix { $0 != " " }) } ?? 0
        return """
            \(model), \(sysconf(Int32(_SC_NPROCESSORS_ONLN))) cores, \((memory / 1_048_576).text(digits: 0)) GiB, \
            Linux \(kernel), \(today()); load \(load())
            """
    }

    /// The load averages of the last 1, 5 and 15 minutes.
    static func load() -> String {
        let text = (try? readTextFile("/proc/loadavg")) ?? ""
        return text.split(separator: " ").prefix(3).joined(separator: " ")
    }

    private static func field(_ name: String, of path: String) -> String? {
        let text = (try? readTextFile(path)) ?? ""
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return nil }
        return line.split(separator: ":").dropFirst().first.map { String($0.drop { $0 == " " }) }
    }

    private static func today() -> String {
        var now = time(nil)
        var parts = unsafe tm()
        _ = unsafe gmtime_r(&now, &parts)
        func two(_ number: Int32) -> String { (number < 10 ? "0" : "") + "\(number)" }
        return unsafe "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
    }
}
