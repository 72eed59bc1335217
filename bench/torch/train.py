"""Trains the autoencoder of start.json with PyTorch's Adam, as bench/torch/main.ts asks; prints a line of JSON an evaluation."""

import json
import sys
import time
from pathlib import Path

import numpy
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

WARM_UP = 2


def main():
    directory = Path(sys.argv[1])
    start = json.loads((directory / "start.json").read_text())
    torch.set_num_threads(start["threads"])

    def load(name, dtype):
        return torch.from_numpy(numpy.fromfile(directory / name, dtype=dtype))

    images = load("images.f32", numpy.float32).reshape(start["count"], start["pixels"])
    minibatches = load("minibatches.u32", numpy.int32).long()
    minibatches = minibatches.reshape(start["iterations"], start["size"])
    matrices = matrices_of(load("weights.f32", numpy.float32), start["shapes"])

    warm_up(matrices, images, minibatches, start)
    net = Autoencoder(matrices, start["code"])
    optimizer = adam(net, start)
    seconds = 0.0
    for iteration in range(1, start["iterations"] + 1):
        started = time.perf_counter()
        step(net, optimizer, images[minibatches[iteration - 1]])
        seconds += time.perf_counter() - started
        if iteration % start["every"] == 0 or iteration == start["iterations"]:
            loss = evaluate(net, images)
            print(json.dumps({"iteration": iteration, "seconds": seconds, "loss": loss}), flush=True)
            if loss <= start["target"]:
                break


class Autoencoder(torch.nn.Module):
    """W [d_out, d_in + 1] a layer, the last column its bias; tanh everywhere but in the code and the output."""

    def __init__(self, matrices, code):
        super().__init__()
        self.layers = torch.nn.ModuleList()
        self.linear = {code, len(matrices)}
        for matrix in matrices:
            layer = torch.nn.Linear(matrix.shape[1] - 1, matrix.shape[0])
            with torch.no_grad():
                layer.weight.copy_(matrix[:, :-1])
                layer.bias.copy_(matrix[:, -1])
            self.layers.append(layer)

    def forward(self, x):
        for number, layer in enumerate(self.layers, 1):
            x = layer(x)
            if number not in self.linear:
                x = torch.tanh(x)
        return x


def adam(net, start):
    """weight_decay adds η θ to the gradient, the derivative of η/2 ‖θ‖²."""
    return torch.optim.Adam(net.parameters(), lr=start["learningRate"], weight_decay=start["eta"])


def step(net, optimizer, x):
    optimizer.zero_grad(set_to_none=True)
    loss = binary_cross_entropy_with_logits(net(x), x, reduction="sum") / len(x)
    loss.backward()
    optimizer.step()


def warm_up(matrices, images, minibatches, start):
    """Steps of a network that is thrown away: threads start, and libraries load."""
    net = Autoencoder(matrices, start["code"])
    optimizer = adam(net, start)
    for k in range(min(WARM_UP, start["iterations"])):
        step(net, optimizer, images[minibatches[k]])


def evaluate(net, images, chunk=1000):
    """The mean cross-entropy of an image."""
    with torch.no_grad():
        total = sum(
            binary_cross_entropy_with_logits(net(x), x, reduction="sum").item() for x in images.split(chunk)
        )
    return total / len(images)


def matrices_of(values, shapes):
    sizes = [rows * columns for rows, columns in shapes]
    return [part.reshape(shape) for part, shape in zip(values.split(sizes), shapes)]


if __name__ == "__main__":
    main()
