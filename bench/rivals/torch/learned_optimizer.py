"""W4: gradient of the small network by hand, all products batched over particles; time features in the first bias."""

import torch
from outer import Outer, batches, cross_entropy, he_normal

PARTICLES, STEPS, HORIZON, OWN = 16, 20, 100, 8
SHAPES = [(64, 32), (1, 32), (32, 10), (1, 10)]
SIZES = [rows * columns for rows, columns in SHAPES]
BETAS = torch.tensor([0.1, 0.5, 0.9, 0.99, 0.999, 0.9999]).view(1, 6, 1)
TIMES = torch.tensor([1, 3, 10, 30, 100, 300, 1e3, 3e3, 1e4, 3e4, 1e5])


def forms(workload):
    hidden = workload["hidden"]
    rule_shapes = [(19, hidden), (1, hidden), (hidden, hidden), (1, hidden), (hidden, 2), (1, 2)]
    theta = torch.cat([he_normal(*s).flatten() if s[0] > 1 else torch.zeros(s[1]) for s in rule_shapes])
    outer = Outer(theta, PARTICLES // 2, sigma=0.01, rate=1e-3)
    inputs, targets = batches(64)
    start = torch.cat([he_normal(*s).flatten() if s[0] > 1 else torch.zeros(s[1]) for s in SHAPES])
    state = {}

    def reset():
        state["p"] = start.repeat(PARTICLES, 1)
        # Gradient, value and six momenta of each parameter.
        state["features"] = torch.zeros(PARTICLES, OWN, start.numel())

    def run(updates):
        for _ in range(updates):
            if outer.step == workload["restartEvery"]:
                outer.restart()
            first = outer.step * STEPS % HORIZON
            if first == 0:
                reset()
                outer.reset()
            rule = split(outer.draw(), rule_shapes)
            total = torch.zeros(PARTICLES)
            for t in range(first, first + STEPS):
                total += step(state, rule, inputs[t % 32], targets[t % 32], t)
            outer.update(total)

    run.outer = outer
    return {"bmm": run}


def split(flat, shapes):
    parts = flat.split([rows * columns for rows, columns in shapes], 1)
    return [part.view(-1, *shape) for part, shape in zip(parts, shapes)]


def step(state, rule, x, targets, t):
    p, features = state["p"], state["features"]
    loss = gradient_into(features[:, 0], p, x, targets)
    features[:, 1] = p
    features[:, 2:].lerp_(features[:, :1], 1 - BETAS)
    scaled = torch.empty_like(features)
    for part, out in zip(features.split(SIZES, 2), scaled.split(SIZES, 2)):
        torch.mul(part, part.square().mean(2, keepdim=True).add_(1e-5).rsqrt_(), out=out)
    w1, b1, w2, b2, w3, b3 = rule
    bias = b1 + (torch.tanh(t / TIMES - 1) @ w1[:, OWN:])[:, None]
    hidden = torch.baddbmm(bias, scaled.transpose(1, 2), w1[:, :OWN]).relu_()
    hidden = torch.baddbmm(b2, hidden, w2).relu_()
    out = torch.baddbmm(b3, hidden, w3)
    p.addcmul_(out[..., 0], torch.exp(out[..., 1] * 1e-3), value=-1e-3)
    return loss


def gradient_into(out, p, x, targets):
    """Writes the gradient of all parameters, [particles, numbers]; returns the losses."""
    w1, b1, w2, b2 = split(p, SHAPES)
    inputs = x.expand(PARTICLES, *x.shape)
    h = torch.baddbmm(b1, inputs, w1).relu_()
    loss, slope = cross_entropy(torch.baddbmm(b2, h, w2), targets)
    back = torch.bmm(slope, w2.transpose(1, 2)).mul_(h > 0)
    g1, c1, g2, c2 = split(out, SHAPES)
    g1.copy_(torch.bmm(inputs.transpose(1, 2), back))
    c1.copy_(back.sum(1, keepdim=True))
    g2.copy_(torch.bmm(h.transpose(1, 2), slope))
    c2.copy_(slope.sum(1, keepdim=True))
    return loss
