"""Executes one notebook with the Deno kernel and tells what happens, an event a line.

    python execute_notebook.py NOTEBOOK RESULT

Reads NOTEBOOK, runs it in its own folder, and writes the executed notebook to
RESULT, whole or not at all, also when a cell fails. Events are JSON objects on
standard output:

    {"event": "start", "cells": 9}
    {"event": "cell", "number": 1}                     number among the code cells, from 1
    {"event": "stream", "name": "stdout", "text": "..."}
    {"event": "display", "id": "..." or null, "text": "..."}   text/plain of a display or result
    {"event": "update", "id": "...", "text": "..."}    text/plain of a display's new content
    {"event": "error", "cell": 3, "name": "...", "message": "...", "traceback": "..."}
    {"event": "end", "peak_memory_bytes": 123456 or null}

Ends with 0 after "end", with 1 after "error". Ends the kernel and itself when
its standard input is closed, which happens however its parent ends. However it
ends itself, the kernel ends too, with all that the kernel has started: see Guard.

Source: nbclient, https://nbclient.readthedocs.io; for the signal at the parent's
death, prctl(2).
"""

import asyncio
import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

FENCE = "application/x-archllm-fence"


# The kernel inherits standard output: what it writes there itself is no event. A copy is not
# inherited, and so ends when this program does.
events = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)


# Interrupt, termination and the end of the terminal, but for those that whoever started this
# wants ignored, as nohup does.
STOP_SIGNALS = [
    number
    for number in (getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP"))
    if number is not None and signal.getsignal(number) != signal.SIG_IGN
]

# So long the kernel may take to end when it is told to, in seconds.
PATIENCE = 10


class Guard:
    """Ends the kernel's process group when this process ends or closes the guard.

    A shell in a session of its own, which no signal to our process group or terminal
    reaches, waits for the end of a pipe that only this process holds. Windows has
    neither, and there the kernel is ended by this process alone.
    """

    SCRIPT = 'read group && ! read end && kill -s KILL -- "-$group"'

    def __init__(self):
        self.shell = None
        if os.name == "posix":
            self.shell = subprocess.Popen(
                ["sh", "-c", self.SCRIPT],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )

    def watch(self, group):
        if self.shell:
            self.shell.stdin.write(f"{group}\n".encode())
            self.shell.stdin.flush()

    def close(self):
        if self.shell:
            self.shell.stdin.close()
            self.shell.wait()


def die_with_parent():
    """What a new process calls so that Linux kills it when the process that started it ends.

    The guard is told of the kernel only after its start; this leaves no moment between.
    """
    if sys.platform != "linux":
        return {}
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl
    set_parent_death_signal = 1

    def prepare():
        prctl(set_parent_death_signal, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return {"preexec_fn": prepare}


def emit(event, **fields):
    print(json.dumps({"event": event, **fields}), file=events, flush=True)


class Client(NotebookClient):
    """Reports each message, and waits for all the output of a cell before the next.

    The Deno kernel announces "idle" before its last outputs have left, and labels
    those with whatever request comes next. So after "idle" a hidden request sends
    a marker down the same channel: all that comes before the marker belongs to
    the cell.
    """

    number = 0
    stopped = False

    async def async_start_new_kernel(self, **options):
        # nbclient's own handlers, set by now, let the run go on without a kernel.
        on_stop(self.stop)
        await super().async_start_new_kernel(**options, **die_with_parent())
        self.guard.watch(self.km.provisioner.pgid)

    def stop(self):
        # Once: another time would cut short what ends the kernel.
        if not self.stopped:
            self.stopped = True
            self.shutdown_kernel = "immediate"
            self.task.cancel()

    async def _async_poll_output_msg(self, parent_msg_id, cell, cell_index):
        token = None
        while True:
            message = await self.kc.iopub_channel.get_msg(timeout=None)
            kind, content = message["msg_type"], message["content"]
            if kind == "status":
                ours = message["parent_header"].get("msg_id") == parent_msg_id
                if ours and content["execution_state"] == "idle" and not token:
                    token = uuid.uuid4().hex
                    self.kc.execute(
                        'await Deno.jupyter.broadcast("display_data", { data: { '
                        f'"{FENCE}": "{token}" }}, metadata: {{}}, transient: {{}} }});',
                        store_history=False,
                    )
            elif FENCE in content.get("data", {}):
                if content["data"][FENCE] == token:
                    return
            elif kind != "execute_input":
                self.process_message(message, cell, cell_index)

    def process_message(self, message, cell, cell_index):
        kind, content = message["msg_type"], message["content"]
        text = content.get("data", {}).get("text/plain")
        display_id = (content.get("transient") or {}).get("display_id")
        if kind == "stream":
            emit("stream", name=content["name"], text=content["text"])
        elif kind in ("display_data", "execute_result") and text:
            emit("display", id=display_id, text=text)
        elif kind == "update_display_data" and text:
            emit("update", id=display_id, text=text)
        if kind == "execute_result":
            # The kernel counts the hidden requests too.
            content["execution_count"] = self.number
        return super().process_message(message, cell, cell_index)

    async def async_execute_cell(self, cell, cell_index, **options):
        if cell.cell_type == "code" and cell.source.strip():
            self.number += 1
            emit("cell", number=self.number)
        return await super().async_execute_cell(cell, cell_index, **options)


def on_stop(stop):
    """Calls `stop` on a signal that asks for it; Windows has no such handlers."""
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:
            pass


def join_streams(notebook):
    """Joins what was printed in a row: the kernel sends it line by line."""
    for cell in notebook.cells:
        outputs = []
        for output in cell.get("outputs", []):
            last = outputs[-1] if outputs else {}
            if output.output_type == "stream" and last.get("name") == output.name:
                last.text += output.text
            else:
                outputs.append(output)
        if cell.cell_type == "code":
            cell.outputs = outputs


def save(notebook, path):
    join_streams(notebook)
    temporary = f"{path}.{os.getpid()}.tmp"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            nbformat.write(notebook, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise


def peak_memory():
    """Most memory that the kernel held, in bytes; None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


async def run(source, result):
    notebook = nbformat.read(source, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    cells = sum(c.cell_type == "code" and c.source.strip() != "" for c in notebook.cells)
    emit("start", cells=cells)
    client = Client(
        notebook,
        kernel_name="deno",
        timeout=None,
        startup_timeout=180,
        iopub_timeout=60,
        record_timing=False,
        resources={"metadata": {"path": os.path.dirname(os.path.abspath(source))}},
    )
    client.task = asyncio.current_task()
    client.guard = Guard()
    loop = asyncio.get_running_loop()

    def watch_parent():
        while os.read(0, 1024):
            pass
        loop.call_soon_threadsafe(client.stop)
        time.sleep(PATIENCE)
        os._exit(1)  # with the guard's pipe, and so the kernel

    threading.Thread(target=watch_parent, daemon=True).start()
    try:
        try:
            await client.async_execute()
        finally:
            client.guard.close()
    except CellExecutionError as error:
        # All that the kernel says of code that it cannot parse.
        unparsed = error.evalue == "Execution failed"
        emit(
            "error",
            cell=client.number,
            name=error.ename,
            message="the code must parse; `deno task check` says where it does not"
            if unparsed
            else error.evalue,
            traceback=error.traceback,
        )
        return 1
    except (DeadKernelError, asyncio.CancelledError, RuntimeError) as error:
        emit(
            "error",
            cell=client.number,
            name=type(error).__name__,
            message="the kernel ended: out of memory, a crash, or stopped from outside",
            traceback=repr(error),
        )
        return 1
    finally:
        try:
            save(notebook, result)
        except OSError as error:
            sys.exit(f"the executed notebook {result} must be writable: {error.strerror}")
    emit("end", peak_memory_bytes=peak_memory())
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(run(*sys.argv[1:])))
