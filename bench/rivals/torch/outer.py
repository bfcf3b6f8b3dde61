"""What is around the inner loop of W3 and W4: antithetic perturbations, PES, Adam on a flat theta."""

import torch

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


class Outer:
    """PES over `pairs` pairs of a flat theta; positives first."""

    def __init__(self, theta, pairs, sigma, rate):
        self.start, self.pairs, self.sigma, self.rate = theta, pairs, sigma, rate
        self.restart()

    def restart(self):
        self.theta = self.start.clone()
        self.first, self.second = torch.zeros_like(self.theta), torch.zeros_like(self.theta)
        self.step = 0
        self.reset()

    def reset(self):
        self.xi = torch.zeros(self.pairs, self.theta.numel())

    def draw(self):
        """The thetas of all particles, [2 pairs, numbers]."""
        eps = torch.randn(self.pairs, self.theta.numel()).mul_(self.sigma)
        self.xi += eps
        return torch.cat((self.theta + eps, self.theta - eps))

    def update(self, loss):
        """Adam with the PES gradient of the summed losses, [2 pairs]."""
        difference = (loss[: self.pairs] - loss[self.pairs :]) / (2 * self.pairs * self.sigma**2)
        gradient = difference @ self.xi
        self.step += 1
        self.first.mul_(BETA1).add_(gradient, alpha=1 - BETA1)
        self.second.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
        scale = (self.second / (1 - BETA2**self.step)).sqrt_().add_(EPS)
        self.theta.addcdiv_(self.first, scale, value=-self.rate / (1 - BETA1**self.step))


def batches(features):
    """32 batches of 32 rows: inputs N(0, 1), labels, and one-hot labels."""
    inputs = torch.randn(32, 32, features)
    labels = torch.randint(0, 10, (32, 32))
    return inputs, torch.nn.functional.one_hot(labels, 10).float()


def he_normal(*shape):
    return torch.randn(*shape) * (2 / shape[0]) ** 0.5


def cross_entropy(logits, targets):
    """Mean cross-entropy per particle, and its gradient by the logits, for logits [particles, batch, classes]."""
    logs = torch.log_softmax(logits, -1)
    loss = (logs * targets).sum((1, 2)).div_(-targets.shape[0])
    return loss, logs.exp_().sub_(targets).div_(targets.shape[0])
