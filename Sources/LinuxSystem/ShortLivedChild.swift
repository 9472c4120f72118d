internal import Glibc

/// A child that does not outlive the value: dropped, as by an error, it is killed and reaped.
public struct ShortLivedChild: ~Copyable {
    /// The child's number, valid as long as the value is.
    public let pid: Int32

    /// Takes ownership of `child`.
    public init(_ child: consuming ChildProcess) { pid = child.pid }

    /// Waits until the child has ended and reaps it; waitpid(2).
    ///
    /// - Throws: ECHILD where somebody else reaped it.
    public consuming func wait() throws(Errno) -> ChildProcess.Ending {
        let pid = self.pid
        discard self
        return try ChildProcess.wait(for: pid)
    }

    /// By number, which is the child's own until it is reaped: there may be no descriptor left for a pidfd.
    deinit {
        _ = kill(pid, SIGKILL)
        // Whoever survives that for so long hangs in the kernel, and is not waited for.
        for _ in 0..<200 {
            let reaped = waitpid(pid, nil, WNOHANG)
            if reaped != 0 { return }
            usleep(1000)
        }
    }
}
