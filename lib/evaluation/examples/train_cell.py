"""Trains one cell with PyTorch: an evaluator to start your own from.

    deno task search --evaluator 'python lib/evaluation/examples/train_cell.py --request {request} --result {result}'

It needs torch and numpy alone. Copy it, replace `load_images` by your data and `Network` by what
you build of a cell; what remains is the protocol (lib/evaluation/PROTOCOL.md): a line for each
epoch, a checkpoint, a result that is renamed into place, exit code 75 when it is told to stop.
Fields of the recipe are those of `deno task train-cell`, with the same networks and optimizers.
"""

import argparse
import json
import math
import os
import re
import signal
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

TRY_AGAIN = 75
# How the benchmarks trained their cells; a recipe replaces what it names.
PUBLISHED = {
    "nasbench101": {"epochs": 108, "batch_size": 256, "learning_rate": 0.2, "weight_decay": 1e-4, "channels": 128, "cells": 3},
    "nasbench201": {"epochs": 200, "batch_size": 256, "learning_rate": 0.1, "weight_decay": 5e-4, "channels": 16, "cells": 5},
}
STATISTICS_RATE = {"nasbench101": 0.003, "nasbench201": 0.1}


class Convolution(nn.Sequential):
    """Convolution and batch normalisation, with a ReLU before or after."""

    def __init__(self, inputs, outputs, kernel, relu, stride=1):
        layers = [
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(outputs),
        ]
        if relu == "before":
            layers.insert(0, nn.ReLU())
        if relu == "after":
            layers.append(nn.ReLU())
        super().__init__(*layers)


class Cell101(nn.Module):
    """A cell of NAS-Bench-101 (model_builder.py of google-research/nasbench)."""

    def __init__(self, cell, inputs, outputs):
        super().__init__()
        self.adjacency, operations = cell["adjacency"], cell["operations"]
        self.last = last = len(operations) - 1
        self.widths = self.node_widths(outputs)
        self.layers = nn.ModuleDict()
        for node in range(1, last):
            width = self.widths[node]
            if self.adjacency[0][node]:
                self.layers[f"input to {node}"] = Convolution(inputs, width, 1, "after")
            kernel = re.match(r"conv([13])x", operations[node])
            self.layers[f"node {node}"] = (
                Convolution(width, width, int(kernel[1]), "after") if kernel else nn.MaxPool2d(3, 1, 1)
            )
        if self.adjacency[0][last]:
            self.layers[f"input to {last}"] = Convolution(inputs, outputs, 1, "after")

    def node_widths(self, outputs):
        """What feeds the output shares its channels; else the widest that a node leads to."""
        last, adjacency = self.last, self.adjacency
        feeding = [node for node in range(1, last) if adjacency[node][last]]
        widths = [0] * last + [outputs]
        for i, node in enumerate(feeding):
            widths[node] = outputs // len(feeding) + (i < outputs % len(feeding))
        for node in range(last - 1, 0, -1):
            if not adjacency[node][last]:
                widths[node] = max(widths[to] for to in range(node + 1, last) if adjacency[node][to])
        return widths

    def forward(self, x):
        maps = {}
        for node in range(1, self.last):
            width = self.widths[node]
            come = [maps[at][:, :width] for at in range(1, node) if self.adjacency[at][node]]
            if self.adjacency[0][node]:
                come.insert(0, self.layers[f"input to {node}"](x))
            maps[node] = self.layers[f"node {node}"](sum(come))
        parts = [maps[at] for at in range(1, self.last) if self.adjacency[at][self.last]]
        result = [torch.cat(parts, 1)] if parts else []
        if self.adjacency[0][self.last]:
            result.append(self.layers[f"input to {self.last}"](x))
        return sum(result)


class Cell201(nn.Module):
    """A cell of NAS-Bench-201 (cell_operations.py of AutoDL-Projects)."""

    MAKE = {
        "none": lambda channels: None,
        "skip_connect": lambda channels: nn.Identity(),
        "nor_conv_1x1": lambda channels: Convolution(channels, channels, 1, "before"),
        "nor_conv_3x3": lambda channels: Convolution(channels, channels, 3, "before"),
        "avg_pool_3x3": lambda channels: nn.AvgPool2d(3, 1, 1, count_include_pad=False),
    }

    def __init__(self, cell, inputs, outputs):
        super().__init__()
        self.nodes = nn.ModuleList()
        for node in cell["arch"].split("+"):
            edges = [edge.split("~") for edge in node.strip("|").split("|")]
            made = nn.ModuleDict()
            for name, start in edges:
                layer = self.MAKE[name](inputs)
                if layer is not None:
                    made[start] = layer
            self.nodes.append(made)

    def forward(self, x):
        maps = [x]
        for node in self.nodes:
            come = [layer(maps[int(start)]) for start, layer in node.items()]
            maps.append(sum(come) if come else torch.zeros_like(x))
        return maps[-1]


class Residual(nn.Module):
    """What halves height and width between the stacks of NAS-Bench-201."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.first = Convolution(inputs, outputs, 3, "before", stride=2)
        self.second = Convolution(outputs, outputs, 3, "before")
        self.shortcut = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(inputs, outputs, 1, bias=False))

    def forward(self, x):
        return self.shortcut(x) + self.second(self.first(x))


class Network(nn.Module):
    """The network of a cell: three stacks of cells, with twice the channels in each."""

    def __init__(self, space, cell, channels, cells, image_channels, classes):
        super().__init__()
        is101 = space == "nasbench101"
        make = Cell101 if is101 else Cell201
        layers = [Convolution(image_channels, channels, 3, "after" if is101 else None)]
        for stack in range(3):
            width = channels * 2**stack
            if stack > 0:
                layers.append(nn.MaxPool2d(2) if is101 else Residual(width // 2, width))
            for i in range(cells):
                inputs = width // 2 if is101 and stack > 0 and i == 0 else width
                layers.append(make(cell, inputs, width))
        if not is101:
            layers += [nn.BatchNorm2d(width), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self.classifier = nn.Linear(width, classes)
        if is101:
            for module in self.modules():
                if isinstance(module, nn.Conv2d):
                    deviation = (module.weight[0].numel()) ** -0.5 / 0.87962566103423978
                    nn.init.trunc_normal_(module.weight, 0, deviation, -2 * deviation, 2 * deviation)
            nn.init.xavier_uniform_(self.classifier.weight)
            nn.init.zeros_(self.classifier.bias)

    def forward(self, x):
        return self.classifier(self.layers(x).mean((2, 3)))


class RMSProp(torch.optim.Optimizer):
    """TensorFlow's: epsilon within the root, and the learning rate within the momentum."""

    def __init__(self, parameters, lr, weight_decay, decay=0.9, momentum=0.9, epsilon=1.0):
        super().__init__(parameters, dict(lr=lr, weight_decay=weight_decay))
        self.decay, self.momentum, self.epsilon = decay, momentum, epsilon

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                squares = state.setdefault("squares", torch.ones_like(p))
                velocity = state.setdefault("velocity", torch.zeros_like(p))
                gradient = p.grad + group["weight_decay"] * p
                squares.mul_(self.decay).addcmul_(gradient, gradient, value=1 - self.decay)
                velocity.mul_(self.momentum).add_(gradient / (squares + self.epsilon).sqrt(), alpha=group["lr"])
                p.sub_(velocity)


def optimizer_of(space, parameters, lr, weight_decay):
    if space == "nasbench101":
        return RMSProp(parameters, lr, weight_decay)
    return torch.optim.SGD(parameters, lr, momentum=0.9, nesterov=True, weight_decay=weight_decay)


def load_images(dataset, limit):
    """Images and labels to train on, for validation and for tests: three pairs of tensors."""
    if dataset == "digits":
        rows = np.fromfile(Path(__file__).parent / "digits.bin", np.uint8).reshape(-1, 1 + 64)
        shape, parts = (1, 8, 8), np.split(rows, [len(rows) - 600, len(rows) - 300])
    else:
        # A folder of CIFAR-10's binary files.
        shape = (3, 32, 32)
        read = lambda n: np.fromfile(Path(dataset) / n, np.uint8).reshape(-1, 1 + 3072)
        rows = np.concatenate([read(f"data_batch_{n}.bin") for n in range(1, 6)])
        parts = [*np.split(rows, [len(rows) - 10_000]), read("test_batch.bin")]
    parts[0] = parts[0][:limit]
    pixels = parts[0][:, 1:].reshape(-1, *shape).astype(np.float64)
    mean, deviation = pixels.mean((0, 2, 3)), pixels.std((0, 2, 3))
    deviation[deviation == 0] = 1
    normal = lambda rows: (rows[:, 1:].reshape(-1, *shape) - mean[:, None, None]) / deviation[:, None, None]
    return [(torch.tensor(normal(p), dtype=torch.float32), torch.tensor(p[:, 0], dtype=torch.long)) for p in parts]


def augment(x, crop, flip):
    size = x.shape[-1]
    padded = F.pad(x, (crop,) * 4)
    result = torch.empty_like(x)
    for i in range(len(x)):
        top, left = torch.randint(2 * crop + 1, (2,)).tolist()
        part = padded[i, :, top : top + size, left : left + size]
        result[i] = part.flip(-1) if flip and torch.rand(()) < 0.5 else part
    return result


def accuracy(model, x, y, batch_size):
    model.eval()
    with torch.no_grad():
        right = sum((model(a).argmax(1) == b).sum().item() for a, b in zip(x.split(batch_size), y.split(batch_size)))
    model.train()
    return right / len(y)


def train(request):
    space, recipe = request["space"], {**PUBLISHED[request["space"]], **request["recipe"]}
    torch.manual_seed(recipe["seed"])
    dataset = recipe.get("dataset", "digits")
    (x, y), validation, test = load_images(dataset, recipe.get("images"))
    crop, flip = recipe.get("crop", x.shape[-1] // 8), recipe.get("flip", dataset != "digits")
    epochs, batch_size, rate = recipe["epochs"], recipe["batch_size"], recipe["learning_rate"]
    batches = len(x) // batch_size
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = Network(space, request["cell"], recipe["channels"], recipe["cells"], x.shape[1], 10).to(device)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = max(STATISTICS_RATE[space], min(1, 10 / (epochs * batches)))
    optimizer = optimizer_of(space, model.parameters(), rate, recipe["weight_decay"])
    (x, y), validation, test = [(a.to(device), b.to(device)) for a, b in [(x, y), validation, test]]
    checkpoint, first, curve = Path(request["work_dir"]) / "checkpoint", 0, []
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        first, curve = saved["epoch"], saved["curve"]
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        torch.set_rng_state(saved["random"])
    started = time.time()
    for epoch in range(first, epochs):
        order, right = torch.randperm(len(x)), 0
        for step in range(batches):
            for group in optimizer.param_groups:
                share = (epoch * batches + step) / (epochs * batches)
                group["lr"] = rate * (1 + math.cos(math.pi * share)) / 2
            rows = order[step * batch_size : (step + 1) * batch_size].to(device)
            logits = model(augment(x[rows], crop, flip))
            loss = F.cross_entropy(logits, y[rows])
            if not torch.isfinite(loss):
                return {"status": "failed", "reason": "diverged", "message": f"loss {loss.item()}", "retryable": False}
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            right += (logits.argmax(1) == y[rows]).sum().item()
        curve.append(right / (batches * batch_size))
        print(json.dumps({"event": "progress", "epoch": epoch + 1, "epochs": epochs, "train": curve[-1]}), flush=True)
        state = {"epoch": epoch + 1, "curve": curve, "model": model.state_dict()}
        state |= {"optimizer": optimizer.state_dict(), "random": torch.get_rng_state()}
        torch.save(state, f"{checkpoint}.tmp")
        os.replace(f"{checkpoint}.tmp", checkpoint)
    return {
        "status": "ok",
        "validation_accuracy": accuracy(model, *validation, batch_size),
        "test_accuracy": accuracy(model, *test, batch_size),
        "train_accuracy": curve[-1],
        "epochs": epochs,
        "seconds": time.time() - started,
        "parameters": sum(p.numel() for p in model.parameters()),
        "curve": curve,
        "device": device,
        "versions": {"torch": torch.__version__},
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--request", required=True)
    parser.add_argument("--result", required=True)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    # What is done is on disk after each epoch.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(TRY_AGAIN))
    request = json.loads(Path(options.request).read_text())
    try:
        result = train(request)
    except (KeyError, IndexError, ValueError) as error:
        result = {"status": "failed", "reason": "invalid_cell", "message": repr(error), "retryable": False}
    result = {"protocol": 1, "id": request["id"], **result}
    Path(f"{options.result}.tmp").write_text(json.dumps(result))
    os.replace(f"{options.result}.tmp", options.result)


if __name__ == "__main__":
    main()
