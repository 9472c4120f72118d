internal import SessionPlan

/// The plan's event; the client protocol has an event of the same name.
typealias PlanEvent = SessionEvent
/// The plan's notice to those who watch.
typealias PlanNotice = Notice
