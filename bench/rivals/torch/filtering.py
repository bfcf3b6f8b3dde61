"""W14: one observation of online variational filtering, float64: Adam on the pair, then kernel ridge regression of T and V."""

import math

import torch

UNITS, OBSERVATIONS, HIDDEN = 5, 20, 100
STEPS, SAMPLES, POINTS, BOUND = 500, 10, 250, 1000
RATE, GAIN, SD, SCALE, RIDGE = 0.001 / 0.025, 2.5, 0.1, 0.1, 0.01
STUDENT = math.lgamma(1.5) - math.lgamma(1.0) - 0.5 * math.log(2 * math.pi) - math.log(SCALE)


def normal(x, mean, log_sd):
    z = (x - mean) * torch.exp(-log_sd)
    return (-0.5 * z * z - log_sd - 0.5 * math.log(2 * math.pi)).sum(-1)


def forms(workload):
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    weights = torch.randn(UNITS, UNITS) / math.sqrt(UNITS)
    log_sd = torch.full((UNITS,), math.log(SD))

    def drift(x):
        return x + RATE * (GAIN * torch.tanh(x) @ weights.t() - x)

    def emission(y, x):
        z = (y - x) / SCALE
        return (STUDENT - 1.5 * torch.log1p(z * z / 2)).sum(-1)

    x, ys = SD * torch.randn(UNITS), []
    for _ in range(OBSERVATIONS):
        ys.append(x + SCALE * torch.distributions.StudentT(2.0).sample((UNITS,)))
        x = drift(x) + SD * torch.randn(UNITS)

    def kernel_mean(phi, x):
        return torch.relu(x @ phi["w1"] + phi["b1"]) @ phi["w2"] + phi["b2"]

    def draw(phi, n, first):
        x = phi["mean"] + torch.exp(phi["log_sd"]) * torch.randn(n, UNITS)
        return x, None if first else torch.randn(n, UNITS)

    def past_of(phi, x, noise):
        return kernel_mean(phi, x) + torch.exp(phi["past_log_sd"]) * noise

    def reward(phi, last, y, x, past):
        own = emission(y, x) - normal(x, phi["mean"], phi["log_sd"])
        if past is None:
            return own + normal(x, torch.zeros(UNITS), log_sd)
        own = own + normal(x, drift(past), log_sd) + normal(past, last["mean"], last["log_sd"])
        return own - normal(past, kernel_mean(phi, x), phi["past_log_sd"])

    def gram(a, b, sigma):
        return torch.exp(-torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist") ** 2 / (2 * sigma**2))

    def fit(x, targets):
        sigma = torch.pdist(x).median()
        factor = torch.linalg.cholesky(gram(x, x, sigma) + RIDGE * torch.eye(len(x)))
        return x, sigma, torch.cholesky_solve(targets, factor)

    def predict(table, x):
        inputs, sigma, alpha = table
        return gram(x, inputs, sigma) @ alpha

    def start():
        return {
            "mean": torch.zeros(UNITS),
            "log_sd": log_sd.clone(),
            "w1": torch.randn(UNITS, HIDDEN) * math.sqrt(2 / UNITS),
            "b1": torch.zeros(HIDDEN),
            "w2": torch.randn(HIDDEN, UNITS) * math.sqrt(2 / HIDDEN),
            "b2": torch.zeros(UNITS),
            "past_log_sd": torch.zeros(UNITS),
        }

    state = {"t": 0}

    def step():
        first = state["t"] == 0
        last = None if first else state["phi"]
        y = ys[state["t"]]
        phi = {k: v.clone() for k, v in (start() if first else last).items()}
        if not first:
            slope = torch.autograd.functional.jacobian(drift, last["mean"])
            phi["mean"] = drift(last["mean"])
            spread = (slope**2) @ torch.exp(2 * last["log_sd"]) + SD**2
            phi["log_sd"] = 0.5 * torch.log(spread)
        for value in phi.values():
            value.requires_grad_()
        table, offset = (None, 0.0) if first else (state["table"], state["offset"])
        optimizer = torch.optim.Adam(phi.values(), lr=0.01)
        for _ in range(STEPS):
            optimizer.zero_grad()
            x, noise = draw(phi, SAMPLES, first)
            past = None if first else past_of(phi, x, noise)
            objective = reward(phi, last, y, x, past)
            if not first:
                with torch.no_grad():
                    slope = predict(table, past)[:, :UNITS]
                objective = objective + (slope * past).sum(1)
            (-objective.mean()).backward()
            optimizer.step()
        phi = {k: v.detach() for k, v in phi.items()}
        x, noise = draw(phi, POINTS, first)
        x.requires_grad_()
        past = None if first else past_of(phi, x, noise)
        rewards = reward(phi, last, y, x, past)
        total, value = rewards.sum(), rewards.detach()
        if not first:
            with torch.no_grad():
                found = predict(table, past)
            total = total + (found[:, :UNITS] * past).sum()
            value = value + found[:, UNITS] + offset
        (targets,) = torch.autograd.grad(total, x)
        offset = value.mean()
        state["table"] = fit(x.detach(), torch.cat([targets, (value - offset)[:, None]], 1))
        state["offset"], state["phi"] = offset, phi
        with torch.no_grad():
            x, noise = draw(phi, BOUND, first)
            past = None if first else past_of(phi, x, noise)
            bound = reward(phi, last, y, x, past)
            if not first:
                bound = bound + predict(table, past)[:, UNITS]
            bound.mean().item()
        state["t"] = (state["t"] + 1) % OBSERVATIONS

    def run(updates):
        for _ in range(updates):
            step()

    return {"": run}
