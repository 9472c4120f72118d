/// Reads a moment as people write it, in the local time zone where they name none.
enum Moment {
    /// The accepted forms, for messages.
    static let forms =
        "'2026-11-23 14:05[:06]', '14:05[:06]' (today), '2026-11-23T14:05:06+01:00', '@SECONDS' since 1970, or '-10m' "
        + "(ago; s, m, h, d)"

    /// Microseconds since 1970 UTC; nil where `text` is none of the forms, or names a time that does not exist.
    static func parse(_ text: String, now: Int64) -> Int64? {
        var scanner = TextScanner(text)
        if scanner.skip("@") {
            return scanner.wholeNumber().flatMap { scanner.isAtEnd ? microseconds($0) : nil }
        }
        if scanner.skip("-") {
            return ago(&scanner).flatMap { exact(now.subtractingReportingOverflow($0)) }
        }
        return scanner.isAhead(of: ":") ? today(&scanner, now: now) : dateAndTime(&scanner)
    }

    /// `10m`, `1h30m`.
    private static func ago(_ scanner: inout TextScanner) -> Int64? {
        var total: Int64 = 0
        repeat {
            guard let count = scanner.wholeNumber(), let unit = scanner.next(), let seconds = secondsPerUnit[unit],
                let part = exact(count.multipliedReportingOverflow(by: seconds)).flatMap(microseconds),
                let sum = exact(total.addingReportingOverflow(part))
            else { return nil }
            total = sum
        } while !scanner.isAtEnd
        return total
    }

    private static let secondsPerUnit: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]

    private static func today(_ scanner: inout TextScanner, now: Int64) -> Int64? {
        guard var time = CalendarTime(localSeconds: now / 1_000_000),
            let fraction = clockTime(&scanner, into: &time), scanner.isAtEnd
        else { return nil }
        return resolve(time, fraction, offset: nil)
    }

    private static func dateAndTime(_ scanner: inout TextScanner) -> Int64? {
        var time = CalendarTime()
        guard let year = scanner.number(digits: 4), scanner.skip("-"), let month = scanner.number(digits: 2),
            scanner.skip("-"), let day = scanner.number(digits: 2)
        else { return nil }
        (time.year, time.month, time.day) = (year, month, day)
        guard scanner.skip(" ") || scanner.skip("T") || scanner.skip("t"),
            let fraction = clockTime(&scanner, into: &time)
        else { return nil }
        if scanner.isAtEnd { return resolve(time, fraction, offset: nil) }
        guard let offset = zoneOffset(&scanner), scanner.isAtEnd else { return nil }
        return resolve(time, fraction, offset: offset)
    }

    /// `14:05`, `14:05:06`, `14:05:06.25`; gives the microseconds of the fraction.
    private static func clockTime(_ scanner: inout TextScanner, into time: inout CalendarTime) -> Int64? {
        guard let hour = scanner.number(digits: 2), scanner.skip(":"), let minute = scanner.number(digits: 2) else {
            return nil
        }
        (time.hour, time.minute, time.second) = (hour, minute, 0)
        guard scanner.skip(":") else { return 0 }
        guard let second = scanner.number(digits: 2) else { return nil }
        time.second = second
        return scanner.skip(".") ? scanner.fraction() : 0
    }

    /// `Z`, `+01:00`, in seconds east.
    private static func zoneOffset(_ scanner: inout TextScanner) -> Int64? {
        if scanner.skip("Z") || scanner.skip("z") { return 0 }
        let isWest = scanner.skip("-")
        guard isWest || scanner.skip("+"), let hours = scanner.number(digits: 2), scanner.skip(":"),
            let minutes = scanner.number(digits: 2), hours < 24, minutes < 60
        else { return nil }
        return Int64((isWest ? -1 : 1) * (hours * 3600 + minutes * 60))
    }

    private static func resolve(_ time: CalendarTime, _ fraction: Int64, offset: Int64?) -> Int64? {
        // Four digits of a year cannot overflow.
        time.seconds(offset: offset).map { $0 * 1_000_000 + fraction }
    }

    private static func microseconds(_ seconds: Int64) -> Int64? {
        exact(seconds.multipliedReportingOverflow(by: 1_000_000))
    }
}

/// The result of arithmetic that tells of overflow; nil where there was one.
private func exact(_ result: (partialValue: Int64, overflow: Bool)) -> Int64? {
    result.overflow ? nil : result.partialValue
}
