"""W6: Kronecker factors of averaged outputs by hand, torch.linalg.eigh, and one autograd pass of the contraction."""

import torch
from outer import he_normal

EXAMPLES, SIDE, SAMPLES, CLASSES = 312, 28, 9, 10
PIXELS = SIDE * SIDE
# Rows of expm's argument that each range drives: x, y, rotation, scales, shear.
GENERATORS = torch.zeros(6, 3, 3)
GENERATORS[0, 0, 2] = GENERATORS[1, 1, 2] = GENERATORS[3, 0, 0] = GENERATORS[4, 1, 1] = 1
GENERATORS[2, 0, 1], GENERATORS[2, 1, 0] = -1, 1
GENERATORS[5, 0, 1] = GENERATORS[5, 1, 0] = 1


def forms(workload):
    torch.manual_seed(0)
    images = torch.rand(EXAMPLES, 1, SIDE, SIDE)
    labels = torch.randint(0, CLASSES, (EXAMPLES,))
    hidden = workload["hidden"]
    w1, b1 = he_normal(PIXELS, hidden), torch.zeros(hidden)
    w2, b2 = he_normal(hidden, CLASSES), torch.zeros(CLASSES)
    start = torch.tensor([0.1, 0.1, 1, 0.1, 0.1, 0.1])
    eta = start.clone().requires_grad_()
    log_delta = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([eta, log_delta], lr=0.01)
    repeated = images.repeat_interleave(SAMPLES, 0)
    squares = sum(float((p * p).sum()) for p in (w1, b1, w2, b2))
    parameters = w1.numel() + b1.numel() + w2.numel() + b2.numel()

    def rows():
        """Averaged inputs and summed errors of both layers, and the log-likelihood."""
        eps = torch.rand(EXAMPLES * SAMPLES, 6) * 2 - 1
        maps = torch.matrix_exp(torch.einsum("nk,kij->nij", eps * eta, GENERATORS))[:, :2]
        grid = torch.nn.functional.affine_grid(maps, repeated.shape, align_corners=True)
        x = torch.nn.functional.grid_sample(repeated, grid, align_corners=True)
        x = x.view(EXAMPLES * SAMPLES, PIXELS)
        h = torch.tanh(torch.addmm(b1, x, w1))
        z = torch.addmm(b2, h, w2).view(EXAMPLES, SAMPLES, CLASSES).mean(1)
        logp = torch.log_softmax(z, 1)
        p = logp.exp().clamp(min=1e-12)
        # [class, example, output]: sqrt(p_c) (p - e_c).
        g2 = p.sqrt().t()[:, :, None] * (p[None] - torch.eye(CLASSES)[:, None])
        slope = (1 - h * h).view(EXAMPLES, SAMPLES, -1).mean(1)
        g1 = (g2 @ w2.t()) * slope
        a1 = x.view(EXAMPLES, SAMPLES, PIXELS).mean(1)
        a2 = h.view(EXAMPLES, SAMPLES, -1).mean(1)
        likelihood = logp.gather(1, labels[:, None]).sum()
        return [(a1, g1.reshape(-1, hidden)), (a2, g2.reshape(-1, CLASSES))], likelihood

    def spectrum(a, g):
        """Eigenvalues and vectors of both factors; of wide inputs those of the Gram matrix."""
        vb = torch.linalg.eigh((g.t() @ g).double())
        if a.shape[1] <= EXAMPLES:
            va = torch.linalg.eigh((a.t() @ a / EXAMPLES).double())
            return va[0].clamp(min=0), va[1].t(), vb[0].clamp(min=0), vb[1]
        values, u = torch.linalg.eigh((a @ a.t() / EXAMPLES).double())
        values = values.clamp(min=1e-12)
        vectors = (u.t().float() @ a) / (EXAMPLES * values).sqrt().float()[:, None]
        return values, vectors, vb[0].clamp(min=0), vb[1]

    def step():
        with torch.no_grad():
            layers, _ = rows()
            found = [spectrum(*layer) for layer in layers]
        optimizer.zero_grad()
        delta = log_delta.exp()
        prior = parameters * log_delta
        ratio = sum(
            torch.log1p(lb[:, None] * la / delta).sum() + torch.log1p(lb / delta).sum() for la, _, lb, _ in found
        )
        (0.5 * (ratio + delta * squares) + 0 * prior).backward()
        delta = delta.item()
        layers, likelihood = rows()
        loss = -likelihood
        for (a, g), (la, va, lb, vb) in zip(layers, found):
            inverse = 1 / (lb[:, None] * la + delta)
            c, e = (inverse * la).sum(1) + 1 / (lb + delta), (inverse * lb[:, None]).sum(0)
            by_outputs = ((vb * c) @ vb.t()).float()
            loss = loss + 0.5 * ((g @ by_outputs) * g).sum()
            base = float(lb.sum() / delta) if va.shape[0] < va.shape[1] else 0.0
            along = a @ va.t().float()
            inputs = (along * along * (e - base).float()).sum() + base * (a * a).sum()
            loss = loss + 0.5 * inputs / EXAMPLES
        loss.backward()
        optimizer.step()

    state = {"step": 0}

    def run(updates):
        with torch.enable_grad():
            for _ in range(updates):
                if state["step"] == workload["restartEvery"]:
                    state["step"] = 0
                    with torch.no_grad():
                        eta.copy_(start)
                        log_delta.zero_()
                step()
                state["step"] += 1

    return {"contraction": run}
