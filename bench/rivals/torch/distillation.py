"""W6 by autograd: one inner step on ten images, then the outer gradient through it or by a Neumann series."""

import math

import torch
import torch.nn.functional as F

FEATURES, EXAMPLES, CLASSES, BATCH = 196, 5000, 10, 128
TERMS, ALPHA, INNER_RATE, RATE = 20, 0.1, 0.02, 0.02


def forms(workload):
    return {"autograd": make(workload)}


def network(weights, x):
    w1, b1, w2, b2 = weights
    return torch.addmm(b2, torch.relu(torch.addmm(b1, x, w1)), w2)


def make(workload):
    hidden = workload["hidden"]
    inputs = torch.randn(EXAMPLES, FEATURES)
    labels = torch.randint(0, CLASSES, (EXAMPLES,))
    taught = torch.arange(CLASSES)
    unrolled = workload["hypergradient"] == "unroll"

    def start():
        images = (0.5 * torch.randn(CLASSES, FEATURES)).requires_grad_()
        weights = [
            torch.randn(FEATURES, hidden) * math.sqrt(2 / FEATURES),
            torch.zeros(hidden),
            torch.randn(hidden, CLASSES) / math.sqrt(hidden),
            torch.zeros(CLASSES),
        ]
        return images, weights, torch.optim.Adam([images], lr=RATE)

    state = {"step": 0, "parts": start()}

    def step():
        images, weights, optimizer = state["parts"]
        rows = torch.randint(0, EXAMPLES, (BATCH,))
        x, y = inputs[rows], labels[rows]
        weights = [w.detach().requires_grad_() for w in weights]
        slope = torch.autograd.grad(
            F.cross_entropy(network(weights, images), taught), weights, create_graph=unrolled
        )
        moved = [w - INNER_RATE * g for w, g in zip(weights, slope)]
        if unrolled:
            (gradient,) = torch.autograd.grad(F.cross_entropy(network(moved, x), y), images)
        else:
            moved = [w.detach().requires_grad_() for w in moved]
            v = torch.autograd.grad(F.cross_entropy(network(moved, x), y), moved)
            slope = torch.autograd.grad(
                F.cross_entropy(network(moved, images), taught), moved, create_graph=True
            )
            term, total = v, v
            for _ in range(TERMS - 1):
                image = torch.autograd.grad(slope, moved, grad_outputs=term, retain_graph=True)
                term = [t - ALPHA * h for t, h in zip(term, image)]
                total = [s + t for s, t in zip(total, term)]
            q = [ALPHA * s for s in total]
            (mixed,) = torch.autograd.grad(slope, images, grad_outputs=q)
            gradient = -mixed
        images.grad = gradient
        optimizer.step()
        state["parts"] = images, [w.detach() for w in moved], optimizer
        state["step"] += 1

    def run(updates):
        for _ in range(updates):
            if state["step"] == workload["restartEvery"]:
                state["step"], state["parts"] = 0, start()
            step()

    return run
