import Glibc
import HelperChannel
import LinuxSystem
import Netlink
import SessionNetwork

/// The helper's loop: one thread, one channel, one request after the other.
final class Helper {
    let table: RequestTable
    let networks: SessionNetworks
    private let source: AllowanceSource
    private let directory: RunDirectory
    private let signals: OwnedDescriptor
    private let events: NetlinkSocket
    /// None without CAP_NET_BROADCAST.
    private let losses: DeletionMonitor?
    private let searches: HolderSearches
    private(set) var channel: Channel?
    /// What the last service spoke, where that was refused.
    private var refusedVersion: UInt32?
    private let manager: ServiceManager
    private var lastSign = ContinuousClock.now
    /// Until when answers of the LAN wait.
    private var claimsRest = ContinuousClock.now

    typealias Asked = (sequence: UInt32, request: HelperRequest)

    /// The one connected service, and whether it has said hello.
    final class Channel {
        let socket: OwnedDescriptor
        var isGreeted = false
        /// When it last asked for an audit, as it does every 2 s.
        var lastAudit = SuspendingClock.now
        var isSilent = false
        /// Sessions that end.
        var ends = EndQueue()
        /// The first request of another kind after these: it is served when they are done, as it was sent.
        var other: Asked?
        /// Whether more can be taken.
        var isOpen: Bool { other == nil && !ends.isFull }
        /// Whether something waits that is done without anybody's word.
        var hasWork: Bool { other != nil || !ends.isEmpty }
        init(_ socket: consuming OwnedDescriptor) { self.socket = socket }
    }

    init(
        table: RequestTable, networks: SessionNetworks, source: AllowanceSource,
        directory: RunDirectory, signals: consuming OwnedDescriptor, manager: ServiceManager
    ) throws(Errno) {
        self.manager = manager
        self.events = try NetlinkSocket(groups: [NamespaceNumberEvent.group])
        // A crowd of thousands that ends at once is told of while one step is done.
        try events.setReceiveBuffer(octets: 8 << 20)
        self.losses = DeletionMonitor.isPermitted ? try DeletionMonitor() : nil
        self.searches = try HolderSearches()
        self.table = table
        self.networks = networks
        self.source = source
        self.directory = directory
        self.signals = signals
    }

    /// Serves until SIGTERM or SIGINT.
    ///
    /// Sessions and their pins stay as they are.
    func run() throws(Errno) {
        while true {
            giveSign()
            var entries = [
                signals.withRaw { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) },
                events.withRaw { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) },
                // The channel before the listener: a service that was started anew comes after its predecessor's end.
                pollfd(fd: rawChannel, events: Int16(POLLIN), revents: 0),
                pollfd(fd: directory.rawListener, events: Int16(POLLIN), revents: 0),
                pollfd(fd: rawLosses, events: Int16(POLLIN), revents: 0),
                searches.wake.withRaw { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) },
                pollfd(fd: rawProbes, events: Int16(POLLIN), revents: 0),
            ]
            let hasWork = channel?.hasWork ?? false
            let count = try checked { unsafe poll(&entries, nfds_t(entries.count), hasWork ? 0 : untilNextDuty) }
            if count == 0, !hasWork { noteSilence() }
            let ready = entries.map { $0.revents != 0 }
            if ready[0], !handleSignals() { return }
            if ready[1] { forwardEvents() }
            if ready[2] { serveChannel() }
            if ready[3] { acceptChannel() }
            if ready[4] { forwardLosses() }
            if ready[5] {
                for done in searches.takeDone() {
                    send(Answer(list: HelperAnswer.parts(done.holders)), sequence: done.sequence)
                }
            }
            if ready[6] { forwardClaims() }
            serveEnds()
        }
    }

    /// - Returns: whether to go on.
    private func handleSignals() -> Bool {
        while let signal = signals.withRaw({ nextSignal($0) }) {
            guard signal == SIGHUP else { return false }
            do throws(HelperError) {
                try table.reload()
                log("the former allowance counts until vipnsd has read the configuration as well")
            } catch {
                log("\(error), the old one stays")
            }
        }
        return true
    }

    private func forwardEvents() {
        do throws(Errno) {
            // Bounded: whoever makes namespaces without pause must not hold the loop here.
            for _ in 0..<1000 {
                guard let messages = try events.receiveWaiting() else { return }
                for event in messages.compactMap({ NamespaceNumberEvent($0) }) {
                    guard case .gone(let number) = event, number >= SessionNetworks.firstNumber else { continue }
                    send(.gone(number: UInt32(number)), sequence: 0)
                }
            }
        } catch .noBufferSpace {
            send(.overrun, sequence: 0)
        } catch {
            log("warning: cannot read namespace events: \(error), continuing")
        }
    }

    /// Tells each session that lost something once, however much it was.
    private func forwardLosses() {
        do throws(Errno) {
            for number in try losses?.numbers() ?? [] where number >= SessionNetworks.firstNumber {
                send(.changed(number: UInt32(number)), sequence: 0)
            }
        } catch .noBufferSpace {
            send(.overrun, sequence: 0)
        } catch {
            log("warning: cannot read what sessions have lost: \(error), continuing")
        }
    }

    private func forwardClaims() {
        for claim in networks.claims() { send(.claimed(claim.address, by: claim.mac), sequence: 0) }
        claimsRest = .now + .seconds(1)
    }

    /// Listened to once a second at most: whoever floods the LAN with answers must not keep the helper busy.
    ///
    /// The audits of the service end poll(2) often enough.
    private var rawProbes: Int32 { .now < claimsRest ? -1 : networks.withRawProbes { $0 } }

    /// For poll(2), which passes -1 over: none, or one from which no more can be taken for the moment.
    private var rawChannel: Int32 {
        guard let channel, channel.isOpen else { return -1 }
        return channel.socket.withRaw { $0 }
    }

    private var rawLosses: Int32 { losses?.withRaw { $0 } ?? -1 }

    /// The sign of life that systemd waits for, where it does.
    private func giveSign() {
        guard let interval = manager.signInterval, .now >= lastSign + interval else { return }
        lastSign = .now
        manager.tellAlive()
    }

    /// How long poll(2) may wait where nothing comes, in milliseconds; -1 for ever.
    private var untilNextDuty: Int32 {
        let untilSign = manager.signInterval.map {
            Int32(clamping: max(0, (lastSign + $0 - .now).milliseconds + 1))
        }
        return [untilSilence, untilSign ?? -1].filter { $0 >= 0 }.min() ?? -1
    }

    /// How long to wait before a service that works would have asked for an audit, in milliseconds; -1 for ever.
    private var untilSilence: Int32 {
        guard let channel, channel.isGreeted, !channel.isSilent else { return -1 }
        // One more than is left: rounded down it could be none, again and again.
        return Int32(clamping: max(0, (channel.lastAudit + Self.patience - .now).milliseconds + 1))
    }

    private static let patience = Duration.seconds(4)

    /// Nothing else waits to be done, so it is not that the helper did not come to it.
    private func noteSilence() {
        guard let channel, channel.isGreeted, !channel.isSilent, .now >= channel.lastAudit + Self.patience else {
            return
        }
        channel.isSilent = true
        log("cannot hear vipnsd: it has asked nothing for 4 s (is it stopped?)")
    }

    private func noteAudit(of channel: Channel) {
        if channel.isSilent {
            log("vipnsd asks again, after \((SuspendingClock.now - channel.lastAudit).milliseconds / 1000) s")
        }
        channel.isSilent = false
        channel.lastAudit = .now
    }

    private func acceptChannel() {
        do throws(Errno) {
            let socket = try directory.accept()
            let peer = try PeerCredentials(of: socket)
            guard peer.uid == source.identity.uid || peer.uid == 0 else {
                log("refused a connection from user \(peer.uid), process \(peer.pid)")
                return
            }
            guard channel == nil else {
                log("refused a second service, process \(peer.pid): one is connected")
                return
            }
            // A service that does not read must not stop the helper for ever.
            try UnixSocket.setTimeouts(.seconds(5), on: socket)
            channel = Channel(socket)
        } catch {
            log("warning: cannot accept a connection: \(error), continuing")
            // Out of descriptors: it stays in the backlog, and would be reported without end.
            usleep(100_000)
        }
    }

    /// Takes in what has come about ends, up to the first request of another kind, and that one.
    private func serveChannel() {
        guard let channel else { return }
        do throws(HelperError) {
            repeat {
                guard let (sequence, request) = try receive(from: channel) else { return closeChannel() }
                if case .hello(let version) = request {
                    guard version == HelperProtocol.version else { return refuse(version, sequence: sequence) }
                    refusedVersion = nil
                    channel.isGreeted = true
                } else if !channel.isGreeted {
                    throw HelperError("serve a service that does not say hello first")
                }
                if !channel.ends.take(request, sequence: sequence) { channel.other = (sequence, request) }
            } while channel.isOpen && channel.socket.isReadable(within: 0)
        } catch {
            log("\(error), closing the channel")
            closeChannel()
        }
    }

    func serve(_ request: HelperRequest, sequence: UInt32, of channel: Channel) {
        if case .audit = request { noteAudit(of: channel) }
        guard case .holders(let namespaces) = request else { return send(table.answer(request), sequence: sequence) }
        do throws(Errno) {
            try searches.begin(sequence, namespaces)
        } catch {
            send(
                .failed(HelperFailure(errno: error.rawValue, description: "cannot look for holders: \(error)")),
                sequence: sequence)
        }
    }

    /// Tells a service of another version ours, so that it can say what to do as well, and lets it go.
    private func refuse(_ version: UInt32, sequence: UInt32) {
        send(.hello(version: HelperProtocol.version), sequence: sequence)
        // It comes again several times a second, for as long as nobody does anything about it.
        if refusedVersion != version {
            log("cannot serve vipnsd: \(VersionMismatch(service: version, helper: HelperProtocol.version))")
        }
        refusedVersion = version
        closeChannel()
    }

    /// - Returns: nil where the service has closed the channel.
    func receive(from channel: Channel) throws(HelperError) -> Asked? {
        do {
            let message = try UnixSocket.receive(limit: HelperProtocol.messageSize, on: channel.socket)
            let octets = message.octets
            if octets.isEmpty { return nil }
            if message.take() != nil { throw HelperChannelError.malformed("a descriptor came with it") }
            return try HelperRequest.decode(octets)
        } catch {
            throw HelperError("read a request: \(error)")
        }
    }

    private func send(_ answer: consuming Answer, sequence: UInt32) {
        let parts = answer.parts
        for part in parts.dropLast() { send(part, sequence: sequence) }
        guard let last = parts.last else { return }
        if let descriptor = answer.descriptor {
            descriptor.withRaw { send(last, sequence: sequence, passing: $0) }
        } else {
            send(last, sequence: sequence)
        }
    }

    func send(_ answer: HelperAnswer, sequence: UInt32, passing descriptor: Int32 = -1) {
        guard let channel else { return }
        // The first message each way is hello: before it, events are for nobody. A service lists when it has connected.
        if sequence == 0, !channel.isGreeted { return }
        do {
            _ = try UnixSocket.send(answer.encoded(sequence: sequence), passing: descriptor, on: channel.socket)
        } catch {
            log("cannot answer the service: \(error), closing the channel")
            closeChannel()
        }
    }

    private func closeChannel() {
        channel = nil
        searches.forget()
        // Half-made sessions are the next service's to find and take apart; our sockets must not keep them alive.
        networks.forgetMade()
    }
}

/// One line on standard error, where the journal picks it up: by its first word a warning, an error or information.
func log(_ text: String) {
    let word = text.prefix { $0 != " " && $0 != ":" }
    let priority = word == "cannot" ? "<3>" : word == "warning" || word == "refused" ? "<4>" : "<6>"
    let line = Array("\(isJournal ? priority : "")vipns-helper: \(text)\n".utf8)
    _ = unsafe write(2, line, line.count)
}

private let isJournal = isStandardErrorJournal()
