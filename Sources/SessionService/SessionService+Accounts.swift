internal import ClientAPI
internal import LinuxSystem

/// Users and groups, from the account database.
extension SessionService {
    /// The user of that name or number; nil where there is none.
    ///
    /// - Throws: where the database does not answer in time.
    func account(_ name: String) async throws(ServiceError) -> Account? {
        guard case .account(let account) = try await lookUp(.account(name)) else { return nil }
        return account
    }

    /// The names of the user's groups; none where there is no such user.
    ///
    /// - Throws: where the database does not answer in time: no rule that names groups may be passed over for that.
    func groupNames(of user: String) async throws(ServiceError) -> Set<String> {
        guard case .groups(let names) = try await lookUp(.groups(user)) else { return [] }
        return names
    }

    private func lookUp(_ question: AccountLookups.Question) async throws(ServiceError) -> AccountLookups.Answer {
        if let answer = lookups.answer(to: question) { return answer }
        if let isFirst = lookups.begin(question) {
            if isFirst { ask(question) }
            if let answer = await answer(to: question) { return answer }
        }
        throw .failed(text: "the account database does not answer")
    }

    private func ask(_ question: AccountLookups.Question) {
        Task(executorPreference: loop) {
            let answer = await onDetachedThread { question.ask() } ?? nil
            self.enter { $0.lookups.settle(question, answer) }
        }
    }

    private func answer(to question: AccountLookups.Question) async -> AccountLookups.Answer? {
        await withCheckedContinuation { waiter in
            let number = lookups.wait(for: question, waiter)
            loop.perform(after: AccountLookups.patience) { [weak self] in
                self?.enter { $0.lookups.giveUp(question, number) }
            }
        }
    }
}
