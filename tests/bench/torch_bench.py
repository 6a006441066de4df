"""PyTorch's side of the benchmark: reads one JSON request a line, writes one JSON answer a line.

{"open": 1, "spec": {...}}  sets a computation up     -> {"ok": true} or {"absent": "why"}
{"time": 1, "times": 5}     runs it, and times itself -> {"ms": 12.3}
{"close": 1}                frees it                  -> {"ok": true}
"""

import json
import os
import resource
import sys
import time

import torch
import torch.nn.functional as F

DEVICE = os.environ["NORMKIT_TORCH_DEVICE"]  # "cpu" or "cuda"
torch.set_num_threads(int(os.environ["NORMKIT_TORCH_THREADS"]))
torch.manual_seed(0)


def tensor(*shape, grad=False):
    return torch.randn(*shape, device=DEVICE).requires_grad_(grad)


class Absent(Exception):
    """This PyTorch cannot run what was asked for."""


def passes(spec, forward, inputs):
    """The forward pass alone, or with the gradients of every input."""
    if spec["task"] == "forward":

        def run():
            with torch.no_grad():
                return first(forward())

        return run
    with torch.no_grad():
        outputs = forward()
    dys = [torch.randn_like(y) for y in (outputs if isinstance(outputs, tuple) else (outputs,))]

    def run_both():
        outputs = forward()
        torch.autograd.grad(outputs, inputs, dys)
        return first(outputs)

    return run_both


def first(outputs):
    return outputs[0] if isinstance(outputs, tuple) else outputs


def liger(name):
    """Liger's Triton kernel."""
    try:
        from liger_kernel.transformers.functional import liger_layer_norm, liger_rms_norm
    except ImportError as error:
        raise Absent(f"Liger is not installed ({error})") from error

    def norm(x, gain, bias):
        if (name, gain is None, bias is None) == ("LayerNorm", False, False):
            return liger_layer_norm(x, gain, bias, 1e-5)
        if (name, gain is None, bias is None) == ("RMSNorm", False, True):
            return liger_rms_norm(x, gain, 1e-5)
        raise Absent(f"Liger has no {name} with these parameters")

    return norm


def norm_function(name, width, by):
    """A norm by PyTorch's own kernel, by its compiler (Triton on CUDA), or by Liger."""
    if by == "liger":
        return liger(name)
    if name == "LayerNorm":
        norm = lambda x, gain, bias: F.layer_norm(x, (width,), gain, bias, 1e-5)
    elif name == "RMSNorm":
        rms = lambda x, gain: F.rms_norm(x, (width,), gain, 1e-5)
        norm = lambda x, gain, bias: rms(x, gain) if bias is None else rms(x, gain) + bias
    else:
        raise Absent(f"PyTorch has no {name}")
    return torch.compile(norm) if by == "compile" else norm


def norm(spec):
    rows, width, grad = spec["rows"], spec["width"], spec["task"] != "forward"
    count = {"none": 0, "gain": 1, "gain and bias": 2}[spec["parameters"]]
    x, vectors = tensor(rows, width, grad=grad), [tensor(width, grad=grad) for _ in range(count)]
    f = norm_function(spec["norm"], width, spec.get("by"))
    gain, bias = (vectors + [None, None])[:2]
    return passes(spec, lambda: f(x, gain, bias), [x, *vectors])


def add_norm(spec):
    rows, width, grad = spec["rows"], spec["width"], spec["task"] != "forward"
    x, branch = tensor(rows, width, grad=grad), tensor(rows, width, grad=grad)
    gain, bias = tensor(width, grad=grad), tensor(width, grad=grad)

    def forward():
        total = x + branch
        return total, F.layer_norm(total, (width,), gain, bias, 1e-5)

    return passes(spec, forward, [x, branch, gain, bias])


def gpas(spec):
    rows, width, grad = spec["rows"], spec["width"], spec["task"] != "forward"
    x, gate = tensor(rows, width, grad=grad), torch.tensor(0.3, device=DEVICE, requires_grad=grad)
    return passes(spec, lambda: x - F.silu(gate) * x.detach(), [x, gate])


def copy(spec):
    x = tensor(spec["rows"], spec["width"])
    y = torch.empty_like(x)
    return lambda: y.copy_(x)


def product(spec):
    batch, m, k, n = spec["batch"], spec["m"], spec["k"], spec["n"]
    shape = lambda rows, columns: (rows, columns) if batch == 1 else (batch, rows, columns)
    a = tensor(*shape(*((k, m) if spec["transposeA"] else (m, k))))
    b = tensor(*shape(*((n, k) if spec["transposeB"] else (k, n))))
    left = a.transpose(-1, -2) if spec["transposeA"] else a
    right = b.transpose(-1, -2) if spec["transposeB"] else b

    def run():
        with torch.no_grad():
            return torch.matmul(left, right)

    return run


class Block(torch.nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.q, self.k, self.v, self.o = (torch.nn.Linear(width, width) for _ in range(4))
        self.f1, self.f2 = torch.nn.Linear(width, 4 * width), torch.nn.Linear(4 * width, width)

    def forward(self, x):
        rows, tokens, width = x.shape
        h = self.norm1(x)
        split = lambda y: y.view(rows, tokens, self.heads, width // self.heads).transpose(1, 2)
        q, k, v = split(self.q(h)), split(self.k(h)), split(self.v(h))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(mixed.transpose(1, 2).reshape(rows, tokens, width))
        return x + self.f2(F.gelu(self.f1(self.norm2(x))))


class Decoder(torch.nn.Module):
    def __init__(self, width, depth, heads, vocabulary, tokens, **_):
        super().__init__()
        self.wte = torch.nn.Embedding(vocabulary, width)
        self.wpe = torch.nn.Parameter(torch.randn(tokens, width) * 0.02)
        self.blocks = torch.nn.Sequential(*(Block(width, heads) for _ in range(depth)))
        self.norm = torch.nn.LayerNorm(width)
        self.head = torch.nn.Linear(width, vocabulary, bias=False)
        for module in self.modules():
            if isinstance(module, (torch.nn.Linear, torch.nn.Embedding)):
                torch.nn.init.normal_(module.weight, std=0.02)

    def forward(self, ids):
        return self.head(self.norm(self.blocks(self.wte(ids) + self.wpe)))


def model(spec):
    size = spec["size"]
    net = Decoder(**size).to(DEVICE)
    ids = torch.randint(size["vocabulary"], (size["rows"], size["tokens"]), device=DEVICE)
    labels = torch.randint(size["vocabulary"], (size["rows"] * size["tokens"],), device=DEVICE)
    if spec["task"] == "inference":

        def run():
            with torch.no_grad():
                return net(ids)

        return run
    optimizer = torch.optim.AdamW(
        net.parameters(), lr=1e-4, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.01
    )

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(net(ids).flatten(0, 1), labels)
        loss.backward()
        optimizer.step()
        return loss

    return step


MAKERS = {
    "norm": norm,
    "add & norm": add_norm,
    "GPAS": gpas,
    "copy": copy,
    "product": product,
    "model": model,
}


def timed(run, times):
    start = time.perf_counter()
    for _ in range(times):
        result = run()
    result.flatten()[0].item()  # waits
    return 1000 * (time.perf_counter() - start)


def answer(request, opened):
    if "open" in request:
        spec = request["spec"]
        try:
            opened[request["open"]] = MAKERS[spec["what"]](spec)
        except Absent as reason:
            return {"absent": str(reason)}
        return {"ok": True}
    if "time" in request:
        return {"ms": timed(opened[request["time"]], request["times"])}
    del opened[request["close"]]
    return {"ok": True}


def main():
    hello = {"torch": torch.__version__, "cuda": torch.cuda.is_available()}
    if torch.cuda.is_available():
        hello["gpu"] = torch.cuda.get_device_name()
    print(json.dumps(hello), flush=True)
    opened = {}
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line), opened)
        except Exception as error:  # an answer must come, else the other side waits for ever
            reply = {"absent": f"{type(error).__name__}: {error}"}
        reply["peakMiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
