"""Runs cells in the Deno kernel and presses the stop button in the one that says so.

Standard input: a JSON list of [code, seconds after which to stop it or null]. Prints what each
cell wrote, a JSON line each.
"""

import json
import sys
import time

from jupyter_client.manager import KernelManager

manager = KernelManager(kernel_name="deno")
manager.start_kernel(cwd=sys.argv[1])
try:
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    for code, stop in json.load(sys.stdin):
        cell = client.execute(code)
        if stop is not None:
            time.sleep(stop)
            manager.interrupt_kernel()
        written = []
        while True:
            message = client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_id") != cell:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                written.append(content["text"])
            elif kind == "error":
                written.append(content["evalue"])
            elif kind == "status" and content["execution_state"] == "idle":
                break
        print(json.dumps("".join(written)), flush=True)
finally:
    manager.shutdown_kernel(now=True)
