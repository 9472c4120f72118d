"""power-work.py KIND FOLDER SEED: does one kind of work on the store in FOLDER, again and again, until the power goes.

The host is told, a line each: `begin` and `end MILLISECONDS` of each piece of that work, `granted ID ADDRESS` before
anything else is done with an address, `closing ID` and `closed ID`, `state FOLDER` when another, new store is begun,
and `error TEXT`.
"""
import os
import random
import shutil
import sys
import threading
import time

import power_vipns as power

kind, folder = sys.argv[1:3]
random.seed(int(sys.argv[3]))
HOUR = 3_600_000_000


class Piece:
    """A piece of the work, of which the host is told when it begins and when it has ended well."""

    def __enter__(self):
        power.report("begin")
        self.start = time.monotonic()

    def __exit__(self, failure, *_):
        if failure is None:
            power.report("end", round((time.monotonic() - self.start) * 1000))


def open_one(client):
    """Opens a session and tells of it; gives its id."""
    answer = client.open()
    if isinstance(answer, str):
        raise RuntimeError(f"open: {answer}")
    power.report("granted", *answer)
    return answer[0]


def close_one(client, session):
    power.report("closing", session)
    client.close(session)
    power.report("closed", session)


def together(body):
    """Three clients do it at once, for ever; the first of them that fails ends all."""
    def run():
        try:
            client = power.Client()
            while True:
                body(client)
        except Exception as error:
            power.report("error", repr(error))
            os._exit(1)
    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def opens():
    def body(client):
        sessions = []
        for _ in range(3):
            with Piece():
                sessions.append(open_one(client))
        for session in sessions:
            close_one(client, session)
        # The addresses rest, 100 ms; the pool has more for the others.
        time.sleep(0.1)
    together(body)


def closes():
    def body(client):
        for session in [open_one(client) for _ in range(3)]:
            with Piece():
                close_one(client, session)
        time.sleep(0.1)
    together(body)


def pruning():
    """A service starts on 6,000 records that are to be forgotten, with others among them, and is used meanwhile."""
    while True:
        power.stop("vipnsd")
        power.settle(folder)
        file = power.database(folder)
        boot, = file.execute("SELECT bootID FROM boot").fetchone()
        now = int(time.time() * 1e6)
        insert = ("INSERT INTO history (session, bootID, user, uid, service, pool, address, outcome, openedAt, "
                  "openedBoot, endedAt, endedBoot, reason) "
                  "VALUES (?, ?, ?, 0, 'power', 'desk', ?, 'granted', ?, ?, ?, ?, 'closed by request')")
        kept = []
        for number in range(6000):
            # What a machine has that runs for days: records of this boot from before this boot's beginning.
            start = 3 * HOUR - number * 1000
            old = [f"old{number:05}", boot, power.OLD, None, now - start, -start, now - 2 * HOUR, -2 * HOUR]
            file.execute(insert, old)
            if number % 1500 == 0:
                name = "".join(random.choice("abcdefghijklmnopqrstuvwxyz234567") for _ in range(8))
                address = f"10.98.{random.randrange(256)}.{random.randrange(256)}"
                kept.append((name, address))
                file.execute(insert, [name, boot, "root", address, now - start, -start, now - HOUR // 2, -HOUR // 2])
        file.commit()
        file.close()
        power.own(folder)
        for name, address in kept:
            power.report("granted", name, address)
            power.report("closed", name)
        client = power.start_service(folder)
        with Piece():
            while "old history is forgotten" not in power.said():
                close_one(client, open_one(client))


def repair():
    """Rows of leases are changed, or their page is lost, under sessions that live; all of the history can be read."""
    client = power.Client()
    while True:
        sessions = [open_one(client) for _ in range(4)]
        power.stop("vipnsd")
        power.settle(folder)
        file = power.database(folder)
        if random.random() < 0.5:
            file.execute("UPDATE lease SET uid = uid + 1")
            file.commit()
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            file.close()
        else:
            page, = file.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'lease'").fetchone()
            file.close()
            with open(f"{folder}/vipns.db", "r+b") as pages:
                pages.seek((page - 1) * 4096)
                pages.write(bytes(4096))
                os.fsync(pages.fileno())
        power.own(folder)
        with Piece():
            status, text = power.repair(folder)
        if status != 0:
            raise RuntimeError(f"repair gave {status}: {text}")
        client = power.start_service(folder)
        for session in sessions:
            close_one(client, session)
        # What was damaged is kept for ever, and this disk is small.
        for name in os.listdir(folder):
            if ".damaged-" in name:
                os.remove(f"{folder}/{name}")


def start():
    """A service starts where there is nothing yet, and opens its first sessions."""
    client, own = power.Client(), folder
    while True:
        power.stop("vipnsd")
        former = own
        own = f"/var/lib/vipns-{random.randrange(10 ** 9)}"
        power.report("state", own)
        with Piece():
            power.make_state(own)
            client = power.start_service(own)
            session = open_one(client)
        close_one(client, session)
        shutil.rmtree(former, ignore_errors=True)


def upgrade():
    """A service starts on a store of a former format, with sessions that live and 4,000 more records."""
    import power_older  # The host has put it there.
    client = power.Client()
    path = f"{folder}/vipns.db"
    while True:
        sessions = [open_one(client) for _ in range(2)]
        power.stop("vipnsd")
        power.settle(folder)
        power_older.older(path, "/run/older.db", random.randrange(1, len(power_older.steps)))
        file = power.sqlite3.connect("/run/older.db")
        file.executemany(
            "INSERT INTO history "
            "(session, bootID, user, uid, service, pool, address, outcome, openedAt, openedBoot, endedAt) "
            "VALUES (?, 'b', ?, 1, 'sshd', 'desk', ?, 'granted', ?, ?, ?)",
            [(f"old{n:05}", power.OLD, f"10.97.{n // 250}.{n % 250}", n, n, n) for n in range(4000)])
        file.commit()
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        file.close()
        shutil.copy("/run/older.db", f"{path}.older")
        for end in "", "-wal", "-shm":
            if os.path.exists(f"/run/older.db{end}"):
                os.remove(f"/run/older.db{end}")
        # All that the former file had is in its pages, so that either is whole, whenever the power goes.
        os.rename(f"{path}.older", path)
        power.own(folder)
        os.sync()
        with Piece():
            client = power.start_service(folder)
        for session in sessions:
            close_one(client, session)


try:
    {"opens": opens, "closes": closes, "pruning": pruning, "repair": repair, "start": start, "upgrade": upgrade}[kind]()
except Exception as error:
    power.report("error", repr(error))
    raise
