"""W11: a SIXO bound of stochastic volatility with its gradient by model and proposal, 64 particles; an Adam step."""

import math

import torch

CURRENCIES, MONTHS, PARTICLES, UNITS, HIDDEN = 22, 119, 64, 32, 128
LOG_2_PI = math.log(2 * math.pi)


def normal_log_prob(x, mean, log_sd):
    z = (x - mean) * torch.exp(-log_sd)
    return (-0.5 * z * z - log_sd).sum(-1) - 0.5 * LOG_2_PI * x.shape[-1]


def simulated():
    x = -1 + 0.4 * torch.randn(CURRENCIES)
    rows = []
    for _ in range(MONTHS):
        rows.append(0.05 * torch.exp(x / 2) * torch.randn(CURRENCIES))
        x = -1 + 0.9 * (x + 1) + 0.4 * torch.randn(CURRENCIES)
    return torch.stack(rows)


def forms(workload):
    torch.manual_seed(0)
    y = simulated()
    lstm = torch.nn.LSTM(CURRENCIES, UNITS)
    entry = torch.nn.Linear(UNITS + CURRENCIES, HIDDEN)
    out = torch.nn.Linear(HIDDEN, 1)
    with torch.no_grad():
        for leaf in (*lstm.parameters(), *entry.parameters(), *out.parameters()):
            leaf.requires_grad_(False)
        # As the contestant beside it, the twist begins at log r = 0: its work is the same.
        out.weight.zero_()
        out.bias.zero_()
    state_weights = entry.weight[:, :CURRENCIES].t().contiguous()
    state = {}

    def restart():
        torch.manual_seed(0)
        near = lambda value: (value + 0.01 * torch.randn(CURRENCIES)).requires_grad_(True)
        leaves = {
            "mu": near(0.0),
            "raw_phi": near(math.atanh(0.1)),
            "log_sd": near(0.0),
            "log_beta": near(0.0),
            "mean": (0.01 * torch.randn(MONTHS, CURRENCIES)).requires_grad_(True),
            "factor": (0.01 * torch.randn(MONTHS, CURRENCIES)).requires_grad_(True),
        }
        state.update(leaves=leaves, optimizer=torch.optim.Adam(leaves.values(), lr=3e-4), step=0)

    def contexts():
        with torch.no_grad():
            states = lstm(y.flip(0)[:, None])[0][:, 0].flip(0)
            ahead = torch.cat([states[1:], torch.zeros(1, UNITS)])
            return ahead @ entry.weight[:, CURRENCIES:].t() + entry.bias

    def bound(leaves):
        mu, log_sd, log_beta = leaves["mu"], leaves["log_sd"], leaves["log_beta"]
        phi = torch.tanh(leaves["raw_phi"])
        context = contexts()
        variance = torch.exp(2 * log_sd)
        factor = torch.exp(leaves["factor"]).clamp_min(1e-12) ** 2
        total = variance + factor
        log_sds = 0.5 * torch.log(variance * factor / total)
        sds = torch.exp(log_sds)
        log_z, log_weights, log_twist, x = 0.0, torch.zeros(PARTICLES), None, None
        for t in range(MONTHS):
            prior = mu if x is None else mu + phi * (x - mu)
            mean = (prior * factor[t] + leaves["mean"][t] * variance) / total[t]
            x = mean + sds[t] * torch.randn(PARTICLES, CURRENCIES)
            log_weights = (
                log_weights
                + normal_log_prob(x, prior, log_sd)
                + normal_log_prob(y[t], 0.0, 0.5 * x + log_beta)
                - normal_log_prob(x, mean, log_sds[t])
            )
            if t < MONTHS - 1:
                twist = out(torch.relu(x @ state_weights + context[t]))[:, 0]
                log_weights = log_weights + twist
            if log_twist is not None:
                log_weights = log_weights - log_twist
            log_twist = twist
            with torch.no_grad():
                own = log_weights.detach()
                ess = 2 * torch.logsumexp(own, 0) - torch.logsumexp(2 * own, 0)
                resamples = t < MONTHS - 1 and float(ess) <= math.log(PARTICLES / 2)
            if resamples:
                log_z = log_z + torch.logsumexp(log_weights, 0) - math.log(PARTICLES)
                ancestors = torch.multinomial(torch.softmax(own, 0), PARTICLES, replacement=True)
                x, log_twist = x[ancestors], log_twist[ancestors]
                log_weights = torch.zeros(PARTICLES)
        return log_z + torch.logsumexp(log_weights, 0) - math.log(PARTICLES)

    def step():
        state["optimizer"].zero_grad()
        (-bound(state["leaves"])).backward()
        state["optimizer"].step()
        state["step"] += 1

    def run(updates):
        for _ in range(updates):
            if state["step"] == workload["restartEvery"]:
                restart()
            step()

    restart()
    return {"eager": run}
