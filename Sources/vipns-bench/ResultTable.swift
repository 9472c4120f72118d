/// What was measured, beside what it is held against; written as a Markdown table.
struct ResultTable {
    /// What a number counts.
    enum Unit {
        case milliseconds
        case perSecond
        case mebibytes

        fileprivate func text(_ value: Double) -> String {
            switch self {
            case .milliseconds: "\(value.text(digits: 2)) ms"
            case .perSecond: "\(value.text(digits: 0)) /s"
            case .mebibytes: "\(value.text(digits: 1)) MiB"
            }
        }
    }

    /// What is asked of a measured value.
    enum Target {
        case atMostTimesFloor(Double)
        case atLeastTimesFloor(Double)
        case atMost(Double)
        case belowFloor
    }

    private var lines: [String] = []

    /// Adds one line; it is met where every target is.
    mutating func add(
        _ subject: String, _ measured: Double, _ unit: Unit, floor: Double? = nil, targets: Target...
    ) {
        let isMet = targets.allSatisfy { $0.isMet(by: measured, floor: floor) }
        let fields = [
            subject, unit.text(measured), floor.map { unit.text($0) } ?? "",
            floor.map { $0 > 0 ? (measured / $0).text(digits: 2) : "" } ?? "",
            targets.map { $0.text(unit) }.joined(separator: ", "),
            targets.isEmpty ? "" : isMet ? "met" : "**missed**",
        ]
        lines.append("| " + fields.joined(separator: " | ") + " |")
    }

    /// The whole table.
    var text: String {
        let head = ["| | measured | floor | ratio | target | |", "| --- | ---: | ---: | ---: | --- | --- |"]
        return (head + lines).map { "\($0)\n" }.joined()
    }
}

extension ResultTable.Target {
    fileprivate func isMet(by measured: Double, floor: Double?) -> Bool {
        switch self {
        case .atMostTimesFloor(let times): floor.map { measured <= times * $0 } ?? false
        case .atLeastTimesFloor(let times): floor.map { measured >= times * $0 } ?? false
        case .atMost(let limit): measured <= limit
        case .belowFloor: floor.map { measured < $0 } ?? false
        }
    }

    fileprivate func text(_ unit: ResultTable.Unit) -> String {
        switch self {
        case .atMostTimesFloor(let times): "≤ \(times.text(digits: 1)) × floor"
        case .atLeastTimesFloor(let times): "≥ \(times.text(digits: 1)) × floor"
        case .atMost(let limit): "≤ \(unit.text(limit))"
        case .belowFloor: "< floor"
        }
    }
}

extension Double {
    /// The number with so many decimals.
    func text(digits: Int) -> String {
        var scale = 1
        for _ in 0..<digits { scale *= 10 }
        let rounded = Int((self * Double(scale)).rounded())
        guard digits > 0 else { return "\(rounded)" }
        let fraction = String(rounded % scale)
        return "\(rounded / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}
