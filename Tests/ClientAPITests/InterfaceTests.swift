import FoundationEssentials
import Testing

@testable import ClientAPI
@testable import Varlink

/// The Swift types against `io.vipns.varlink`, as the reference implementation's parser understands that.
@Suite(.enabled(if: Python.isAvailable, "needs the Python module varlink")) struct InterfaceTests {
    /// Prints of every type, method and error a sample with all fields and one without those that may be missing.
    private static let script = """
        import json, sys, varlink
        from varlink import scanner as s
        interface = varlink.Interface(sys.argv[1])

        def sample(kind, full):
            if isinstance(kind, s._Maybe): return sample(kind.element_type, full)
            if isinstance(kind, s._Array): return [sample(kind.element_type, full)]
            if isinstance(kind, s._CustomType): return sample(interface.members[kind.name].type, full)
            if isinstance(kind, s._Enum): return list(kind.fields)[-1]
            if isinstance(kind, s._Struct):
                return {name: sample(field, full) for name, field in kind.fields.items()
                        if full or not isinstance(field, s._Maybe)}
            return {bool: True, int: 7, float: 0.5, str: "x"}[type(kind)]

        def show(name, kind):
            for full in (True, False):
                text = json.dumps(sample(kind, full), sort_keys=True, separators=(",", ":"))
                print(name + "\\t" + text + "\\t" + ("full" if full else "least"))

        for member in interface.members.values():
            if isinstance(member, s._Method):
                show(member.name + ".Parameters", member.in_type)
                show(member.name + ".Reply", member.out_type)
            elif isinstance(member, s._Alias) and isinstance(member.type, s._Enum):
                print("enum " + member.name + "\\t" + " ".join(member.type.fields) + "\\tfull")
            else:
                show(("error " if isinstance(member, s._Error) else "") + member.name, member.type)
        """

    /// What becomes of a sample that is decoded and encoded again, and which fields the Swift type has.
    private typealias Check = @Sendable (String) throws -> (encoded: String, fields: [String]?)

    private static func roundTrip<Value: Codable & Sendable>(_ type: Value.Type) -> Check {
        { json in
            let value = try JSONText.decode(Value.self, from: Array(json.utf8))
            let encoded = String(decoding: try JSONText.encode(value), as: UTF8.self)
            return (encoded, Mirror(reflecting: value).children.compactMap(\.label).sorted())
        }
    }

    /// Decodes any value and keeps nothing of it.
    private struct Anything: Decodable {
        init(from decoder: any Decoder) {}
    }

    private static func error(_ name: String) -> Check {
        { json in
            let frame = Array(#"{"error":"io.vipns.\#(name)","parameters":\#(json)}"#.utf8)
            let error = try #require(ServiceError(VarlinkErrorReply(name: "io.vipns.\(name)", received: frame)))
            let encoded = String(decoding: error.varlinkReply.frame, as: UTF8.self)
            return (encoded == String(decoding: frame, as: UTF8.self) ? json : encoded, nil)
        }
    }

    private static func cases<Value: CaseIterable & RawRepresentable<String>>(_ type: Value.Type) -> Check {
        let words = type.allCases.map(\.rawValue).joined(separator: " ")
        return { _ in (words, nil) }
    }

    private static func method<Described: ClientMethod>(_ type: Described.Type) -> [(String, Check)] {
        let name = String(type.method.dropFirst("io.vipns.".count))
        return [
            ("\(name).Parameters", roundTrip(Described.Parameters.self)),
            ("\(name).Reply", roundTrip(Described.Reply.self)),
        ]
    }

    private static let checks: [String: Check] = {
        var checks: [String: Check] = [
            "Session": roundTrip(Session.self), "Pool": roundTrip(PoolStatus.self),
            "PoolNetwork": roundTrip(PoolNetworkStatus.self),
            "PoolAddress": roundTrip(PoolAddress.self), "enum AddressState": cases(PoolAddress.State.self),
            "Record": roundTrip(HistoryEntry.self), "Event": roundTrip(SessionEvent.self),
            "Problem": roundTrip(Problem.self), "Holder": roundTrip(Holder.self),
            "enum Means": cases(Holder.Means.self),
            "Suspect": roundTrip(Suspect.self), "enum SuspectKind": cases(Suspect.Kind.self),
            "enum Severity": cases(Problem.Severity.self),
            "enum State": cases(Session.State.self), "enum Mode": cases(Session.Mode.self),
            "enum Leftovers": cases(Session.Leftovers.self), "enum Outcome": cases(Method.Open.Outcome.self),
            "enum Scope": cases(Session.Scope.self), "enum LoginOutcome": cases(Method.LoginOutcome.self),
        ]
        for name in [
            "SessionNotFound", "SessionAmbiguous", "PoolNotFound", "PoolExhausted", "PermissionDenied", "OpenFailed",
            "WrongState", "HelperUnavailable", "InvalidConfiguration", "Failed",
        ] {
            checks["error \(name)"] = error(name)
        }
        let methods =
            method(Method.Open.self) + method(Method.Entered.self) + method(Method.Join.self)
            + method(Method.Login.self) + method(Method.CheckLogin.self) + method(Method.Leave.self)
            + method(Method.Close.self) + method(Method.List.self) + method(Method.Show.self)
            + method(Method.Pools.self) + method(Method.Addresses.self) + method(Method.Reload.self)
            + method(Method.History.self)
            + method(Method.Watch.self) + method(Method.Collect.self)
        for (name, check) in methods { checks[name] = check }
        return checks
    }()

    @Test func `every type, method and error has its Swift type with the same fields`() async throws {
        let result = try await Python.run(Self.script, [InterfaceDescription.text])
        try #require(result.status == 0, "\(result.output)")
        var missing = Set(Self.checks.keys)
        for line in result.output.split(separator: "\n") {
            let parts = line.split(separator: "\t").map(String.init)
            try #require(parts.count == 3)
            let check = try #require(Self.checks[parts[0]], "\(parts[0]) has no Swift type")
            let (encoded, fields) = try check(parts[1])
            #expect(encoded == parts[1], "\(parts[0])")
            if let fields, parts[2] == "full" {
                let names = try JSONText.decode([String: Anything].self, from: Array(parts[1].utf8)).keys.sorted()
                #expect(fields == names, "\(parts[0])")
            }
            missing.remove(parts[0])
        }
        #expect(missing.isEmpty, "not in the interface")
    }

    @Test func `the text is the whole file`() {
        #expect(InterfaceDescription.text.hasPrefix("# Sessions with a network of their own"))
        #expect(InterfaceDescription.text.hasSuffix("error Failed (text: string)\n"))
    }
}
