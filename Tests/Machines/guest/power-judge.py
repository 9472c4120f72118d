"""power-judge.py FOLDER: starts vipns on the store that a power cut has left there, and prints what came of it as JSON.

Afterwards both daemons run, and no session is open. /var/lib/found has the store as it was found.
"""
import glob
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time

import power_vipns as power

folder = sys.argv[1]
found = {"files": [], "format": None, "refusal": None, "repair": None, "stuck": None, "granted": []}


def stored_format(path):
    """The format that a store has, before anybody has brought it forward; 0 where there is none."""
    try:
        file = sqlite3.connect(path)
        steps, = file.execute("SELECT max(CAST(identifier AS INTEGER)) FROM grdb_migrations").fetchone()
        file.close()
        return steps or 0
    except sqlite3.Error:
        return 0


subprocess.run("ip link add lan0 type dummy && ip addr add 10.99.0.1/24 dev lan0 && ip link set lan0 up", shell=True,
               check=True)
if os.path.isdir(folder):
    found["files"] = sorted(f"{entry.name} {entry.stat().st_size}" for entry in os.scandir(folder))
    shutil.rmtree("/var/lib/found", ignore_errors=True)
    shutil.copytree(folder, "/var/lib/found", ignore=shutil.ignore_patterns("*.reserve"))
    shutil.copytree("/var/lib/found", "/run/found")
    found["format"] = stored_format("/run/found/vipns.db")
power.make_state(folder)
power.start_helper()
try:
    client = power.start_service(folder)
except power.Refused as refusal:
    found["refusal"] = str(refusal)
    status, found["repair"] = power.repair(folder)
    try:
        client = power.start_service(folder)
    except power.Refused as second:
        found["stuck"] = f"status {status}, {found['repair']} {second}"
        # So that what comes after it is judged all the same.
        for path in glob.glob(f"{folder}/vipns.db.repair*"):
            os.remove(path)
        client = power.start_service(folder)

listed = subprocess.run([power.VIPNS, "list", "--json"], stdout=subprocess.PIPE, check=True)
# What a repair has let rest lives no more.
found["live"] = [row["id"] for row in json.loads(listed.stdout) if row["state"] not in ("held", "quarantined")]

# Each address of the pool once, and no further one. Those that rest after a repair come a little later.
deadline = time.monotonic() + 10
while len(found["granted"]) < 12:
    answer = client.open()
    if isinstance(answer, str):
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    else:
        found["granted"].append({"id": answer[0], "address": answer[1]})
answer = client.open()
found["further"] = answer if isinstance(answer, str) else answer[1]
for session in found["granted"]:
    client.close(session["id"])

# A close is answered when the session is gone; its end is in the history a moment later.
deadline = time.monotonic() + 10
while True:
    remembered = subprocess.run([power.VIPNS, "history", "--json", "--user", "root", "--limit", "100000"],
                                stdout=subprocess.PIPE, check=True)
    records = json.loads(remembered.stdout)
    if all(row.get("ended") for row in records) or time.monotonic() > deadline:
        break
    time.sleep(0.2)
found["history"] = [{key: row.get(key) for key in ("id", "address", "outcome", "opened", "ended", "reason")}
                    for row in records]
file = power.database(folder)
found["old"], = file.execute("SELECT count(*) FROM history WHERE user = ?", [power.OLD]).fetchone()
file.close()
power.own(folder)
found["kernel"] = subprocess.run("dmesg | grep -iE 'ext4|jbd2|I/O error' || true", shell=True, text=True,
                                 stdout=subprocess.PIPE, check=True).stdout
print(json.dumps(found))
