import Testing

extension TestLab {
    /// Has every such call of a process fail while `body` runs; strace(1).
    ///
    /// `process` is its number as the lab has it, or a shell's words for that.
    func failing(
        _ call: String, with error: String, in process: String, _ body: () throws -> Void
    ) throws {
        let strace = try start(
            "sh", "-c",
            """
            echo $$
            exec strace -f -p \(process) -o /dev/null -e trace=\(call) -e inject=\(call):error=\(error) 2>&1
            """)
        let own = try strace.line()
        #expect(try strace.line().contains("attached"))
        try body()
        try succeed("kill", own)
    }
}
