"""W13: a natural gradient step of VQT in complex128: all generators in a few batched products, the gradient from them."""

import itertools
import math

import torch

QUBITS, LAYERS, RATE, FLOOR, RIDGE = 4, 3, 0.5, 1.0, 0.01
SIZE = 2**QUBITS
C, R = torch.complex128, torch.float64


def constants():
    bits = torch.tensor(list(itertools.product((0.0, 1.0), repeat=QUBITS)), dtype=R)
    spins = 1 - 2 * bits
    subsets = [s for k in (1, 2) for s in itertools.combinations(range(QUBITS), k)]
    features = torch.stack([spins[:, list(s)].prod(1) for s in subsets], 1)
    pairs = [q for q in range(QUBITS - 1) if q % 2 == 0] + [q for q in range(QUBITS - 1) if q % 2 == 1]
    phases = torch.stack(
        [bits[:, q] for q in range(QUBITS)] + [bits[:, q] * bits[:, q + 1] for q in pairs], 0
    )
    flips = torch.stack([torch.arange(SIZE) ^ (1 << (QUBITS - 1 - q)) for q in range(QUBITS)])
    h = torch.diag(-sum(spins[:, i] * spins[:, (i + 1) % QUBITS] for i in range(QUBITS)))
    for q in range(QUBITS):
        h[torch.arange(SIZE), flips[q]] -= 1
    return features, phases, flips, h.to(C)


def forms(workload):
    features, phases, flips, h = constants()
    per_layer = 3 * QUBITS - 1
    x_of = torch.arange(0, 2 * QUBITS, 2)
    z_of = torch.cat([x_of + 1, torch.arange(2 * QUBITS, per_layer)])
    order = torch.argsort(torch.cat([x_of, z_of]))
    diagonals = (1j * math.pi * phases.to(C))[None, :, :, None]
    eye, one = torch.eye(SIZE, dtype=C), torch.eye(2, dtype=C)
    pauli_x = torch.tensor([[0, 1], [1, 0]], dtype=C)
    count = features.shape[1]
    identity = torch.eye(count + LAYERS * per_layer, dtype=R)
    state = {}

    def restart():
        torch.manual_seed(0)
        state.update(
            theta=0.1 * torch.randn(count, dtype=R),
            phi=0.1 * torch.randn(LAYERS * per_layer, dtype=R),
            step=0,
        )

    def step():
        theta, phi = state["theta"], state["phi"]
        energies = features @ theta
        p = torch.softmax(-energies, 0)
        own = phi.view(LAYERS, per_layer)
        half = own[:, x_of] * (math.pi / 2)
        # Turns of one qubit [L, n, 2, 2], then of all.
        turns = torch.cos(half)[..., None, None] * one - 1j * torch.sin(half)[..., None, None] * pauli_x
        layers = turns[:, 0]
        for q in range(1, QUBITS):
            width = 2 ** (q + 1)
            layers = torch.einsum("lab,lcd->lacbd", layers, turns[:, q]).reshape(LAYERS, width, width)
        rows = torch.exp(1j * math.pi * (own[:, z_of] @ phases))
        u, before, after = eye, [], []
        for layer in range(LAYERS):
            before.append(u)
            y = layers[layer] @ u
            after.append(y)
            u = rows[layer][:, None] * y
        w, y = torch.stack(before), torch.stack(after)
        x_generators = w.mH[:, None] @ (w[:, flips] * (-0.5j * math.pi))
        z_generators = y.mH[:, None] @ (diagonals * y[:, None])
        generators = torch.cat([x_generators, z_generators], 1)[:, order].reshape(-1, SIZE, SIZE)
        m = u.mH @ (h @ u)
        excess = torch.diagonal(m).real - energies
        centred = features - p @ features
        covariance = (centred * p[:, None]).T @ centred
        gradient = torch.cat(
            [
                -(centred.T @ (p * (excess - p @ excess))),
                2 * (generators.reshape(-1, SIZE * SIZE) @ (p * m.T).reshape(-1)).real,
            ]
        )
        weights = (p[:, None] - p[None, :]) * (energies[None, :] - energies[:, None])
        real = torch.view_as_real(generators)
        flat = real.reshape(len(generators), -1)
        weighted = (real * weights[None, :, :, None]).reshape(len(generators), -1)
        metric = torch.block_diag(covariance, weighted @ flat.T)
        # Whether the smallest eigenvalue is above the floor, without an eigensystem.
        _, info = torch.linalg.cholesky_ex(metric - FLOOR * identity)
        if int(info) != 0:
            metric = metric + FLOOR * identity
        factor = torch.linalg.cholesky(metric @ metric + RIDGE * identity)
        solution = torch.cholesky_solve((metric @ gradient)[:, None], factor)[:, 0]
        theta -= RATE * solution[:count]
        phi -= RATE * solution[count:]
        state["step"] += 1
        state.update(loss=float(p @ excess - torch.logsumexp(-energies, 0)), gradient=gradient, metric=metric)

    def run(updates):
        with torch.no_grad():
            for _ in range(updates):
                if state["step"] == workload["restartEvery"]:
                    restart()
                step()

    restart()
    run.state = state
    return {"batched": run}
