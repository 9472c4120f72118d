import HelperChannel

/// A client of the helper channel in Python: who speaks for the service, and says what he likes.
enum HelperClient {
    /// Becomes the service's user, connects and says hello; with `attribute`, `ask`, which gives an answer's octets, and
    /// `kind_of`, `errno_of` and `text_of` them.
    static let script = """
        import os, socket, struct
        os.setgid(64742); os.setuid(64742)
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.connect("/run/vipns/helper")
        def attribute(kind, payload):
            return struct.pack("=HH", len(payload) + 4, kind) + payload + bytes(-len(payload) % 4)
        def ask(kind, *attributes):
            body = b"".join(attributes)
            s.send(struct.pack("=IHHII", len(body) + 16, kind, 0, 9, 0) + body)
            octets, descriptors, _, _ = socket.recv_fds(s, 65536, 1)
            for descriptor in descriptors: os.close(descriptor)
            return octets
        def kind_of(octets): return struct.unpack_from("=H", octets, 4)[0]
        def errno_of(octets): return struct.unpack_from("=I", octets, 20)[0]
        def text_of(octets): return octets[28:].rstrip(bytes(1)).decode()
        hello = ask(34, attribute(1, struct.pack("=I", \(HelperProtocol.version))))

        """
}
