"""power-judge.py FOLDER: starts vipns on the store that a power cut has left there, and prints what came of it as JSON.

Afterwards both daemons run, and no session is open.
"""
import json
import os
import subprocess
import sys
import time

import power_vipns as power

folder = sys.argv[1]
found = {"files": {}, "refusal": None, "repair": None, "live": [], "history": [], "granted": [], "further": None}

subprocess.run("ip link add lan0 type dummy && ip addr add 10.99.0.1/24 dev lan0 && ip link set lan0 up", shell=True,
               check=True)
if os.path.isdir(folder):
    found["files"] = {entry.name: entry.stat().st_size for entry in os.scandir(folder)}
power.make_state(folder)
power.start_helper()
try:
    client = power.start_service(folder)
except power.Refused as refusal:
    found["refusal"] = str(refusal)
    status, found["repair"] = power.repair(folder)
    if status != 0:
        sys.exit(f"{refusal} repair gave {status}: {found['repair']}")
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

remembered = subprocess.run([power.VIPNS, "history", "--json", "--user", "root", "--limit", "100000"],
                            stdout=subprocess.PIPE, check=True)
found["history"] = [{key: row.get(key) for key in ("id", "address", "outcome", "opened", "ended", "reason")}
                    for row in json.loads(remembered.stdout)]
file = power.database(folder)
found["old"], = file.execute("SELECT count(*) FROM history WHERE user = ?", [power.OLD]).fetchone()
file.close()
power.own(folder)
found["kernel"] = subprocess.run("dmesg | grep -iE 'ext4|jbd2|I/O error' || true", shell=True, text=True,
                                 stdout=subprocess.PIPE, check=True).stdout
print(json.dumps(found))
