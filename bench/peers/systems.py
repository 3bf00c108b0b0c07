"""The solvers that are compared: how each is made ready, and the command that solves a file with it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from measure import Failed

HERE = Path(__file__).resolve().parent
WORKSPACE = HERE.parent.parent


class Unavailable(Exception):
    """A solver cannot be used here; the text says why."""


@dataclass(frozen=True)
class System:
    name: str  # As `--only` takes it.
    options: tuple  # The variant: options of the program.
    chosen: bool  # The fastest variant of this solver; the others run with `--all-variants`.

    @property
    def variant(self):
        """The values of the options, without the algorithm, which the name tells."""
        return " ".join(value for option, value in zip(self.options[::2], self.options[1::2]) if option != "--algorithm")

    @property
    def label(self):
        return f"{self.name} {self.variant}".strip()


# Which variant is the fastest was measured at 10^5 and 10^6 obligations; README.md has the figures.
SYSTEMS = [
    System("comity", (), True),
    *(
        System(f"lemon-{algorithm}", ("--algorithm", algorithm, "--formulation", formulation, "--graph", graph), (formulation, graph) == best)
        for algorithm, best in [("cost-scaling", ("circulation", "static")), ("network-simplex", ("routing", "static"))]
        for formulation in ("circulation", "routing")
        for graph in ("static", "smart")
    ),
    *(System("ortools", ("--formulation", formulation), formulation == "circulation") for formulation in ("circulation", "routing")),
]
NAMES = list(dict.fromkeys(system.name for system in SYSTEMS))


def _call(command, **options):
    """Runs a command that prepares something; its output is shown only if it fails."""
    print("$ " + " ".join(map(str, command)), file=sys.stderr)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise Unavailable(f"`{' '.join(map(str, command[:4]))} ...` failed: {lines[-1] if lines else f'exit code {done.returncode}'}")
    return done.stdout


def _compile(source, program, *options):
    """Compiles a C++ program, unless it is newer than its source."""
    source, program = HERE / source, Path(program)
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        _call([os.environ.get("CXX", "g++"), *options, "-o", program, source])
    return program


def generator(scratch):
    """The program that writes networks."""
    return _compile("generate.cpp", scratch / "generate", "-std=c++20", "-O2", "-ffp-contract=off")


def _prepare_lemon(scratch):
    if not Path("/usr/include/lemon/cost_scaling.h").exists():
        if os.geteuid() != 0:
            raise Unavailable("LEMON is missing: apt-get install liblemon-dev")
        _call(["apt-get", "install", "-y", "liblemon-dev"])
    program = _compile("lemon_set_off.cpp", scratch / "lemon_set_off", "-std=c++17", "-O3", "-march=native", "-DNDEBUG")
    try:
        version = _call(["dpkg-query", "-W", "-f", "${Version}", "liblemon-dev"])
    except (Unavailable, FileNotFoundError):
        version = "unknown"
    return [program], f"LEMON {version}"


def _prepare_ortools(scratch):
    python, requirements = scratch / "venv/bin/python", HERE / "requirements.txt"
    installed = scratch / "venv/requirements.txt"
    if not installed.exists() or installed.read_text() != requirements.read_text():
        _call([sys.executable, "-m", "venv", scratch / "venv"])
        _call([python, "-m", "pip", "install", "--quiet", "--requirement", requirements])
        installed.write_text(requirements.read_text())
    version = _call([python, "-c", "import ortools; print(ortools.__version__)"]).strip()
    return [python, HERE / "ortools_set_off.py"], f"OR-Tools {version}"


def _prepare_comity(given):
    program = given
    if program is None:
        built = _call(["cargo", "build", "--release", "-p", "comity", "--message-format", "json"], cwd=WORKSPACE)
        targets = (json.loads(line) for line in built.splitlines() if line.startswith("{"))
        programs = [target["executable"] for target in targets if target.get("executable")]
        if not programs:
            raise Unavailable("not built: cargo names no program")
        program = programs[-1]
    if subprocess.run([program, "clear", "--help"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL).returncode != 0:
        raise Unavailable(f"not built: {program} has no command `clear`")
    return [program], _call([program, "--version"]).strip()


class Installed:
    """What is ready to run; each program is prepared once."""

    def __init__(self, scratch, comity):
        self._scratch = scratch
        self._comity = comity
        self._ready = {}
        self.versions = {}

    def _prepare(self, name):
        try:
            if name == "comity":
                return _prepare_comity(self._comity)
            return _prepare_lemon(self._scratch) if name == "lemon" else _prepare_ortools(self._scratch)
        except (Unavailable, OSError) as error:
            return error

    def _program(self, system):
        name = system.name.split("-")[0]
        if name not in self._ready:
            self._ready[name] = self._prepare(name)
        ready = self._ready[name]
        if isinstance(ready, Exception):
            raise Unavailable(str(ready))
        program, self.versions[name] = ready
        return program

    def command(self, system, file):
        """The command that solves `file` and prints its answer, or `Unavailable`."""
        program = self._program(system)
        if system.name == "comity":
            return [*program, "clear", "--output", "json", "--notices", self._scratch / "notices.csv", "--certificate", self._scratch / "certificate", file]
        return [*program, file, *system.options]

    def check(self, system, file, answer):
        """Has the certificate checked, where there is one, by the program's own short checker."""
        if system.name != "comity":
            return
        certificate = answer.get("certificate")
        if not certificate:
            raise Failed("wrote no certificate")
        checked = subprocess.run([*self._program(system), "clear", "--check", self._scratch / certificate, file], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if checked.returncode != 0:
            raise Failed(f"its certificate was refused: {(checked.stderr or checked.stdout).strip()}")
