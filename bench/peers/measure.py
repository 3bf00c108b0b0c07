"""One run of one program on one core: its answer, its memory, and who else used the core."""

import json
import os
import subprocess
import threading
import time
from dataclasses import dataclass


class Failed(Exception):
    """A program gave no answer; the text says why."""


class TooSlow(Exception):
    """A program was stopped at the limit."""


@dataclass
class Run:
    answer: dict  # The JSON object that the program printed.
    peak_bytes: int  # Most memory that the whole process held (from after loading on, where the program tells).
    others: float  # Share of the core's time that went to others, while the program ran.


def busy_seconds(core):
    """Seconds that a core was neither idle nor waiting for a disk, since the machine started; what the host stole counts."""
    with open("/proc/stat") as stat:
        for line in stat:
            name, *ticks = line.split()
            if name == f"cpu{core}":
                user, nice, system, _idle, _wait, interrupt, soft, steal = map(int, ticks[:8])
                return (user + nice + system + interrupt + soft + steal) / os.sysconf("SC_CLK_TCK")
    raise Failed(f"/proc/stat has no core {core}")


def run(command, core, limit_seconds, directory):
    """Runs a program alone on `core` and reads the JSON object that it prints."""
    busy, start = busy_seconds(core), time.monotonic()
    with subprocess.Popen(
        command, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    ) as process:
        late = threading.Event()

        def stop():
            late.set()
            process.kill()

        limit = threading.Timer(limit_seconds, stop)
        limit.start()
        errors = []
        reader = threading.Thread(target=lambda: errors.append(process.stderr.read()))
        reader.start()
        output = process.stdout.read()
        reader.join()
        # wait4 and not wait: it tells what this one child used.
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        limit.cancel()
    if late.is_set():
        raise TooSlow(f"stopped after {limit_seconds:g} s")
    if process.returncode != 0:
        lines = errors[0].strip().splitlines()
        raise Failed(f"exit code {process.returncode}: {lines[-1] if lines else 'it says nothing'}")
    elapsed = time.monotonic() - start
    others = (busy_seconds(core) - busy - used.ru_utime - used.ru_stime) / elapsed
    try:
        answer = json.loads(output)
        missing = {"total", "cleared", "remaining", "seconds"} - answer.keys()
    except (ValueError, AttributeError) as error:
        raise Failed(f"printed something that is not a JSON object: {output[:200]!r}") from error
    if missing:
        raise Failed(f"did not print {', '.join(sorted(missing))}")
    # A program's own figure leaves out the check of its answer; without it, the kernel's for all its life.
    peak = answer.get("memory_peak_bytes", 1024 * used.ru_maxrss)
    return Run(answer, peak, min(max(others, 0.0), 1.0))  # The kernel counts whole ticks.
