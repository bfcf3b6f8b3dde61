"""W9: a step of DEPS on the mass-spring-damper, trajectories side by side: sampled without a graph, then rebuilt with one."""

import math

import torch
from torch.distributions import Categorical

BATCH, STEPS, DT, RATE = 64, 100, 0.05, 0.005
FORCES = torch.tensor([-0.3, -0.1, 0.0, 0.1, 0.3])
LOW, HIGH = torch.tensor([0.1, 0.1, -2, -2, -2]), torch.tensor([1.5, 1.5, 2, 2, 2])
CENTRE, UNIT = torch.tensor([0.2, 0.0]), torch.tensor([0.005, 0.02])
TARGET = torch.tensor([0.5, -0.3, 0.1])
SERIES = ([1, 1 / 2, 1 / 24, 1 / 720, 1 / 40320], [1, 1 / 6, 1 / 120, 1 / 5040, 1 / 362880])


def polynomial(coefficients, u):
    value = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        value = value * u + coefficient
    return value


def forms(workload):
    hidden = workload["hidden"]
    state = {}

    def restart():
        torch.manual_seed(0)
        psi = torch.tensor([1.0, 0.9, 0.2, -1.0, 1.0], requires_grad=True)
        network = torch.nn.Sequential(torch.nn.Linear(3, hidden), torch.nn.Tanh(), torch.nn.Linear(hidden, 5))
        optimizer = torch.optim.Adam([psi, *network.parameters()], lr=RATE)
        state.update(psi=psi, network=network, optimizer=optimizer, step=0)

    def constants(psi):
        omega, zeta = psi[0], psi[1]
        w, beyond = omega * DT, zeta * zeta - 1
        u = beyond * w * w
        c, s = polynomial(SERIES[0], u), polynomial(SERIES[1], u)
        miss = (omega - 0.5) ** 2 + (zeta - 0.5) ** 2 + ((psi[2:] - TARGET) ** 2).prod()
        return omega, zeta, w, beyond, c, s, torch.exp(-zeta * w), miss

    def move(x, v, force, known):
        omega, zeta, w, beyond, c, s, decay, _ = known
        rest = force / (omega * omega)
        y = x - rest
        q = v / omega + zeta * y
        offset = decay * (y * c + q * w * s)
        return offset + rest, decay * (y * omega * beyond * w * s + (v + zeta * y * omega) * c) - zeta * omega * offset

    def seen(x, v, t):
        return torch.cat([(torch.stack([x, v], 1) - CENTRE) / UNIT, torch.full((BATCH, 1), t / STEPS)], 1)

    def deviation(force, v):
        return 0.1 * force.abs() + v.abs() + 1e-6

    def step():
        psi, network = state["psi"], state["network"]
        x0 = 0.198 + 0.004 * torch.rand(BATCH)
        v0 = -0.01 + 0.02 * torch.rand(BATCH)
        actions, disturbances = [], []
        with torch.no_grad():
            known, x, v = constants(psi), x0, v0
            for t in range(STEPS):
                a = Categorical(logits=network(seen(x, v, t))).sample()
                force = FORCES[a]
                xi = x + deviation(force, v) * torch.randn(BATCH)
                actions.append(a)
                disturbances.append(xi)
                x, v = move(x, v, force + xi, known)
        known, x, v = constants(psi), x0, v0
        logs, rewards = 0, 0
        for t, (a, xi) in enumerate(zip(actions, disturbances)):
            force = FORCES[a]
            log_policy = torch.log_softmax(network(seen(x, v, t)), 1).gather(1, a[:, None])[:, 0]
            spread = deviation(force, v)
            log_disturbance = -0.5 * ((xi - x) / spread) ** 2 - spread.log() - 0.5 * math.log(2 * math.pi)
            logs = logs + log_policy + log_disturbance
            rewards = rewards + torch.exp(-((x - 0.2).abs() + known[-1]))
            x, v = move(x, v, force + xi, known)
        weight = rewards.detach() - rewards.detach().mean()
        loss = -(logs * weight + rewards).mean()
        state["optimizer"].zero_grad()
        loss.backward()
        state["optimizer"].step()
        with torch.no_grad():
            psi.copy_(torch.minimum(torch.maximum(psi, LOW), HIGH))
        state["step"] += 1

    def run(updates):
        for _ in range(updates):
            if state["step"] == workload["restartEvery"]:
                restart()
            step()

    restart()
    run.state = state
    return {"eager": run}
