"""W2: the inner loop as TorchScript, with the gradient of the surface by hand."""

import math

import torch

PAIRS, SIGMA, HORIZON, STEPS = 500, 0.1, 100, 10
RATE, BETA1, BETA2, EPS = 1e-2, 0.99, 0.999, 1e-8


@torch.jit.script
def window(x0: torch.Tensor, x1: torch.Tensor, start: torch.Tensor, end: torch.Tensor, t: int):
    loss = torch.zeros_like(x0)
    for k in range(10):
        progress = (t + k) / 100.0
        rate = start * (1.0 - progress) + end * progress
        wave = torch.sin(x1)
        bell = torch.exp(-5.0 * x0 * x0)
        d0 = x0 / torch.sqrt(x0 * x0 + 5.0) - 10.0 * x0 * wave * wave * bell
        d1 = 2.0 * wave * torch.cos(x1) * bell + 0.25 * torch.sign(x1 - 100.0)
        x0 = x0 - rate * d0
        x1 = x1 - rate * d1
        wave = torch.sin(x1)
        bowl = torch.sqrt(x0 * x0 + 5.0) - 2.23606797749979
        loss = loss + bowl + wave * wave * torch.exp(-5.0 * x0 * x0) + 0.25 * torch.abs(x1 - 100.0)
    return x0, x1, loss


def forms(workload):
    state = {}

    def restart():
        state.update(
            theta=torch.full((2,), math.log(0.01)), first=torch.zeros(2), second=torch.zeros(2), step=0
        )

    def reset():
        state.update(xi=torch.zeros(2, PAIRS), x0=torch.ones(2 * PAIRS), x1=torch.ones(2 * PAIRS))

    def run(updates):
        for _ in range(updates):
            if state["step"] == workload["restartEvery"]:
                restart()
            t = state["step"] * STEPS % HORIZON
            if t == 0:
                reset()
            theta, xi, first, second = state["theta"], state["xi"], state["first"], state["second"]
            eps = torch.randn(2, PAIRS).mul_(SIGMA)
            xi += eps
            centre = theta[:, None]
            rates = torch.exp(torch.cat((centre + eps, centre - eps), 1))
            x0, x1, loss = window(state["x0"], state["x1"], rates[0], rates[1], t)
            difference = (loss[:PAIRS] - loss[PAIRS:]) / (2 * PAIRS * SIGMA**2)
            gradient = xi @ difference
            state["step"] += 1
            first.mul_(BETA1).add_(gradient, alpha=1 - BETA1)
            second.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
            scale = (second / (1 - BETA2 ** state["step"])).sqrt_().add_(EPS)
            theta.addcdiv_(first, scale, value=-RATE / (1 - BETA1 ** state["step"]))
            state["x0"], state["x1"] = x0, x1

    restart()
    run.state = state
    return {"jit.script": run}
