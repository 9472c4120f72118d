public import Leasing

/// What every lease store must do; each store's tests run each rule over an empty storage of its own.
public enum LeaseStoreContract: String, CaseIterable, Sendable {
    case aNewStoreIsEmpty
    case anIntentOutlivesTheStore
    case anAddressHasOneLease
    case aSessionIsStoredOnce
    case aPairIsTakenWhole
    case aPairIsRememberedWhole
    case isolatedSessionsHaveNoAddressToShare
    case anUpdateIsKept
    case anUpdateOfNothingIsHarmless
    case theEndIsRecordedOnce
    case releasingTwiceIsHarmless
    case numbersNeverGoBackInABoot
    case releasedAddressesComeOldestEndFirst
    case anotherBootEndsEverything
    case theSameBootEndsNothing
    case historyIsFilteredByAllThatIsSet
    case historyTellsWhoHadAnAddressAtATime
    case historyComesInPages
    case peaksAreKept
    case refusalsAreCounted
    case oldHistoryIsForgottenInPieces
    case historyIsForgottenByEveryClockThatCanTell
    case callersAtTheSameTimeAreAllServed
    case oneOfManyGetsAnAddress

    /// Opens the storage under test; each call gives a new store over the same storage, as a restart does.
    public typealias Opener = @Sendable () async throws -> any LeaseStore

    /// Checks the rule and records an issue for each breach.
    public func check(_ opener: Opener) async throws {
        switch self {
        case .aNewStoreIsEmpty: try await Self.checkEmpty(opener)
        case .anIntentOutlivesTheStore: try await Self.checkIntent(opener)
        case .anAddressHasOneLease: try await Self.checkAddressTaken(opener)
        case .aSessionIsStoredOnce: try await Self.checkSessionTwice(opener)
        case .aPairIsTakenWhole: try await Self.checkPairTaken(opener)
        case .aPairIsRememberedWhole: try await Self.checkPairHistory(opener)
        case .isolatedSessionsHaveNoAddressToShare: try await Self.checkIsolated(opener)
        case .anUpdateIsKept: try await Self.checkUpdate(opener)
        case .anUpdateOfNothingIsHarmless: try await Self.checkUpdateOfNothing(opener)
        case .theEndIsRecordedOnce: try await Self.checkEnd(opener)
        case .releasingTwiceIsHarmless: try await Self.checkReleaseTwice(opener)
        case .numbersNeverGoBackInABoot: try await Self.checkNumbers(opener)
        case .releasedAddressesComeOldestEndFirst: try await Self.checkReleasedOrder(opener)
        case .anotherBootEndsEverything: try await Self.checkOtherBoot(opener)
        case .theSameBootEndsNothing: try await Self.checkSameBoot(opener)
        case .historyIsFilteredByAllThatIsSet: try await Self.checkFilters(opener)
        case .historyTellsWhoHadAnAddressAtATime: try await Self.checkHistoryAt(opener)
        case .historyComesInPages: try await Self.checkPages(opener)
        case .peaksAreKept: try await Self.checkPeaks(opener)
        case .refusalsAreCounted: try await Self.checkRefusals(opener)
        case .oldHistoryIsForgottenInPieces: try await Self.checkForgetting(opener)
        case .historyIsForgottenByEveryClockThatCanTell: try await Self.checkForgettingByTwoClocks(opener)
        case .callersAtTheSameTimeAreAllServed: try await Self.checkConcurrentIntents(opener)
        case .oneOfManyGetsAnAddress: try await Self.checkRaceForAddress(opener)
        }
    }
}
