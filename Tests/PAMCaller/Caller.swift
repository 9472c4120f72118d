import CPAM
import Glibc
import LinuxSystem

/// One PAM transaction, from pam_start to pam_end.
struct Caller {
    private let options: Options

    init(_ options: Options) { self.options = options }

    func run() {
        guard let handle = unsafe start() else { return tell("start failed") }
        var allowed = rlimit()
        unsafe vipns_get_descriptor_limit(&allowed)
        if options.closesLow { for descriptor in CInt(0)..<3 { _ = close(descriptor) } }
        if let limit = options.descriptorLimit { limitDescriptors(limit) }
        if options.interrupts { interruptEveryMillisecond() }
        let before = Facts.now
        tell("before \(before.namespace)")
        for cycle in 0..<options.cycles {
            let tells = cycle == 0
            unsafe runOnce(handle, tells: tells)
            if options.cycles > 1, cycle == options.cycles / 5 { Memory.report(as: "first") }
        }
        if options.cycles > 1 { Memory.report(as: "last") }
        let after = Facts.now
        tell("after \(after.namespace)")
        tell("descriptors \(before.descriptors) \(after.descriptors)")
        var limit = rlimit()
        unsafe vipns_get_descriptor_limit(&limit)
        tell("nofile \(limit.rlim_cur) \(limit.rlim_max)")
        unsafe vipns_set_descriptor_limit(&allowed)
        unsafe pam_end(handle, PAM_SUCCESS)
        tell("ended \(Facts.now.descriptors)")
    }

    private func start() -> OpaquePointer? {
        var conversation = unsafe pam_conv(conv: converse, appdata_ptr: nil)
        var handle: OpaquePointer?
        let status = unsafe pam_start_confdir(options.service, options.user, &conversation, options.folder, &handle)
        guard status == PAM_SUCCESS, let handle = unsafe handle else { return nil }
        let odd: [CChar] = [0x61, -1, 0x62, 0]
        if options.hasOddUser { _ = unsafe pam_set_item(handle, PAM_USER, odd) }
        // Loads the modules, which needs descriptors; no module here has anything to say to it.
        _ = unsafe pam_setcred(handle, 0)
        if let terminal = options.terminal { unsafe pam_set_item(handle, PAM_TTY, terminal) }
        if let host = options.remoteHost { unsafe pam_set_item(handle, PAM_RHOST, host) }
        return unsafe handle
    }

    /// A handler that does nothing, but makes blocking calls return EINTR; signal(7).
    private func interruptEveryMillisecond() {
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = { _ in }
        unsafe sigaction(SIGALRM, &action, nil)
        let millisecond = timeval(tv_sec: 0, tv_usec: 1000)
        var timer = itimerval(it_interval: millisecond, it_value: millisecond)
        unsafe setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
    }

    private func limitDescriptors(_ count: UInt) {
        var limit = rlimit()
        unsafe vipns_get_descriptor_limit(&limit)
        limit.rlim_cur = count
        unsafe vipns_set_descriptor_limit(&limit)
    }

    private func runOnce(_ handle: OpaquePointer, tells: Bool) {
        if options.runsAccount { timed("account", tells) { unsafe pam_acct_mgmt(handle, options.flags) } }
        guard options.runsSession else { return }
        for _ in 0..<options.opens { timed("open", tells) { unsafe pam_open_session(handle, options.flags) } }
        if tells {
            let inside = Facts.now
            tell("inside \(inside.namespace)")
            tell("held \(inside.descriptors)")
            unsafe Environment.report(of: handle)
            if let command = options.command { tell(unsafe "ran \(system(command))") }
        }
        if options.closesAll { for descriptor in CInt(4)..<256 { _ = close(descriptor) } }
        for _ in 0..<options.closes { timed("close", tells) { unsafe pam_close_session(handle, options.flags) } }
        if tells { unsafe Environment.report(of: handle) }
    }

    /// Calls, and tells the status, the microseconds that passed and those that this thread worked.
    private func timed(_ name: String, _ tells: Bool, _ call: () -> CInt) {
        let start = (Clock.now(CLOCK_MONOTONIC), Clock.now(CLOCK_THREAD_CPUTIME_ID))
        let status = call()
        let end = (Clock.now(CLOCK_MONOTONIC), Clock.now(CLOCK_THREAD_CPUTIME_ID))
        if tells || status != PAM_SUCCESS || options.cycles <= 100 {
            tell("\(name) \(status) \(end.0 - start.0) \(end.1 - start.1)")
        }
    }
}
