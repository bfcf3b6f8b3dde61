"""W10: a hundred masked steps of a thousand CartPoles, vectorised: the loop in Python, as TorchScript, and in NumPy."""

import math

import numpy as np
import torch

EPISODES, STEPS, HIDDEN = 1000, 100, 64


@torch.jit.script
def script(x: torch.Tensor, inner: torch.Tensor, bias: torch.Tensor, outer: torch.Tensor):
    alive = torch.ones(x.shape[0], dtype=torch.bool)
    total = torch.zeros(x.shape[0], dtype=torch.float64)
    for t in range(100):
        force = torch.where(torch.tanh(torch.addmm(bias, x, inner)) @ outer > 0, 10.0, -10.0)
        p, v, a, w = x.unbind(1)
        cos, sin = torch.cos(a), torch.sin(a)
        b = (force + 0.05 * w * w * sin) / 1.1
        turned = (9.8 * sin - cos * b) / (0.5 * (4.0 / 3.0 - 0.1 * cos * cos / 1.1))
        moved = b - 0.05 * turned * cos / 1.1
        y = x + 0.02 * torch.stack([v, moved, w, turned], 1)
        x = torch.where(alive[:, None], y, x)
        total += alive
        alive = alive & (x[:, 0].abs() <= 2.4) & (x[:, 2].abs() <= 0.20943951023931953)
    return total


def eager(x, inner, bias, outer):
    alive = torch.ones(EPISODES, dtype=torch.bool)
    total = torch.zeros(EPISODES, dtype=torch.float64)
    limit = 24 * math.pi / 360
    for _ in range(STEPS):
        force = torch.where(torch.tanh(torch.addmm(bias, x, inner)) @ outer > 0, 10.0, -10.0)
        _p, v, a, w = x.unbind(1)
        cos, sin = torch.cos(a), torch.sin(a)
        b = (force + 0.05 * w * w * sin) / 1.1
        turned = (9.8 * sin - cos * b) / (0.5 * (4 / 3 - 0.1 * cos * cos / 1.1))
        moved = b - 0.05 * turned * cos / 1.1
        x = torch.where(alive[:, None], x + 0.02 * torch.stack([v, moved, w, turned], 1), x)
        total += alive
        alive = alive & (x[:, 0].abs() <= 2.4) & (x[:, 2].abs() <= limit)
    return total


def vectorised(x, inner, bias, outer):
    """In columns, which NumPy computes fastest."""
    p, v, a, w = (np.ascontiguousarray(column) for column in x.T)
    alive = np.ones(EPISODES, dtype=bool)
    total = np.zeros(EPISODES)
    ten, limit = np.float32(10), np.float32(24 * math.pi / 360)
    f = np.float32
    for _ in range(STEPS):
        units = np.tanh(np.stack((p, v, a, w), 1) @ inner + bias)
        force = np.where(units @ outer > 0, ten, -ten)
        cos, sin = np.cos(a), np.sin(a)
        b = (force + f(0.05) * w * w * sin) / f(1.1)
        turned = (f(9.8) * sin - cos * b) / (f(0.5) * (f(4 / 3) - f(0.1) * cos * cos / f(1.1)))
        moved = b - f(0.05) * turned * cos / f(1.1)
        step = np.where(alive, f(0.02), f(0))
        p, v, a, w = p + step * v, v + step * moved, a + step * w, w + step * turned
        total += alive
        alive &= (np.abs(p) <= f(2.4)) & (np.abs(a) <= limit)
    return total


def forms(_workload):
    weights = torch.randn(4, HIDDEN), torch.randn(HIDDEN), torch.randn(HIDDEN)
    arrays = [weight.numpy() for weight in weights]
    generator = np.random.default_rng(0)

    def by_torch(play):
        def run(updates):
            for _ in range(updates):
                play((torch.rand(EPISODES, 4) - 0.5) / 10, *weights)

        return run

    def by_numpy(updates):
        for _ in range(updates):
            vectorised((generator.random((EPISODES, 4), dtype=np.float32) - np.float32(0.5)) / np.float32(10), *arrays)

    return {"jit.script": by_torch(script), "eager": by_torch(eager), "numpy": by_numpy}
