"""A program that trains nothing: it tells its progress and gives the number of edges of the cell."""

import json
import os
import signal
import sys
import time

request = json.load(open(sys.argv[sys.argv.index("--request") + 1]))
path = sys.argv[sys.argv.index("--result") + 1]
cell, recipe = request["cell"], request["recipe"]


def stop(*_):
    open(os.path.join(request["work_dir"], "checkpoint"), "w").close()
    sys.exit(75)


signal.signal(signal.SIGTERM, stop)
print("x" * 200_000, flush=True)
print(json.dumps({"event": "progress", "epoch": 1, "epochs": 2}), flush=True)
if recipe.get("waits") and request["checkpoint"] is None:
    time.sleep(60)
result = {"protocol": 1, "id": request["id"], "status": "ok"}
result["validation_accuracy"] = sum(map(sum, cell["adjacency"])) / 100
with open(path + ".tmp", "w") as file:
    json.dump(result, file)
os.rename(path + ".tmp", path)
