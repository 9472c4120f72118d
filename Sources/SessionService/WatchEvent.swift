internal import ClientAPI

/// The event that those who watch are told; the plan has one of the same name.
typealias WatchEvent = SessionEvent
