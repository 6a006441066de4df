"""Golden numbers from PyTorch for the tests of normkit: norms, training steps and two tiny decoders.

Every input is a multiple of 1/1024, so that it is the same number in float32, in float64 and in
JSON; every computation is in float64. Kernels are stored (in, out): y = x W + b. Written from the
formulas and PyTorch's own functions, without a look at the library that it measures.

    pip install torch==2.13.0 numpy
    python tests/golden/make_golden.py
"""

import json
import math
import platform
from pathlib import Path

import torch
import torch.nn.functional as F

SEED = 20250101
FOLDER = Path(__file__).parent


def metadata():
    return {
        "script": "tests/golden/make_golden.py",
        "torch": torch.__version__,
        "python": platform.python_version(),
        "seed": SEED,
    }


def draw(generator, shape, center=0.0, spread=1.0):
    """Normal numbers, rounded to multiples of 1/1024 (exact in float32), as float64."""
    normal = torch.randn(shape, generator=generator, dtype=torch.float64)
    return torch.round((center + spread * normal) * 1024) / 1024


def exact(tensor):
    """The numbers of an input in row-major order, every digit."""
    return tensor.detach().flatten().tolist()


def rounded(tensor):
    """The numbers of a result in row-major order, to 12 significant digits."""
    return [float(f"{value:.12g}") for value in exact(tensor)]


def write(name, content):
    text = json.dumps({"metadata": metadata(), **content}, separators=(",", ":"))
    (FOLDER / name).write_text(text.replace('],"', '],\n"') + "\n", encoding="utf-8")


# --- norms.json -------------------------------------------------------------------------------


def crms_norm(x, gain, bias, eps):
    """x holds the d - 1 compressed values; the last one of the d is minus their sum."""
    d = x.shape[-1] + 1
    total = x.sum(-1, keepdim=True)
    mean_square = (x.square().sum(-1, keepdim=True) + total.square()) / d
    return x * torch.rsqrt(mean_square + eps) * gain + bias


NORMS = {
    "layer": lambda x, gain, bias, eps: F.layer_norm(x, x.shape[-1:], gain, bias, eps),
    "rms": lambda x, gain, bias, eps: F.rms_norm(x, x.shape[-1:], gain, eps) + bias,
    "crms": crms_norm,
}


def norm_case(generator, kind, shape, eps, center):
    width = shape[-1:]
    x = draw(generator, shape, center, 1.5).requires_grad_()
    gain = draw(generator, width, 0.5, 1.0).requires_grad_()
    bias = draw(generator, width, -0.3, 1.0).requires_grad_()
    dy = draw(generator, shape)
    value = NORMS[kind](x, gain, bias, eps)
    dx, d_gain, d_bias = torch.autograd.grad(value, (x, gain, bias), dy)
    inputs = {"x": x, "gain": gain, "bias": bias, "dy": dy}
    results = {"value": value, "dx": dx, "dGain": d_gain, "dBias": d_bias}
    return {
        "kind": kind,
        "shape": list(shape),
        "eps": eps,
        "center": center,
        **{name: exact(tensor) for name, tensor in inputs.items()},
        **{name: rounded(tensor) for name, tensor in results.items()},
    }


def norms():
    generator = torch.Generator().manual_seed(SEED)
    shapes = [(7,), (3, 5), (2, 3, 8), (4, 33)]
    cases = [(shape, eps, 0.0) for shape in shapes for eps in (1e-5, 1e-3)]
    cases.append(((3, 16), 1e-5, 1000.0))
    return {"cases": [norm_case(generator, kind, *case) for kind in NORMS for case in cases]}


# --- training.json ----------------------------------------------------------------------------


def optimizer_run(make, start, gradients):
    parameters = start.clone().requires_grad_()
    optimizer = make([parameters])
    after = []
    for gradient in gradients:
        parameters.grad = gradient.clone()
        optimizer.step()
        after.append(rounded(parameters))
    return after


def training():
    generator = torch.Generator().manual_seed(SEED + 1)
    logits = draw(generator, (5, 7), 0.0, 3.0).requires_grad_()
    targets = torch.randint(7, (5,), generator=generator)
    loss = F.cross_entropy(logits, targets)
    (d_logits,) = torch.autograd.grad(loss, logits)

    start = draw(generator, (6,))
    gradients = [draw(generator, (6,)) for _ in range(4)]
    adamw = {"learningRate": 0.03, "beta1": 0.9, "beta2": 0.95, "eps": 1e-8, "weightDecay": 0.1}
    sgd = {"learningRate": 0.03}
    radam = adamw | {"beta2": 0.9}
    further = [draw(generator, (6,)) for _ in range(9)]  # its first five steps are of momentum alone

    def make_adamw(parameters):
        betas = (adamw["beta1"], adamw["beta2"])
        return torch.optim.AdamW(
            parameters, adamw["learningRate"], betas, adamw["eps"], adamw["weightDecay"]
        )

    def make_radam(parameters):
        betas = (radam["beta1"], radam["beta2"])
        return torch.optim.RAdam(
            parameters,
            radam["learningRate"],
            betas,
            radam["eps"],
            radam["weightDecay"],
            decoupled_weight_decay=True,
        )

    return {
        "crossEntropy": {
            "shape": list(logits.shape),
            "logits": exact(logits),
            "targets": targets.tolist(),
            "loss": loss.item(),
            "dLogits": rounded(d_logits),
        },
        "start": exact(start),
        "gradients": [exact(gradient) for gradient in gradients],
        "adamW": {"settings": adamw, "after": optimizer_run(make_adamw, start, gradients)},
        "sgd": {
            "settings": sgd,
            "after": optimizer_run(
                lambda p: torch.optim.SGD(p, sgd["learningRate"]), start, gradients
            ),
        },
        "rAdam": {
            "settings": radam,
            "gradients": [exact(gradient) for gradient in further],
            "after": optimizer_run(make_radam, start, further),
        },
    }


# --- decoder.json -----------------------------------------------------------------------------

VOCABULARY, CONTEXT, WIDTH, HEADS, DEPTH, HIDDEN = 11, 8, 8, 2, 2, 16
BATCH, LENGTH = 2, 6
EPS = 1e-5
HEAD_WIDTH = WIDTH // HEADS
TRAINING = {
    "learningRate": 1e-2,
    "beta1": 0.9,
    "beta2": 0.95,
    "eps": 1e-8,
    "weightDecay": 0.1,
    "clip": 1.0,
    "steps": 3,
}


def rotate(x):
    """Rotary positions: coordinate i of the first half of a head turns with i of the second half."""
    half = HEAD_WIDTH // 2
    frequency = 10000.0 ** (-2 * torch.arange(half, dtype=torch.float64) / HEAD_WIDTH)
    angle = torch.arange(x.shape[-2], dtype=torch.float64)[:, None] * frequency
    a, b = x[..., :half], x[..., half:]
    return torch.cat((a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()), -1)


def attention(p, at, x, turn):
    def heads(matrix, bias):
        y = x @ p[f"{at}.{matrix}"] + p.get(f"{at}.{bias}", 0.0)
        return y.reshape(BATCH, LENGTH, HEADS, HEAD_WIDTH).transpose(1, 2)

    q, k, v = turn(heads("wq", "bq")), turn(heads("wk", "bk")), heads("wv", "bv")
    scores = q @ k.transpose(-1, -2) / math.sqrt(HEAD_WIDTH)
    future = torch.ones(LENGTH, LENGTH, dtype=torch.bool).triu(1)
    mixed = scores.masked_fill(future, -torch.inf).softmax(-1) @ v
    joined = mixed.transpose(1, 2).reshape(BATCH, LENGTH, WIDTH)
    return joined @ p[f"{at}.wo"] + p.get(f"{at}.bo", 0.0)


def gelu_network(p, at, x):
    hidden = F.gelu(x @ p[f"{at}.w1"] + p[f"{at}.b1"], approximate="none")
    return hidden @ p[f"{at}.w2"] + p[f"{at}.b2"]


def swiglu_network(p, at, x):
    return (F.silu(x @ p[f"{at}.w1"]) * (x @ p[f"{at}.w3"])) @ p[f"{at}.w2"]


def layer_norm(p, at, x):
    return F.layer_norm(x, (WIDTH,), p[f"{at}.gain"], p[f"{at}.bias"], EPS)


def rms_norm(p, at, x):
    return F.rms_norm(x, (WIDTH,), p[f"{at}.gain"], EPS)


def pre_norm_stack(p, x, norm, turn, network):
    for layer in range(1, DEPTH + 1):
        block = f"blocks.{layer}"
        normed = norm(p, f"{block}.norm.attention.input", x)
        x = x + attention(p, f"{block}.attention", normed, turn)
        normed = norm(p, f"{block}.norm.feedForward.input", x)
        x = x + network(p, f"{block}.feedForward", normed)
    return norm(p, "norm.final", x)


def gelu_decoder(p, tokens):
    x = p["wte"][tokens] + p["wpe"][:LENGTH]
    return pre_norm_stack(p, x, layer_norm, lambda q: q, gelu_network) @ p["head.w"]


def swiglu_decoder(p, tokens):
    return pre_norm_stack(p, p["wte"][tokens], rms_norm, rotate, swiglu_network) @ p["wte"].T


def draw_parameters(generator, shapes):
    """Gains around 1, biases around 0, kernels with the variance 1 / fan-in, tables with 1/2."""

    def one(name, shape):
        last = name.rsplit(".", 1)[-1]
        if last == "gain":
            return draw(generator, shape, 1.0, 0.3)
        if len(shape) == 1:
            return draw(generator, shape, 0.0, 0.2)
        spread = 0.7 if name in ("wte", "wpe") else shape[0] ** -0.5
        return draw(generator, shape, 0.0, spread)

    return {name: one(name, shape).requires_grad_() for name, shape in shapes.items()}


def gelu_shapes():
    shapes = {"wte": (VOCABULARY, WIDTH), "wpe": (CONTEXT, WIDTH)}
    for layer in range(1, DEPTH + 1):
        at = f"blocks.{layer}"
        shapes |= {f"{at}.attention.{w}": (WIDTH, WIDTH) for w in ("wq", "wk", "wv", "wo")}
        shapes |= {f"{at}.attention.{b}": (WIDTH,) for b in ("bq", "bk", "bv", "bo")}
        shapes |= {
            f"{at}.feedForward.w1": (WIDTH, HIDDEN),
            f"{at}.feedForward.b1": (HIDDEN,),
            f"{at}.feedForward.w2": (HIDDEN, WIDTH),
            f"{at}.feedForward.b2": (WIDTH,),
        }
        for part in ("attention", "feedForward"):
            shapes |= {f"{at}.norm.{part}.input.{name}": (WIDTH,) for name in ("gain", "bias")}
    final = {"norm.final.gain": (WIDTH,), "norm.final.bias": (WIDTH,)}
    return shapes | final | {"head.w": (WIDTH, VOCABULARY)}


def swiglu_shapes():
    shapes = {"wte": (VOCABULARY, WIDTH)}
    for layer in range(1, DEPTH + 1):
        at = f"blocks.{layer}"
        shapes |= {f"{at}.attention.{w}": (WIDTH, WIDTH) for w in ("wq", "wk", "wv", "wo")}
        shapes |= {
            f"{at}.feedForward.w1": (WIDTH, HIDDEN),
            f"{at}.feedForward.w3": (WIDTH, HIDDEN),
            f"{at}.feedForward.w2": (HIDDEN, WIDTH),
        }
        for part in ("attention", "feedForward"):
            shapes[f"{at}.norm.{part}.input.gain"] = (WIDTH,)
    return shapes | {"norm.final.gain": (WIDTH,)}


def train(decoder, start, tokens, targets):
    """AdamW steps on one batch: losses before each step and after the last, norms before clipping."""
    parameters = {name: value.detach().clone().requires_grad_() for name, value in start.items()}
    betas = (TRAINING["beta1"], TRAINING["beta2"])
    optimizer = torch.optim.AdamW(
        parameters.values(), TRAINING["learningRate"], betas, TRAINING["eps"], TRAINING["weightDecay"]
    )
    losses, gradient_norms = [], []
    for _ in range(TRAINING["steps"]):
        optimizer.zero_grad()
        loss = F.cross_entropy(decoder(parameters, tokens).flatten(0, 1), targets.flatten())
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(parameters.values(), TRAINING["clip"])
        optimizer.step()
        losses.append(loss.item())
        gradient_norms.append(norm.item())
    last = F.cross_entropy(decoder(parameters, tokens).flatten(0, 1), targets.flatten())
    return {
        "settings": TRAINING,
        "losses": [*losses, last.item()],
        "gradientNorms": gradient_norms,
        "final": {name: rounded(value) for name, value in parameters.items()},
    }


def model(generator, name, decoder, shapes, choices):
    parameters = draw_parameters(generator, shapes)
    tokens = torch.randint(VOCABULARY, (BATCH, LENGTH), generator=generator)
    targets = torch.randint(VOCABULARY, (BATCH, LENGTH), generator=generator)
    logits = decoder(parameters, tokens)
    loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    gradients = torch.autograd.grad(loss, list(parameters.values()))
    return {
        "name": name,
        "config": {
            "vocabulary": VOCABULARY,
            "context": CONTEXT,
            "width": WIDTH,
            "heads": HEADS,
            "depth": DEPTH,
            "hidden": HIDDEN,
            "eps": EPS,
            **choices,
        },
        "tokens": tokens.tolist(),
        "targets": targets.tolist(),
        "parameters": {
            key: {"shape": list(value.shape), "values": exact(value)}
            for key, value in parameters.items()
        },
        "logits": {"shape": list(logits.shape), "values": rounded(logits)},
        "loss": loss.item(),
        "gradients": {key: rounded(g) for key, g in zip(parameters, gradients)},
        "training": train(decoder, parameters, tokens, targets),
    }


def decoders():
    generator = torch.Generator().manual_seed(SEED + 2)
    gelu = {
        "residual": "pre-ln",
        "norm": "layer",
        "positions": "learned",
        "activation": "gelu",
        "tied": False,
        "biases": True,
    }
    swiglu = {
        "residual": "pre-ln",
        "norm": "rms",
        "positions": "rotary",
        "activation": "swiglu",
        "tied": True,
        "biases": False,
    }
    return {
        "models": [
            model(generator, "gelu", gelu_decoder, gelu_shapes(), gelu),
            model(generator, "swiglu", swiglu_decoder, swiglu_shapes(), swiglu),
        ]
    }


if __name__ == "__main__":
    torch.use_deterministic_algorithms(True)
    write("norms.json", norms())
    write("training.json", training())
    write("decoder.json", decoders())
