internal import ClientAPI
internal import HelperChannel
internal import Leasing
internal import LinuxSystem
internal import Logging
public import ServiceLifecycle
internal import SessionPlan
internal import Varlink

extension SessionService: Service {
    /// Serves until it is told to stop; sessions live on.
    ///
    /// Waits for the helper as long as that takes.
    ///
    /// - Throws: where the store cannot be read, ``StoreBehind``.
    public func run() async throws {
        // Also what a stream or a library has to do in between: a thread of the pool may not be to be had.
        try await withTaskExecutorPreference(loop) { try await self.runOnLoop() }
    }

    private func runOnLoop() async throws {
        let stored = try await store.open(
            boot: surroundings.bootID, nowReal: SystemClock.realTimeMicroseconds(),
            nowBoot: SystemClock.bootTimeMicroseconds())
        let server = VarlinkServer(
            identity: .init(
                vendor: "vipns", product: "vipnsd", version: surroundings.version, url: ""),
            interfaces: [ClientInterface(service: self).interface],
            limits: VarlinkServer.Limits(),
            loop: loop,
            unexpected: { error in ServiceError.failed(text: "\(error)").varlinkReply })
        self.server = server
        try await cancelWhenGracefulShutdown {
            async let forgetting: Void = self.forgetOldHistory()
            async let collecting: Void = self.runCollector()
            async let signs: Void = self.giveSigns()
            async let starting: Void = self.endStart()
            try await self.serve(stored, on: server)
            await forgetting
            await collecting
            await signs
            await starting
        }
        watchers.finish()
        await server.stop()
        await finishWrites()
    }

    private static let waitingStatus = "waiting for vipns-helper: no session begins"

    /// Has the start count as done after 2 s: a helper that is away must not keep a machine from booting.
    private func endStart() async {
        await loop.sleep(for: .seconds(2))
        if !isServing { surroundings.manager.tellReady(status: Self.waitingStatus) }
    }

    /// Signs of life for systemd, from the loop on which everything happens.
    private func giveSigns() async {
        guard let interval = surroundings.manager.signInterval else { return }
        while !Task.isCancelled {
            surroundings.manager.tellAlive()
            await loop.sleep(for: interval)
        }
    }

    /// What was said to a client must be in the store before the process ends; 2 s, should the disk not answer.
    private func finishWrites() async {
        for _ in 0..<400 where pendingWrites > 0 {
            // Cancelled already: a sleep would not wait.
            await withCheckedContinuation { waiter in loop.perform(after: .milliseconds(5)) { waiter.resume() } }
        }
    }

    /// Connects to the helper again and again, and serves clients once everything is reconciled.
    private func serve(_ stored: StoredState, on server: VarlinkServer) async throws(StoreBehind) {
        var unadopted: StoredState? = stored
        var isQuiet = false
        while !Task.isCancelled {
            let (events, channel) = AsyncStream.makeStream(of: HelperConnection.Event.self)
            do {
                helper = try await Self.connect(surroundings.helperPath, loop) { channel.yield($0) }
                if let stored = unadopted { try await adopt(stored) } else { try await reconcile() }
                unadopted = nil
                isAdopted = true
                retryAtOnce()
                try await agreeWithHelper()
                try await listen(on: server)
                logger.info("serving")
                isServing = true
                surroundings.manager.tellReady(status: "serving")
                isQuiet = false
                // What happened while nobody listened.
                lookAtAll()
                if let helper { Task(executorPreference: loop) { await self.runAudits(with: helper) } }
                await follow(events)
                isServing = false
                if !Task.isCancelled {
                    surroundings.manager.tell(status: Self.waitingStatus)
                    logger.warning("the connection to the helper has ended, connecting again")
                    noteHelperLost()
                }
            } catch let behind as StoreBehind {
                helper?.close()
                throw behind
            } catch {
                // Said once, not at every try.
                if !isQuiet, error is AdoptionFailure {
                    logger.error("cannot take up sessions, trying again", metadata: ["error": "\(error)"])
                } else if !isQuiet {
                    logger.warning(
                        "cannot work with the helper, trying again",
                        metadata: ["path": "\(surroundings.helperPath)", "error": "\(error)"])
                }
                isQuiet = true
            }
            helper?.close()
            helper = nil
            await loop.sleep(for: .milliseconds(200))
        }
    }

    /// What has failed for want of the helper need not wait for its timer.
    private func retryAtOnce() {
        for (id, live) in sessions where live.timers[.retry] != nil {
            live.timers[.retry] = nil
            handle(.timer(.retry), id)
        }
    }

    /// Connecting blocks while a stopped helper does not greet: it is done where it holds up nobody.
    private static func connect(
        _ path: String, _ loop: EventLoop, _ onEvent: @escaping @Sendable (HelperConnection.Event) -> Void
    ) async throws -> HelperConnection {
        let connected = await onDetachedThread { () -> Result<HelperConnection, any Error> in
            Result { try HelperConnection(path: path, loop: loop, onEvent: onEvent) }
        }
        guard let helper = try connected?.get() else { throw Errno.wouldBlock }
        helper.start()
        return helper
    }

    /// Lets the helper bind the client socket anew: ours went with the helper that bound it, or never was.
    func listen(on server: VarlinkServer) async throws {
        guard let listener = try await ask(.listen).descriptor?.take() else { throw HelperFailure.helperLost }
        try server.serve(on: listener)
    }

    /// Takes events until the channel ends.
    private func follow(_ events: AsyncStream<HelperConnection.Event>) async {
        for await event in events {
            switch event {
            case .gone(let number):
                if let id = idsByNumber[number] { handle(.networkGone, id) }
            case .changed(let number):
                if let live = idsByNumber[number].flatMap({ sessions[$0] }) { look(at: live) }
            case .claimed(let address, let mac): noteClaim(address, by: mac)
            case .overrun:
                logger.warning("namespace events were lost, comparing")
                do {
                    try await reconcile()
                    lookAtAll()
                } catch {
                    logger.error("cannot compare", metadata: ["error": "\(error)"])
                }
            case .stopped(let time):
                let text = "vipnsd did not run for \(time.milliseconds / 1000) s"
                logger.error("this process was stopped, or the host is overloaded", metadata: ["error": "\(text)"])
                tell(.alarm, nil, text)
            case .lost: return
            }
        }
    }
}
