"""A worker of the queue in Python: for machines without Deno.

    pip install bullmq
    REDIS_PASSWORD=… python bullmq_worker.py 127.0.0.1:6379 train_cell.py [--parallel 2]

Takes jobs of `deno task search --backend bullmq` and runs `python PROGRAM --request … --result …`
for each; what `deno task worker` does, but without heartbeats. Tested with bullmq 3.4.4.
"""

import argparse
import asyncio
import json
import os
import re
import signal
import sys
from pathlib import Path

from bullmq import Worker

parser = argparse.ArgumentParser()
parser.add_argument("redis", help="host:port")
parser.add_argument("program")
parser.add_argument("--parallel", type=int, default=1)
parser.add_argument("--folder", type=Path, default=Path("worker"))
options = parser.parse_args()
STOPPED = {"end": {"kind": "exited", "code": 75}, "result": None, "errors": ""}
children = set()
stop = asyncio.Event()


async def train(job, token):
    if not re.fullmatch(r"[\w-]{1,200}", job.id):
        raise ValueError(f"an id must be letters and digits, got {job.id}")
    if job.data.get("cancelled") or stop.is_set():
        return STOPPED
    folder = (options.folder / job.id).absolute()
    work, request, result = folder / "work", folder / "request.json", folder / "result.json"
    work.mkdir(parents=True, exist_ok=True)
    result.unlink(missing_ok=True)
    checkpoint = work / "checkpoint"
    known = {"work_dir": str(work), "checkpoint": str(checkpoint) if checkpoint.exists() else None}
    request.write_text(json.dumps({**job.data["request"], **known}))
    command = [sys.executable, options.program, "--request", str(request), "--result", str(result)]
    pipe = asyncio.subprocess.PIPE
    with open(folder / "errors", "w") as log:
        # Of a log no line is too long.
        child = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=log, limit=2**26)
    children.add(child)
    try:
        async with asyncio.timeout(job.data.get("limitSeconds")):
            async for line in child.stdout:
                if line.startswith(b'{"event": "progress"') or line.startswith(b'{"event":"progress"'):
                    await job.updateProgress(json.loads(line))
            code = await child.wait()
    except TimeoutError:
        child.kill()
        return {"end": {"kind": "timeout"}, "result": None, "errors": ""}
    finally:
        children.discard(child)
    if stop.is_set() and code != 0:
        return STOPPED
    errors = (folder / "errors").read_text().strip().split("\n")[-1]
    return {
        "end": {"kind": "exited", "code": code},
        "result": result.read_text() if result.exists() else None,
        "errors": errors,
    }


async def main():
    host, port = options.redis.rsplit(":", 1)
    connection = {"host": host, "port": int(port), "password": os.environ.get("REDIS_PASSWORD")}
    worker = Worker("arch-llm", train, {"connection": connection, "concurrency": options.parallel, "maxStalledCount": 10})
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await stop.wait()
    for child in children:
        child.terminate()
    # It takes nothing more, and waits until what runs has saved itself and is handed back.
    await worker.close()


asyncio.run(main())
