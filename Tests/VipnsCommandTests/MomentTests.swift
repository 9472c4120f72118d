import Glibc
import Testing

@testable import vipns

/// Central European Time by rule, so that no zone file is needed; set once, before the first conversion.
enum Zone {
    static let isSet: Bool = unsafe setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1) == 0
}

struct MomentTests {
    /// 2026-11-23 13:30:00 UTC, which is 14:30 on the clocks.
    static let now: Int64 = 1_795_440_600_000_000

    @Test(arguments: [
        ("2026-11-23 14:05", 1_795_439_100_000_000),
        ("2026-11-23 14:05:06", 1_795_439_106_000_000),
        ("2026-07-01 12:00", 1_782_900_000_000_000),
        ("14:05", 1_795_439_100_000_000),
        ("14:05:06", 1_795_439_106_000_000),
        ("2026-11-23T14:05:06+01:00", 1_795_439_106_000_000),
        ("2026-11-23T13:05:06Z", 1_795_439_106_000_000),
        ("2026-11-23t13:05:06.25z", 1_795_439_106_250_000),
        ("2026-11-22T23:35:06-13:30", 1_795_439_106_000_000),
        ("2026-11-23T14:05:06.1234567+01:00", 1_795_439_106_123_456),
        ("@1795439106", 1_795_439_106_000_000),
        ("@0", 0),
        ("-10m", 1_795_440_000_000_000),
        ("-1h30m", 1_795_435_200_000_000),
        ("-2d", 1_795_267_800_000_000),
        ("-0s", 1_795_440_600_000_000),
        ("2028-02-29 00:00", 1_835_391_600_000_000),
    ])
    func `a time is read in every documented form`(text: String, expected: Int64) {
        #expect(Zone.isSet)
        #expect(Moment.parse(text, now: Self.now) == expected)
    }

    @Test(arguments: [
        "", " ", "now", "yesterday", "2026", "2026-11-23", "2026-11-23 ", "2026-11-23 14", "2026-11-23 14:5",
        "2026-11-23 14:05:6", "2026-11-23 24:00", "2026-11-23 14:60", "2026-11-23 14:05:60", "2026-13-01 00:00",
        "2026-00-10 00:00", "2026-02-29 00:00", "2026-02-30 12:00", "2026-11-31 12:00", "2026-11-23 14:05 ",
        "2026-11-23 14:05:06.", "2026-11-23T14:05:06+1:00", "2026-11-23T14:05:06+24:00", "2026-11-23T14:05:06+01:60",
        "2026-11-23T14:05:06Zx", "2026-11-23T14:05:06+", "2026-03-29 02:30", "24:00", "14:05 x", "@", "@-5", "@1x",
        "@99999999999999999999", "@9223372036854775807", "-", "-10", "-m", "-10x", "-10m5", "10m", "--10m",
        "-9223372036854775807d", "-99999999999999d99999999999999d", "\u{0661}4:05", "2026-11-23 \u{FF11}4:05",
    ])
    func `what is no time, or a time that there is not, is refused`(text: String) {
        #expect(Zone.isSet)
        #expect(Moment.parse(text, now: Self.now) == nil)
    }

    @Test func `a time is printed as it is read`() {
        #expect(Zone.isSet)
        let text = timeText(microseconds: Self.now)
        #expect(text == "2026-11-23 14:30:00")
        #expect(Moment.parse(text, now: 0) == Self.now)
        #expect(timeText(microseconds: 1_782_900_000_000_000) == "2026-07-01 12:00:00")
    }

    @Test func `the end of something shows its day only where that is another`() {
        #expect(Zone.isSet)
        #expect(endText(microseconds: Self.now, start: Self.now - 3_600_000_000) == "14:30:00")
        #expect(endText(microseconds: Self.now, start: Self.now - 86_400_000_000) == "2026-11-23 14:30:00")
    }

    @Test(arguments: [
        (-5, "0s"), (0, "0s"), (59, "59s"), (60, "1m00s"), (192, "3m12s"), (3599, "59m59s"), (3600, "1h00m"),
        (18_180, "5h03m"), (86_399, "23h59m"), (86_400, "1d0h"), (187_200, "2d4h"),
    ])
    func `a duration is told in its two largest units`(seconds: Int64, text: String) {
        #expect(durationText(microseconds: seconds * 1_000_000 + 999_999 * (seconds < 0 ? 0 : 1)) == text)
    }
}
