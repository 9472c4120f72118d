import Testing

/// A Varlink client of a few lines, for what the command line does not do.
enum Client {
    /// Defines `call(METHOD, PARAMETER=…)` and `call_with_descriptor`, on one connection.
    static let prelude = """
        import json, os, socket, sys, time
        connection = socket.socket(socket.AF_UNIX)
        connection.connect("/run/vipns/io.vipns")
        def call_with_descriptor(method, **parameters):
            request = {"method": "io.vipns." + method, "parameters": parameters}
            connection.sendall(json.dumps(request).encode() + b"\\0")
            octets, descriptors = b"", []
            while not octets.endswith(b"\\0"):
                part, new, _, _ = socket.recv_fds(connection, 1 << 16, 4)
                if not part:
                    sys.exit("the connection has ended")
                octets += part
                descriptors += new
            return json.loads(octets[:-1]), descriptors
        def call(method, **parameters):
            reply, descriptors = call_with_descriptor(method, **parameters)
            for descriptor in descriptors:
                os.close(descriptor)
            return reply

        """
}

extension TestLab {
    /// Runs a Python script that has `call`, as root.
    func client(_ script: String) throws -> Outcome { try run("/usr/bin/python3", "-c", Client.prelude + script) }

    /// Starts one.
    func startClient(_ script: String) throws -> Running {
        try start("/usr/bin/python3", "-u", "-c", Client.prelude + script)
    }

    /// Opens sessions without leaders; gives their ids.
    func reserve(_ count: Int = 1) throws -> [String] {
        let script = """
            for _ in range(\(count)):
                print(call("Open", mode="reserve")["parameters"]["session"]["id"])
            """
        let outcome = try client(script)
        guard outcome.status == 0 else { throw TestFailure("reserve: \(outcome.output) \(outcome.errors)") }
        return outcome.output.split(separator: "\n").map(String.init)
    }
}
