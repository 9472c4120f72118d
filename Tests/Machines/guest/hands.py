"""The hands of a test in a machine: one JSON object a line in, one a line out, over a virtio port.

In: {"run": SCRIPT, "limit": SECONDS}. Out: {"status": N, "output": TEXT}; the status is 124 where it took too long.
"""
import json
import os
import subprocess
import time


def find_port():
    """The only port; udev may not have made its name yet."""
    while True:
        ports = [name for name in os.listdir("/dev") if name.startswith("vport")]
        if ports:
            return f"/dev/{ports[0]}"
        time.sleep(0.05)


def run(script, limit):
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
                   "LANG": "C.UTF-8", "TERM": "dumb"}
    try:
        # A file and no pipe: what a command leaves running may hold it for ever.
        with open("/run/hands.output", "w+b") as output:
            done = subprocess.run(["bash", "-c", script], stdin=subprocess.DEVNULL, stdout=output,
                                  stderr=subprocess.STDOUT, env=environment, timeout=limit, start_new_session=True)
            output.seek(0)
            return done.returncode, output.read().decode(errors="replace")
    except subprocess.TimeoutExpired:
        with open("/run/hands.output", "rb") as output:
            return 124, output.read().decode(errors="replace")


def answer(facts):
    octets = json.dumps(facts).encode() + b"\n"
    # A port takes as much as it has room for.
    while octets:
        octets = octets[os.write(port.fileno(), octets):]


port = open(find_port(), "r+b", buffering=0)
answer({"ready": True})
waiting = b""
while True:
    octets = os.read(port.fileno(), 65536)
    if not octets:
        # Nobody is connected at the other end.
        time.sleep(0.05)
        continue
    waiting += octets
    while b"\n" in waiting:
        line, waiting = waiting.split(b"\n", 1)
        request = json.loads(line)
        status, output = run(request["run"], request.get("limit", 60))
        answer({"status": status, "output": output})
