"""W12: annealed importance sampling of a thousand chains; gradients by autograd, by hand (normal q), as TorchScript."""

import math

import torch

CHAINS, LEVELS, LEAPFROG, STEP = 1000, 10, 5, 0.3
VARIANCE = 0.3
LINE = (-5.0, 0.0, 5.0)


def centres():
    return torch.tensor([[a, b] for a in LINE for b in LINE])


LEVEL_P = -math.log(2 * math.pi * VARIANCE) - math.log(9.0)
LEVEL_Q = -math.log(2 * math.pi)


@torch.jit.script
def by_hand(x: torch.Tensor, means: torch.Tensor, level_p: float, level_q: float):
    """log q, log p and their gradients at x [n, 2]."""
    gaps = x[:, None] - means
    each = (gaps * gaps).sum(2) * (-0.5 / 0.3)
    log_p = torch.logsumexp(each, 1)
    shares = torch.exp(each - log_p[:, None])
    grad_p = (shares[:, :, None] * gaps).sum(1) * (-1.0 / 0.3)
    return (x * x).sum(1) * -0.5 + level_q, log_p + level_p, -x, grad_p


@torch.jit.script
def scripted(x: torch.Tensor, means: torch.Tensor, level_p: float, level_q: float):
    log_q, log_p, grad_q, grad_p = by_hand(x, means, level_p, level_q)
    log_w = (log_p - log_q) * (2.0 / 11.0)
    for level in range(1, 11):
        beta = level / 11.0
        q, p = 1.0 - 2.0 * beta, 2.0 * beta
        momentum = torch.randn_like(x)
        y, lq, lp, gq, gp, m = x, log_q, log_p, grad_q, grad_p, momentum
        for _ in range(5):
            m = m + 0.15 * torch.clamp(torch.nan_to_num(q * gq + p * gp), -1e3, 1e3)
            y = y + 0.3 * m
            lq, lp, gq, gp = by_hand(y, means, level_p, level_q)
            m = m + 0.15 * torch.clamp(torch.nan_to_num(q * gq + p * gp), -1e3, 1e3)
        ratio = q * lq + p * lp - 0.5 * (m * m).sum(1) - q * log_q - p * log_p + 0.5 * (momentum * momentum).sum(1)
        taken = (ratio > torch.log(torch.rand(x.shape[0]))) & torch.isfinite(lq + lp) & torch.isfinite(y).all(1)
        column = taken[:, None]
        x, log_q, log_p = torch.where(column, y, x), torch.where(taken, lq, log_q), torch.where(taken, lp, log_p)
        grad_q, grad_p = torch.where(column, gq, grad_q), torch.where(column, gp, grad_p)
        log_w = log_w + (log_p - log_q) * (2.0 / 11.0)
    return x, log_w


class Flow(torch.nn.Module):
    """Eight couplings on a normal base, scale 0.1 + 9.9 sigmoid."""

    def __init__(self, hidden):
        super().__init__()
        self.nets = torch.nn.ModuleList(
            torch.nn.Sequential(
                torch.nn.Linear(1, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, 2)
            )
            for _ in range(8)
        )
        for net in self.nets:
            torch.nn.init.zeros_(net[4].weight)
            torch.nn.init.zeros_(net[4].bias)
            for parameter in net.parameters():
                parameter.requires_grad_(False)

    def scale(self, raw):
        return 0.1 + 9.9 * torch.sigmoid(raw - math.log(10.0))

    def sample(self, z):
        log_q = (z * z).sum(1) * -0.5 + LEVEL_Q
        for i, net in enumerate(self.nets):
            a, b = (z[:, :1], z[:, 1:]) if i % 2 == 0 else (z[:, 1:], z[:, :1])
            out = net(a)
            scale = self.scale(out[:, 1:])
            b = b * scale + out[:, :1]
            log_q = log_q - torch.log(scale).sum(1)
            z = torch.cat((a, b) if i % 2 == 0 else (b, a), 1)
        return z, log_q

    def log_prob(self, x):
        log_q = torch.zeros(x.shape[0])
        for i, net in reversed(list(enumerate(self.nets))):
            a, b = (x[:, :1], x[:, 1:]) if i % 2 == 0 else (x[:, 1:], x[:, :1])
            out = net(a)
            scale = self.scale(out[:, 1:])
            b = (b - out[:, :1]) / scale
            log_q = log_q - torch.log(scale).sum(1)
            x = torch.cat((a, b) if i % 2 == 0 else (b, a), 1)
        return log_q + (x * x).sum(1) * -0.5 + LEVEL_Q


def chains(x, log_q_of, means):
    def at(y):
        y = y.detach().requires_grad_()
        log_q = log_q_of(y)
        gaps = y[:, None] - means
        log_p = torch.logsumexp((gaps * gaps).sum(2) * (-0.5 / VARIANCE), 1) + LEVEL_P
        (grad_q,) = torch.autograd.grad(log_q.sum(), y)
        (grad_p,) = torch.autograd.grad(log_p.sum(), y)
        return y.detach(), log_q.detach(), log_p.detach(), grad_q, grad_p

    x, log_q, log_p, grad_q, grad_p = at(x)
    log_w = (log_p - log_q) * (2 / (LEVELS + 1))
    for level in range(1, LEVELS + 1):
        beta = level / (LEVELS + 1)
        q, p = 1 - 2 * beta, 2 * beta
        momentum = torch.randn_like(x)
        y, lq, lp, gq, gp, m = x, log_q, log_p, grad_q, grad_p, momentum
        for _ in range(LEAPFROG):
            m = m + STEP / 2 * torch.clamp(torch.nan_to_num(q * gq + p * gp), -1e3, 1e3)
            y, lq, lp, gq, gp = at(y + STEP * m)
            m = m + STEP / 2 * torch.clamp(torch.nan_to_num(q * gq + p * gp), -1e3, 1e3)
        ratio = q * lq + p * lp - 0.5 * (m * m).sum(1) - q * log_q - p * log_p + 0.5 * (momentum * momentum).sum(1)
        taken = (ratio > torch.log(torch.rand(CHAINS))) & torch.isfinite(lq + lp) & torch.isfinite(y).all(1)
        column = taken[:, None]
        x, log_q, log_p = torch.where(column, y, x), torch.where(taken, lq, log_q), torch.where(taken, lp, log_p)
        grad_q, grad_p = torch.where(column, gq, grad_q), torch.where(column, gp, grad_p)
        log_w = log_w + (log_p - log_q) * (2 / (LEVELS + 1))
    return x, log_w


def forms(workload):
    means = centres()
    if workload["hidden"] > 0:
        flow = Flow(workload["hidden"])

        def by_flow(updates):
            for _ in range(updates):
                with torch.no_grad():
                    x, _ = flow.sample(torch.randn(CHAINS, 2))
                chains(x, flow.log_prob, means)

        return {"eager": by_flow}

    def script(updates):
        with torch.no_grad():
            for _ in range(updates):
                scripted(torch.randn(CHAINS, 2), means, LEVEL_P, LEVEL_Q)

    def eager(updates):
        for _ in range(updates):
            chains(torch.randn(CHAINS, 2), lambda x: (x * x).sum(1) * -0.5 + LEVEL_Q, means)

    return {"jit.script, gradients by hand": script, "eager": eager}
