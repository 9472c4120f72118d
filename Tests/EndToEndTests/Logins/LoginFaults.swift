import Testing

/// How the service fails, and what brings it back.
enum ServiceFault: String, CaseIterable, Sendable {
    /// Not even its socket is there.
    case missing
    case stopped, fullBacklog
    /// One octet a second of an answer that never ends.
    case slow
    case garbage
    /// It knows no logins.
    case older
    /// It answers what no module of today knows.
    case newer
    /// It has no objection to the login, and then never opens the session.
    case half

    /// What stands at the service's place, a function `answer(connection)`; nil where nothing does.
    private var answer: String? {
        switch self {
        case .missing, .stopped: nil
        case .fullBacklog: "pass"
        case .slow:
            """
            for octet in b'{"parameters":{"outcome":"granted","message":"' + b"x" * 600:
                    connection.send(bytes([octet]))
                    time.sleep(1)
            """
        case .garbage: "request(connection); connection.sendall(bytes(range(255, -1, -1)) * 100)"
        case .older:
            """
            while request(connection):
                    reply(connection, '{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"x"}}')
            """
        case .newer:
            """
            while text := request(connection):
                    is_login = b"io.vipns.Login" in text
                    reply(connection, '{"parameters":{"outcome":"lent","session":{}}}' if is_login else '{"parameters":{}}')
            """
        case .half:
            """
            while text := request(connection):
                    if b"io.vipns.Login" not in text: reply(connection, '{"parameters":{}}')
            """
        }
    }

    /// A program that stands at the service's place; it says a line when it is ready.
    private var impostor: String? {
        guard let answer else { return nil }
        return """
            import os, socket, threading, time
            is_full = \(self == .fullBacklog ? "True" : "False")
            listener = socket.socket(socket.AF_UNIX)
            listener.bind("/run/vipns/io.vipns")
            listener.listen(0 if is_full else 100)
            waiting = []
            def fill():
                while True:
                    client = socket.socket(socket.AF_UNIX)
                    client.setblocking(False)
                    try: client.connect("/run/vipns/io.vipns")
                    except BlockingIOError: return
                    waiting.append(client)
            def request(connection):
                text = b""
                while not text.endswith(b"\\0"):
                    part = connection.recv(4096)
                    if not part: return text
                    text += part
                return text
            def reply(connection, text): connection.sendall(text.encode() + b"\\0")
            def answer(connection):
                \(answer)
            def serve(connection):
                try: answer(connection)
                except OSError: pass
                connection.close()
            if is_full: fill()
            print("ready", flush=True)
            while is_full: time.sleep(600)
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()
            """
    }

    /// Whether a login is refused before there is a session to speak of; later sshd's users cannot be told safely.
    var isToldEarly: Bool {
        switch self {
        case .missing, .stopped, .fullBacklog, .slow, .garbage, .older: true
        case .newer, .half: false
        }
    }

    /// Breaks the service, and gives what mends it.
    func strike(_ lab: TestLab) throws -> (_ lab: TestLab) throws -> Void {
        switch self {
        case .missing:
            try lab.tell("kill service")
            try lab.succeed("mv", "/run/vipns/io.vipns", "/run/vipns/away")
            return { lab in
                try lab.succeed("mv", "/run/vipns/away", "/run/vipns/io.vipns")
                try lab.tell("start service")
            }
        case .stopped:
            try lab.tell("stop service")
            return { lab in try lab.tell("cont service") }
        case .fullBacklog, .slow, .garbage, .older, .newer, .half:
            // A service that lives takes its place again as soon as it sees that somebody else has it.
            try lab.tell("kill service")
            try lab.succeed("rm", "/run/vipns/io.vipns")
            let running = try lab.start("/usr/bin/python3", "-c", impostor ?? "")
            #expect(try running.line() == "ready")
            return { lab in
                running.kill()
                // Else the new one would seem to be ready before it is.
                try lab.succeed("rm", "/run/vipns/io.vipns")
                try lab.tell("start service")
            }
        }
    }
}
