"""reserve.py COUNT: opens that many sessions without leaders; they last until they are closed."""
import json
import socket
import sys

connection = socket.socket(socket.AF_UNIX)
connection.connect("/run/vipns/io.vipns")
replies = connection.makefile("rb")
for _ in range(int(sys.argv[1])):
    request = {"method": "io.vipns.Open", "parameters": {"mode": "reserve", "pool": "desk"}}
    connection.sendall(json.dumps(request).encode() + b"\0")
    octets = b""
    while not octets.endswith(b"\0"):
        octets += replies.read1(65536)
    reply = json.loads(octets[:-1])
    if "error" in reply:
        sys.exit(str(reply))
