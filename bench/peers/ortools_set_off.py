"""Solves the largest set-off of a CSV of obligations with OR-Tools, checks the answer and prints one JSON object.

    ortools_set_off.py FILE --formulation circulation|routing

"circulation": as much as possible of each obligation is set off, cost -1 an arc, no supplies.
"routing": net positions are routed through the obligations, cost 1 an arc; what flows is what remains.

`seconds` is the call of `SimpleMinCostFlow.solve()`, which is C++ throughout; it includes the sorting of the arcs into OR-Tools'
own graph, which cannot be called apart. `cpu_seconds` is the processor's time in it. `build_seconds` is handing arcs and supplies over, in whole arrays.
"""

import argparse
import json
import sys
import time

import numpy as np
import pandas as pd
from ortools.graph.python import min_cost_flow


def memory(field):
    """A field of /proc/self/status, in bytes."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(field + ":"):
                return 1024 * int(line.split()[1])
    sys.exit(f"ortools: /proc/self/status has no {field}")


def restart_peak():
    """From here on the peak (VmHWM) counts from what is held now."""
    with open("/proc/self/clear_refs", "w") as clear:
        clear.write("5")


def read(path):
    """Debtors and creditors (numbered from 0), amounts, and the number of parties."""
    table = pd.read_csv(path, dtype={"debtor": str, "creditor": str, "amount": np.int64}, usecols=["debtor", "creditor", "amount"])
    numbers, names = pd.factorize(np.concatenate([table["debtor"].to_numpy(), table["creditor"].to_numpy()]))
    numbers = numbers.astype(np.int32)
    count = len(table)
    return numbers[:count].copy(), numbers[count:].copy(), table["amount"].to_numpy().copy(), len(names)


def net(debtors, creditors, amounts, parties):
    """What each party owes more than it is owed; exact, in 64-bit integers (the total is known to fit)."""
    positions = np.zeros(parties, dtype=np.int64)
    np.add.at(positions, debtors, amounts)
    np.subtract.at(positions, creditors, amounts)
    return positions


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--formulation", choices=["circulation", "routing"], default="circulation")
    options = parser.parse_args()
    routing = options.formulation == "routing"
    debtors, creditors, amounts, parties = read(options.file)
    total = sum(amounts.tolist())
    if total > np.iinfo(np.int64).max:
        sys.exit("ortools: the total does not fit 64 bits")

    restart_peak()
    loaded = memory("VmRSS")
    start = time.perf_counter()
    solver = min_cost_flow.SimpleMinCostFlow()
    costs = np.full(len(amounts), 1 if routing else -1, dtype=np.int64)
    arcs = solver.add_arcs_with_capacity_and_unit_cost(debtors, creditors, amounts, costs)
    if routing:
        solver.set_nodes_supplies(np.arange(parties, dtype=np.int32), net(debtors, creditors, amounts, parties))
    del costs
    build_seconds = time.perf_counter() - start

    start, processor = time.perf_counter(), time.process_time()
    status = solver.solve()
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - processor
    peak = memory("VmHWM")
    if status != solver.OPTIMAL:
        sys.exit(f"ortools: the solver found no optimum: {status}")

    # The answer is checked here and not believed.
    flows = solver.flows(arcs)
    set_off = amounts - flows if routing else flows
    if (set_off < 0).any() or (set_off > amounts).any():
        sys.exit("ortools: an obligation is set off beyond its amount")
    if net(debtors, creditors, set_off, parties).any():
        sys.exit("ortools: a net position changed")
    cleared = sum(set_off.tolist())
    print(json.dumps({
        "total": total, "cleared": cleared, "remaining": total - cleared, "parties": parties, "obligations": len(amounts),
        "seconds": round(seconds, 6), "cpu_seconds": round(cpu_seconds, 6), "build_seconds": round(build_seconds, 6),
        "memory_loaded_bytes": loaded, "memory_peak_bytes": peak,
    }))


if __name__ == "__main__":
    main()
