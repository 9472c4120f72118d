import Addressing
import Glibc
import LinuxSystem
import Netlink
import SessionNetwork

/// The floor: what a session must cost at least.
///
/// The same kernel work, made straight in this process, and one durable write; no protocol, no plan, no store, no second
/// process. For use by one thread.
final class FloorNetwork {
    /// A session of the floor's.
    struct Opened {
        let session: SessionID
        let number: Int32
        let mac: MACAddress
    }

    /// Where the floor keeps its pins and names, apart from the helper's.
    private static let directory = "/run/vipns-bench"
    /// Far above the numbers that the service gives.
    private static let firstNumber: Int32 = 0x4000_0000
    private static let block = [UInt8](repeating: 0x76, count: 4096)

    private let networks: SessionNetworks
    private let file: OwnedDescriptor
    private let lan: LAN
    private var count: Int32 = 0

    /// How long each part took.
    private(set) var parts = Parts()

    /// The parts of an open.
    struct Parts {
        var make = Samples()
        var write = Samples()
        var connect = Samples()
    }

    /// - Parameter directory: where the service keeps its store: the floor's writes are to cost the same.
    init(lan: LAN, stateDirectory directory: String) throws {
        self.lan = lan
        try? Self.makeDirectory(Self.directory)
        networks = try SessionNetworks(
            pins: PinDirectory(path: "\(Self.directory)/netns", namesPath: "\(Self.directory)/names"))
        let path = "\(directory)/floor"
        file = try OwnedDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
        // Open is enough, and so nothing stays behind.
        _ = unsafe unlink(path)
        try write()
        parts = Parts()
    }

    private static func makeDirectory(_ path: String) throws(Errno) {
        try checked { unsafe mkdir(path, 0o700) }
    }

    /// Makes one: namespace with its settings, number and pin; the durable write; link, address, route, announcement.
    func open() throws -> Opened {
        let link = try lan.link(unused: Int(count))
        let opened = Opened(session: .random(), number: Self.firstNumber + count, mac: link.mac)
        count += 1
        let start = ContinuousClock.now
        _ = try networks.make(opened.session, number: opened.number)
        parts.make.add(since: start)
        try write()
        let middle = ContinuousClock.now
        _ = try networks.connect(opened.session, link: link)
        parts.connect.add(since: middle)
        return opened
    }

    /// One block over the last one, and the wait for the disk: less than any database can do.
    private func write() throws {
        let raw = file.withRaw { $0 }
        let start = ContinuousClock.now
        let written = try checked { unsafe pwrite(raw, Self.block, Self.block.count, 0) }
        guard written == Self.block.count else { throw BenchError("cannot write the floor's file: the disk is full") }
        try checked { fdatasync(raw) }
        parts.write.add(since: start)
    }

    /// Takes one apart and leaves the rest to the kernel.
    ///
    /// - Returns: whether the kernel still knows the number.
    @discardableResult
    func beginClose(_ opened: Opened) throws -> Bool {
        try networks.dismantle(opened.session, number: opened.number).isAlive
    }

    /// Takes one apart, down to the kernel's word that nothing holds its namespace any more.
    func close(_ opened: Opened) throws {
        var isAlive = try beginClose(opened)
        while isAlive {
            usleep(100)
            isAlive = try networks.isAlive(opened.number)
        }
    }
}
