import Addressing
import ArgumentParser
import Glibc
import LinuxSystem

/// `vipns-lab answer`: a program as there are many, with fixed ports; it knows nothing of vipns but who it is.
struct Answer: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serves 0.0.0.0:5060 and 127.0.0.1:8125, and says to everyone who asks which session it is in.",
        shouldDisplay: false)

    func run() throws {
        let session = environment("VIPNS_SESSION")
        let name = session.map { "session \($0) at \(environment("VIPNS_ADDRESS") ?? "no address")" } ?? "no session"
        let everyone = try listen(IPAddress(ipv4: 0), 5060)
        let local = try listen(IPAddress(ipv4: 0x7f00_0001), 8125)
        print("serving 0.0.0.0:5060 and 127.0.0.1:8125 in \(name)")
        _ = fflush(nil)
        while true {
            var entries = [everyone.withRaw { $0 }, local.withRaw { $0 }].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            _ = try checked { unsafe poll(&entries, 2, -1) }
            // A client that went away is no reason to stop.
            if entries[0].revents != 0 { try? everyone.answer("this is \(name)") }
            if entries[1].revents != 0 { try? local.answer("this is the loopback of \(name)") }
        }
    }

    private func listen(_ address: IPAddress, _ port: UInt16) throws -> InternetSocket {
        do throws(Errno) {
            return try InternetSocket(listeningOn: address, port: port)
        } catch {
            complain("cannot bind \(address):\(port): \(error)")
            throw ExitCode(1)
        }
    }

    private func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }
}

/// `vipns-lab ask`: connects, and prints what comes back.
struct Ask: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Connects to an address and port, and prints the answer.", shouldDisplay: false)

    @Argument(help: "An IPv4 address.") var address: String
    @Argument(help: "A TCP port.") var port: UInt16

    func run() throws {
        guard let place = IPAddress(address), place.family == .ipv4 else {
            throw ValidationError("'\(address)' is no IPv4 address")
        }
        do throws(Errno) {
            let socket = try InternetSocket(connectedTo: place, port: port, seconds: 2)
            print(try socket.readText(), terminator: "")
        } catch {
            complain("cannot ask \(address):\(port): \(error)")
            throw ExitCode(1)
        }
    }
}
