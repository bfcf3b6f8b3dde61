"""W1: particles are columns; the matrix is dense (addmm), or known and written as a shift by hand."""

import torch

PAIRS, SIGMA, RATE, SIZE = 1000, 0.1, 1e-4, 23


def forms(workload):
    matrix = 0.5 * (torch.eye(SIZE) + torch.diag(torch.ones(SIZE - 1), 1))
    signs = torch.ones(SIZE, 1)
    signs[10:] = -1
    dense = make(lambda s, theta: torch.addmm(signs * theta, matrix, s), workload)
    if workload["matrix"] != "constant":
        return {"addmm": dense}

    def shifted(s, theta):
        drive = signs * theta
        drive.add_(s, alpha=0.5)
        drive[:-1].add_(s[1:], alpha=0.5)
        return drive

    return {"shift": make(shifted, workload), "addmm": dense}


def make(advance, workload):
    state = {}

    def restart():
        state.update(theta=torch.tensor(0.5), xi=torch.zeros(PAIRS), s=torch.ones(SIZE, 2 * PAIRS), step=0)

    def run(updates):
        for _ in range(updates):
            if state["step"] == workload["restartEvery"]:
                restart()
            theta, xi = state["theta"], state["xi"]
            eps = torch.randn(PAIRS).mul_(SIGMA)
            xi += eps
            s = advance(state["s"], torch.cat((theta + eps, theta - eps)))
            loss = (s[0] - 1).square_()
            # Half of the difference of squares, over 2 N sigma squared.
            gradient = torch.dot(xi, loss[:PAIRS] - loss[PAIRS:])
            theta.sub_(gradient, alpha=RATE / (4 * SIGMA**2 * PAIRS))
            state["s"] = s
            state["step"] += 1

    restart()
    return run
