"""W5: nn.LSTM and autograd on the copy task."""

import torch

STEPS, BATCH, CLASSES = 100, 32, 10


def forms(workload):
    half = STEPS // 2
    drawn = torch.randint(0, 8, (half, BATCH))
    symbols = torch.full((STEPS, BATCH), 8)
    symbols[:half], symbols[half] = drawn, 9
    wanted = torch.full((STEPS, BATCH), 8)
    wanted[half:] = drawn
    inputs = torch.nn.functional.one_hot(symbols, CLASSES).float()
    lstm = torch.nn.LSTM(CLASSES, workload["hidden"])
    read = torch.nn.Linear(workload["hidden"], CLASSES)
    parameters = [*lstm.parameters(), *read.parameters()]

    def run(updates):
        for _ in range(updates):
            logits = read(lstm(inputs)[0])
            loss = torch.nn.functional.cross_entropy(logits.view(-1, CLASSES), wanted.view(-1))
            torch.autograd.grad(loss, parameters)

    return {"nn.LSTM": run}
