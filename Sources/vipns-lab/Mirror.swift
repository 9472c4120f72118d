import Addressing
import ArgumentParser
import Glibc
import LinuxSystem

/// `vipns-lab mirror`: what a server on the LAN knows of those who come.
struct Mirror: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serves 0.0.0.0:7000, and says to everyone who asks from which address.", shouldDisplay: false)

    func run() throws {
        let socket: InternetSocket
        do throws(Errno) {
            socket = try InternetSocket(listeningOn: IPAddress(ipv4: 0), port: 7000)
        } catch {
            complain("cannot bind 0.0.0.0:7000: \(error)")
            throw ExitCode(1)
        }
        print("serving 0.0.0.0:7000")
        _ = fflush(nil)
        while true {
            // A client that went away is no reason to stop.
            try? socket.answer { "you are \($0)" }
        }
    }
}
