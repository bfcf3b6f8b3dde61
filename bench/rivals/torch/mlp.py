"""W3, gradient by hand: first layers of all particles as one matrix ("one GEMM"), or one product each ("bmm")."""

import math

import torch
from outer import Outer, batches, cross_entropy, he_normal

PARTICLES, STEPS, HORIZON = 32, 10, 1000


def forms(workload):
    hidden = workload["hidden"]
    inputs, targets = batches(784)
    return {
        "one GEMM": make(workload, OneGemm(hidden), inputs, targets),
        "bmm": make(workload, Batched(hidden), inputs, targets),
    }


def make(workload, network, inputs, targets):
    theta = torch.tensor([math.log(0.01), math.log(0.5)])
    outer = Outer(theta, PARTICLES // 2, sigma=0.1, rate=1e-2)

    def run(updates):
        for _ in range(updates):
            if outer.step == workload["restartEvery"]:
                outer.restart()
            start = outer.step * STEPS % HORIZON
            if start == 0:
                network.reset()
                outer.reset()
            thetas = outer.draw()
            total = torch.zeros(PARTICLES)
            decay = torch.exp(thetas[:, 1])
            for t in range(start, start + STEPS):
                rate = torch.exp(thetas[:, 0] - decay * math.log(1 + t / 100))
                total += network.step(inputs[t % 32], targets[t % 32], rate[:, None, None])
            outer.update(total)

    run.outer = outer
    return run


class OneGemm:
    def __init__(self, hidden):
        self.hidden = hidden
        self.start = he_normal(784, hidden), he_normal(hidden, 10)

    def reset(self):
        first, second = self.start
        self.w1 = first.repeat(1, PARTICLES)
        self.b1 = torch.zeros(PARTICLES * self.hidden)
        self.w2 = second.repeat(PARTICLES, 1, 1)
        self.b2 = torch.zeros(PARTICLES, 1, 10)

    def step(self, x, targets, rate):
        flat = torch.addmm(self.b1, x, self.w1).relu_()
        h = flat.view(32, PARTICLES, self.hidden).transpose(0, 1)
        loss, slope = cross_entropy(torch.baddbmm(self.b2, h, self.w2), targets)
        slope.mul_(rate)
        back = torch.bmm(slope, self.w2.transpose(1, 2)).mul_(h > 0)
        self.w2.baddbmm_(h.transpose(1, 2), slope, alpha=-1)
        self.b2.sub_(slope.sum(1, keepdim=True))
        back_flat = back.transpose(0, 1).reshape(32, PARTICLES * self.hidden)
        self.w1.addmm_(x.t(), back_flat, alpha=-1)
        self.b1.sub_(back_flat.sum(0))
        return loss


class Batched:
    def __init__(self, hidden):
        self.hidden = hidden
        self.start = he_normal(784, hidden), he_normal(hidden, 10)

    def reset(self):
        self.w1, self.w2 = (w.repeat(PARTICLES, 1, 1) for w in self.start)
        self.b1 = torch.zeros(PARTICLES, 1, self.hidden)
        self.b2 = torch.zeros(PARTICLES, 1, 10)

    def step(self, x, targets, rate):
        inputs = x.expand(PARTICLES, 32, 784)
        h = torch.baddbmm(self.b1, inputs, self.w1).relu_()
        loss, slope = cross_entropy(torch.baddbmm(self.b2, h, self.w2), targets)
        slope.mul_(rate)
        back = torch.bmm(slope, self.w2.transpose(1, 2)).mul_(h > 0)
        self.w2.baddbmm_(h.transpose(1, 2), slope, alpha=-1)
        self.b2.sub_(slope.sum(1, keepdim=True))
        self.w1.baddbmm_(inputs.transpose(1, 2), back, alpha=-1)
        self.b1.sub_(back.sum(1, keepdim=True))
        return loss
