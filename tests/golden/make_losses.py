"""Losses that leave rows out, smooth labels or sum over alignments: values and gradients, by PyTorch.

    pip install torch==2.13.0
    python tests/golden/make_losses.py
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F

SEED = 14


def exact(tensor):
    return tensor.detach().flatten().tolist()


def rounded(tensor):
    return [float(f"{value:.12g}") for value in tensor.detach().flatten().tolist()]


def draw(generator, shape, std=2.0):
    """Multiples of 1/1024, the same numbers in every precision."""
    return (torch.randn(shape, generator=generator) * std * 1024).round().double() / 1024


def cross_entropy(generator, ignore, smoothing):
    logits = draw(generator, (6, 5)).requires_grad_()
    labels = torch.tensor([4, ignore, 2, 2, ignore, 0])
    loss = F.cross_entropy(logits, labels, ignore_index=ignore, label_smoothing=smoothing)
    (slopes,) = torch.autograd.grad(loss, logits)
    return {
        "options": {"ignore": ignore, "smoothing": smoothing},
        "shape": list(logits.shape),
        "logits": exact(logits),
        "labels": labels.tolist(),
        "loss": loss.item(),
        "dLogits": rounded(slopes),
    }


def ctc(generator, frames, classes, labels, lengths, blank):
    logits = draw(generator, (len(labels), frames, classes)).requires_grad_()
    loss = F.ctc_loss(
        logits.log_softmax(-1).transpose(0, 1),
        torch.tensor([symbol for label in labels for symbol in label]),
        torch.tensor(lengths),
        torch.tensor([len(label) for label in labels]),
        blank=blank,
        reduction="mean",
    )
    (slopes,) = torch.autograd.grad(loss, logits)
    return {
        "options": {"lengths": lengths, "blank": blank},
        "shape": list(logits.shape),
        "logits": exact(logits),
        "labels": labels,
        "loss": loss.item(),
        "dLogits": rounded(slopes),
    }


if __name__ == "__main__":
    generator = torch.Generator().manual_seed(SEED)
    made = {
        "metadata": {"torch": torch.__version__, "seed": SEED},
        "crossEntropy": [
            cross_entropy(generator, ignore, smoothing)
            for ignore, smoothing in [(-100, 0.0), (-100, 0.1), (3, 0.1), (-1, 1.0)]
        ],
        "ctc": [
            ctc(generator, 7, 4, [[1, 2, 3], [2, 2], []], [7, 5, 6], 0),
            ctc(generator, 5, 3, [[1, 1, 0], [0]], [4, 1], 2),
        ],
    }
    path = Path(__file__).parent / "losses.json"
    path.write_text(json.dumps(made) + "\n")
