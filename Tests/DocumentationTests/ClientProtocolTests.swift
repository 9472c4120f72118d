import ClientAPI
import FoundationEssentials
import Testing

/// docs/protocol.md against `io.vipns.varlink` and its types.
struct ClientProtocolTests {
    private static let interface = InterfaceDescription.text

    private static func members(_ kind: String) -> [String] {
        interface.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count > 1, words[0] == kind else { return nil }
            return String(words[1].prefix { $0.isLetter })
        }
    }

    @Test(arguments: ["method", "type", "error"])
    func `every method, type and error of the interface is named`(kind: String) throws {
        let page = try Document("docs/protocol.md")
        let members = Self.members(kind)
        #expect(members.count >= 8)
        for member in members { #expect(page.names(member), "\(kind) \(member) is not explained") }
    }

    @Test func `every method has an example, octet for octet as it is sent`() throws {
        var shown: Set<String> = []
        for exchange in try Document("docs/protocol.md").blocks("varlink") {
            let messages = Self.messages(exchange)
            let call = try #require(messages.first).text
            let name = try #require(call.firstMatch(of: /^{"method":"([a-zA-Z.]+)"/)).output.1
            guard let method = name.hasPrefix("io.vipns.") ? String(name.dropFirst(9)) : nil else { continue }
            shown.insert(method)
            for message in messages {
                let isCall = message.mark == ">"
                #expect(isCall == (message.text == call))
                if message.text.hasPrefix(#"{"error":"#) {
                    let error = try #require(message.text.firstMatch(of: /^{"error":"io\.vipns\.([A-Za-z]+)"/)).output.1
                    #expect(Self.members("error").contains(String(error)))
                } else {
                    let again = try Self.again(method, isCall: isCall, message.text)
                    #expect(message.text.contains("\"parameters\":\(again)"), "\(method): \(again)")
                }
            }
        }
        #expect(shown == Set(Self.members("method")))
    }

    /// Messages of an exchange, without the blanks of the page; one begins with `> ` (to the service) or `< `.
    private static func messages(_ lines: [String]) -> [(mark: String, text: String)] {
        var messages: [(mark: String, text: String)] = []
        for line in lines {
            if line.hasPrefix("> ") || line.hasPrefix("< ") {
                messages.append((String(line.prefix(1)), String(line.dropFirst(2))))
            } else if !messages.isEmpty {
                // A line that was broken inside a text goes on after one blank.
                messages[messages.count - 1].text += line.drop { $0 == " " }
            }
        }
        return messages
    }

    private struct Envelope<Parameters: Decodable>: Decodable { let parameters: Parameters }

    private static func again<Value: Codable>(_ type: Value.Type, _ text: String) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let value = try JSONDecoder().decode(Envelope<Value>.self, from: Data(text.utf8)).parameters
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func again<Called: ClientMethod>(
        _ called: Called.Type, _ isCall: Bool, _ text: String
    ) throws -> String {
        isCall ? try again(Called.Parameters.self, text) : try again(Called.Reply.self, text)
    }

    /// Decodes and encodes the parameters of a message as the method's types do.
    private static func again(_ method: String, isCall: Bool, _ text: String) throws -> String {
        switch method {
        case "Open": try again(Method.Open.self, isCall, text)
        case "Entered": try again(Method.Entered.self, isCall, text)
        case "Login": try again(Method.Login.self, isCall, text)
        case "CheckLogin": try again(Method.CheckLogin.self, isCall, text)
        case "Leave": try again(Method.Leave.self, isCall, text)
        case "Join": try again(Method.Join.self, isCall, text)
        case "Close": try again(Method.Close.self, isCall, text)
        case "List": try again(Method.List.self, isCall, text)
        case "Show": try again(Method.Show.self, isCall, text)
        case "Pools": try again(Method.Pools.self, isCall, text)
        case "Reload": try again(Method.Reload.self, isCall, text)
        case "Collect": try again(Method.Collect.self, isCall, text)
        case "Addresses": try again(Method.Addresses.self, isCall, text)
        case "History": try again(Method.History.self, isCall, text)
        case "Watch": try again(Method.Watch.self, isCall, text)
        default: throw UnknownMethod(name: method)
        }
    }

    private struct UnknownMethod: Error { let name: String }
}
