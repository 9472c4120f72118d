"""What power-judge.py and power-work.py share: the two daemons, their clients, and the word to the host.

The machine may lose its power after every line of this.
"""
import glob
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import termios
import threading
import time

PROGRAMS = "/opt/vipns/usr/sbin"
VIPNS = "/opt/vipns/usr/bin/vipns"
CLIENTS = "/run/vipns/io.vipns"
LOG = "/run/service.log"
# Old records belong to nobody who opens a session here.
OLD = "old"

console = os.open("/dev/ttyS0", os.O_WRONLY | os.O_NOCTTY)
reporting = threading.Lock()


def report(*words):
    """Tells the host, which knows it when this returns, whatever becomes of this machine."""
    with reporting:
        os.write(console, f"\n@ {' '.join(map(str, words))} .\n".encode())
        termios.tcdrain(console)


class Refused(Exception):
    """The service ended instead of serving."""


class Client:
    """A connection to the service, as root."""

    def __init__(self):
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.connect(CLIENTS)
        self.waiting = b""

    def call(self, method, **parameters):
        """Gives the parameters of the reply; or the error's name, as text."""
        self.connection.sendall(json.dumps({"method": f"io.vipns.{method}", "parameters": parameters}).encode() + b"\0")
        while b"\0" not in self.waiting:
            octets = self.connection.recv(65536)
            if not octets:
                raise EOFError("the service has closed the connection")
            self.waiting += octets
        reply, self.waiting = self.waiting.split(b"\0", 1)
        reply = json.loads(reply)
        return reply.get("error") or reply.get("parameters", {})

    def open(self):
        """Opens a session that lasts until it is closed; gives id and address, or the error's name, as text."""
        reply = self.call("Open", mode="reserve", pool="desk")
        return reply if isinstance(reply, str) else (reply["session"]["id"], reply["session"]["address"])

    def close(self, session):
        reply = self.call("Close", session=session)
        if isinstance(reply, str):
            raise RuntimeError(f"close of {session}: {reply}")


def pid_of(program):
    """The running process of a program under PROGRAMS; the first process here collects no zombies."""
    for entry in glob.glob("/proc/[0-9]*/exe"):
        try:
            if os.readlink(entry) == f"{PROGRAMS}/{program}":
                return int(entry.split("/")[2])
        except OSError:
            pass
    return None


def stop(program, number=signal.SIGKILL):
    pid = pid_of(program)
    if pid is None:
        return
    os.kill(pid, number)
    while pid_of(program) is not None:
        time.sleep(0.01)


def start_helper():
    os.makedirs("/run/vipns", exist_ok=True)
    log = open("/run/helper.log", "ab")
    subprocess.Popen([f"{PROGRAMS}/vipns-helper"], stderr=log, start_new_session=True)


def make_state(folder):
    """As systemd does it before the service's first start."""
    os.makedirs(folder, 0o700, exist_ok=True)
    shutil.chown(folder, "vipns", "vipns")


def start_service(folder):
    """Starts the service on the store in that folder and returns when it serves.

    Throws Refused, with what it said.
    """
    log = open(LOG, "wb")
    service = subprocess.Popen([f"{PROGRAMS}/vipnsd", "--state", folder], stderr=log, start_new_session=True,
                               user="vipns", group="vipns", extra_groups=[], umask=0o077)
    while True:
        if service.poll() is not None:
            raise Refused(said())
        try:
            client = Client()
            client.call("Pools")
            return client
        except (OSError, EOFError):
            time.sleep(0.02)


def said():
    with open(LOG, encoding="utf-8", errors="replace") as log:
        return log.read()


def repair(folder):
    """Gives the exit status and all output of 'vipns repair'."""
    done = subprocess.run([VIPNS, "repair", "--state", folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    return done.returncode, done.stdout


def database(folder):
    return sqlite3.connect(f"{folder}/vipns.db", timeout=10)


def settle(folder):
    """Brings all of the store of a service that does not run into its pages, for hands that work on those."""
    file = database(folder)
    file.execute("DELETE FROM history WHERE user = ?", [OLD])
    file.commit()
    file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file.close()
    own(folder)


def own(folder):
    """What root has written is the service's again."""
    for path in glob.glob(f"{folder}/*"):
        shutil.chown(path, "vipns", "vipns")
