internal import LinuxSystem
internal import Synchronization

/// Answering calls, one after another.
extension VarlinkConnection {
    /// Runs until no call waits; at most one such run is under way.
    func answerWaitingCalls() async {
        while let frame = nextFrame() {
            await server.turns.next(of: peer.uid)
            if isClosed { continue }
            // What cannot be understood ends the connection, after the answers to what came before it.
            let longest = peer.uid == 0 ? .max : server.limits.userTextOctets
            guard let call = VarlinkCall(frame: frame, maximumTextOctets: longest) else {
                close()
                continue
            }
            await answer(call)
        }
    }

    private func nextFrame() -> [UInt8]? {
        state.withLock { state in
            guard !state.isClosing, !state.waiting.isEmpty else {
                state.isAnswering = false
                return nil
            }
            return state.waiting.removeFirst()
        }
    }

    private func answer(_ call: VarlinkCall) async {
        do {
            switch try server.method(for: call).kind {
            case .single(let handler):
                try finish(call, with: await handler(call, self))
            case .stream(let requiresMore, let handler):
                guard call.wantsMore || !requiresMore else { throw VarlinkErrorReply.expectedMore }
                await runStream(call, handler)
            }
        } catch {
            fail(call, with: error)
        }
    }

    /// Runs a streaming handler in a task of its own, which ``close()`` cancels.
    private func runStream(_ call: VarlinkCall, _ handler: @escaping VarlinkMethod.StreamHandler) async {
        let task = Task.immediate(executorPreference: server.loop) {
            do {
                let replies = VarlinkReplyStream(connection: self, isOneway: call.isOneway)
                try finish(call, with: await handler(call, replies))
            } catch VarlinkSendError.replyTooLong where !call.wantsMore {
                // In pieces it would have fitted.
                fail(call, with: VarlinkErrorReply.expectedMore)
            } catch {
                fail(call, with: error)
            }
        }
        let isOver = state.withLock { state in
            state.stream = task
            return state.isClosing
        }
        if isOver { task.cancel() }
        await task.value
        state.withLock { $0.stream = nil }
    }

    private func finish(_ call: VarlinkCall, with reply: consuming VarlinkReply) throws(VarlinkSendError) {
        guard !call.isOneway else { return }
        let octets = VarlinkReply.frame(parameters: reply.parameters, continues: false)
        try send(octets, passing: reply.takeDescriptor())
    }

    /// Tells the client what went wrong; where there are no words for it the connection ends, so that it does not wait.
    private func fail(_ call: VarlinkCall, with error: any Error) {
        guard !call.isOneway, !isClosed else { return }
        guard let reply = (error as? any VarlinkErrorConvertible)?.varlinkReply ?? server.reply(to: error) else {
            return close()
        }
        do {
            try send(reply.frame + [0], passing: nil)
        } catch {
            close()
        }
    }
}
