import Glibc

/// A date and a time of day as people read them, without a zone; the safe side of `struct tm`.
struct CalendarTime: Equatable {
    var year = 1970
    var month = 1
    var day = 1
    var hour = 0
    var minute = 0
    var second = 0

    /// All zero but for the date, which is the first of 1970.
    init() {}

    /// What clocks of the local time zone show; nil beyond what the C library counts.
    init?(localSeconds seconds: Int64) {
        var seconds = time_t(seconds)
        var fields = unsafe tm()
        guard unsafe localtime_r(&seconds, &fields) != nil else { return nil }
        self = unsafe CalendarTime(fields)
    }

    private init(_ fields: tm) {
        year = Int(unsafe fields.tm_year) + 1900
        month = Int(unsafe fields.tm_mon) + 1
        day = Int(unsafe fields.tm_mday)
        hour = Int(unsafe fields.tm_hour)
        minute = Int(unsafe fields.tm_min)
        second = Int(unsafe fields.tm_sec)
    }

    /// Seconds since 1970 UTC, in the local time zone or `offset` seconds east of UTC; nil for a time that there is not.
    ///
    /// The C library would make 2 March of 30 February, so what it made of the fields is compared with what was asked.
    func seconds(offset: Int64?) -> Int64? {
        var fields = unsafe tm()
        unsafe fields.tm_year = CInt(truncatingIfNeeded: year - 1900)
        unsafe fields.tm_mon = CInt(truncatingIfNeeded: month - 1)
        unsafe fields.tm_mday = CInt(truncatingIfNeeded: day)
        unsafe fields.tm_hour = CInt(truncatingIfNeeded: hour)
        unsafe fields.tm_min = CInt(truncatingIfNeeded: minute)
        unsafe fields.tm_sec = CInt(truncatingIfNeeded: second)
        unsafe fields.tm_isdst = -1
        let seconds = unsafe offset == nil ? mktime(&fields) : timegm(&fields)
        guard unsafe CalendarTime(fields) == self else { return nil }
        return Int64(seconds) - (offset ?? 0)
    }

    /// `2026-11-23 14:05:06`.
    var text: String {
        "\(year)-\(twoDigits(month))-\(twoDigits(day)) \(twoDigits(hour)):\(twoDigits(minute)):\(twoDigits(second))"
    }
}

/// A number below a hundred with a zero before it where it is short.
func twoDigits(_ number: some BinaryInteger) -> String {
    number < 10 ? "0\(number)" : "\(number)"
}
