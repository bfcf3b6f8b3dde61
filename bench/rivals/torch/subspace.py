"""W6: LISSA's step on a table of features; both estimates side by side, the recursion as TorchScript."""

import torch

ROWS, COLUMNS, D, SAMPLES, KAPPA = 784, 1000, 16, 128, 1.9
RATE, BETA1, BETA2, EPS = 5e-3, 0.9, 0.999, 1e-8


@torch.jit.script
def lissa(features: torch.Tensor, start: torch.Tensor, scale: float):
    """Features [J, 2, d], start κ' b [2, d]."""
    v = start
    for j in range(features.shape[0]):
        phi = features[j]
        v = start + v - phi * (scale * (phi * v).sum(1, keepdim=True))
    return v


def forms(workload):
    psi = torch.randn(ROWS, COLUMNS)
    state = {}

    def restart():
        state.update(
            phi=torch.randn(ROWS, D), first=torch.zeros(ROWS, D), second=torch.zeros(ROWS, D), step=0
        )

    def run(updates):
        for _ in range(updates):
            if state["step"] == workload["restartEvery"]:
                restart()
            phi, first, second = state["phi"], state["first"], state["second"]
            rows = torch.randint(0, ROWS, (SAMPLES,))
            column = psi[:, int(torch.randint(0, COLUMNS, (1,)))]
            sampled = phi[torch.randint(0, ROWS, (SAMPLES, 2))]
            at = torch.randint(0, ROWS, (2, SAMPLES))
            b = (phi[at] * column[at][:, :, None]).mean(1)
            scale = KAPPA / float((phi * phi).sum(1).max())
            weights = lissa(sampled, b * scale, scale)
            errors = phi[rows] @ weights[0] - column[rows]
            gradient = torch.zeros_like(phi)
            gradient[rows] = errors[:, None] * weights[1]
            state["step"] += 1
            first.mul_(BETA1).add_(gradient, alpha=1 - BETA1)
            second.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
            size = (second / (1 - BETA2 ** state["step"])).sqrt_().add_(EPS)
            phi.addcdiv_(first, size, value=-RATE / (1 - BETA1 ** state["step"]))

    restart()
    run.state = state
    return {"jit.script": run}
