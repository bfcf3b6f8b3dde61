"""PyTorch as a contestant: `contestant.py <workload as JSON> <threads>`. Same protocol as contestant.ts."""

import importlib
import json
import sys
import time

import torch

CALLS_PER_CHUNK = 4
MODULES = {
    "influence": "influence",
    "toy": "toy",
    "mlp": "mlp",
    "learnedOptimizer": "learned_optimizer",
    "lstm": "lstm",
    "distillation": "distillation",
    "subspace": "subspace",
    "evidence": "evidence",
    "design": "design",
    "cartPole": "cart_pole",
    "sixo": "sixo",
    "quantum": "quantum",
    "annealing": "annealing",
    "filtering": "filtering",
}

# Without automatic derivatives torch keeps no record of what it computes; these workloads want one.
WITH_GRADIENTS = {"lstm", "distillation", "evidence", "design", "sixo", "annealing", "filtering"}


def answer(message):
    print(json.dumps(message), flush=True)


def main(workload):
    torch.set_num_threads(int(sys.argv[2]))
    torch.manual_seed(0)
    module = importlib.import_module(MODULES[workload["kind"]])
    started = time.perf_counter()
    # By form: a function that does that many outer updates.
    forms = module.forms(workload)
    next(iter(forms.values()))(1)
    first_call = (time.perf_counter() - started) * 1000
    answer({"ready": True, "forms": list(forms), "firstCallMs": first_call})
    per_call = dict.fromkeys(forms, 1)
    for line in sys.stdin:
        request = json.loads(line)
        form, seconds = request["form"], request["seconds"]
        cpu, start = time.process_time(), time.perf_counter()
        updates, elapsed = 0, 0.0
        while elapsed < seconds:
            call = time.perf_counter()
            forms[form](per_call[form])
            updates += per_call[form]
            now = time.perf_counter()
            elapsed = now - start
            share = (now - call) / seconds * CALLS_PER_CHUNK
            if share < 0.5:
                per_call[form] *= 2
            elif share > 2 and per_call[form] > 1:
                per_call[form] //= 2
        answer(
            {
                "units": updates * workload["unitsPerUpdate"],
                "seconds": elapsed,
                "cpuSeconds": time.process_time() - cpu,
            }
        )


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    with torch.inference_mode(mode=given["kind"] not in WITH_GRADIENTS):
        main(given)
