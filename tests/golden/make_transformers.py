"""Encoders, encoder-decoders, vision, speech and image-text Transformers in PyTorch, in float64, written from the papers: outputs, a loss and
what is left of its gradients. Parameters follow from their names, so that none is stored.

usage: python tests/golden/make_transformers.py > tests/golden/transformers.json
"""
import json, math
import torch
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
D, H, HIDDEN = 8, 2, 12
EPS = 1e-5


class Parameters:
    """Makes a parameter when it is first asked for."""

    def __init__(self):
        self.all = {}

    def __call__(self, name, *shape):
        if name not in self.all:
            size = math.prod(shape)
            seed = sum((i + 1) * ord(c) for i, c in enumerate(name)) % 997
            values = torch.sin(torch.arange(size) * 0.7 + seed) * 0.3
            if name.endswith(".gain"):
                values = values + 1
            self.all[name] = values.reshape(shape).clone().requires_grad_()
        return self.all[name]


def norm(p, path, x, width=D, eps=EPS):
    return F.layer_norm(x, (width,), p(f"{path}.gain", width), p(f"{path}.bias", width), eps)


def linear(p, path, x, names, inputs, outputs):
    return x @ p(f"{path}.w{names}", inputs, outputs) + p(f"{path}.b{names}", outputs)


def attention(p, path, x, memory, mask, inner):
    def heads(y):
        return y.unflatten(-1, (H, D // H)).transpose(-3, -2)

    q, k, v = (heads(linear(p, path, y, n, D, D)) for n, y in (("q", x), ("k", memory), ("v", memory)))
    scores = q @ k.transpose(-1, -2) / math.sqrt(D // H)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    y = (scores.softmax(-1) @ v).transpose(-3, -2).flatten(-2)
    return linear(p, path, inner(y), "o", D, D)


def feed_forward(p, path, x, inner):
    return linear(p, path, inner(F.gelu(linear(p, path, x, "1", D, HIDDEN))), "2", HIDDEN, D)


def deep_norm_alpha(stack, depth, other):
    if other is None:
        return (2 * depth) ** 0.25
    n, m = (depth, other) if stack == "encoder" else (other, depth)
    return 0.81 * (n**4 * m) ** (1 / 16) if stack == "encoder" else (3 * m) ** 0.25


def stack(p, variant, x, name, depth, prefix="", other=None, memory=None, own_mask=None, memory_mask=None, patches=None):
    """Rows through a stack: the residual stream, and for ResiDual the dual one. The first `patches` rows and the others have feed-forward
    networks of their own, where `patches` is given."""
    alpha = deep_norm_alpha(name, depth, other)

    def join(x, dual, layer, role, own):
        path = f"{prefix}blocks.{layer}"
        place = lambda where, width=D: lambda y: norm(p, f"{path}.norm.{own}.{where}", y, width)
        has_inner = variant == "sub-ln" and role != "crossAttention"
        inner = place("inner", HIDDEN if role == "feedForward" else D) if has_inner else lambda y: y

        def f(y):
            at = f"{path}.{own}"
            if role == "feedForward":
                return feed_forward(p, at, y, inner)
            if role == "attention":
                return attention(p, at, y, y, own_mask, inner)
            return attention(p, at, y, memory, memory_mask, inner)

        if variant == "post-ln":
            return place("stream")(x + f(x)), dual
        if variant == "deep-norm":
            return place("stream")(alpha * x + f(x)), dual
        if variant in ("pre-ln", "sub-ln"):
            return x + f(place("input")(x)), dual
        y = f(x)
        return place("stream")(x + y), dual + y

    dual = x
    for layer in range(1, depth + 1):
        x, dual = join(x, dual, layer, "attention", "attention")
        if memory is not None:
            x, dual = join(x, dual, layer, "crossAttention", "crossAttention")
        if patches is None:
            x, dual = join(x, dual, layer, "feedForward", "feedForward")
        else:
            images = join(x[:, :patches], dual[:, :patches], layer, "feedForward", "feedForward.patches")
            texts = join(x[:, patches:], dual[:, patches:], layer, "feedForward", "feedForward.tokens")
            x, dual = (torch.cat(both, 1) for both in zip(images, texts))
    if variant == "resi-dual":
        return x + norm(p, f"{prefix}norm.final", dual, eps=1e-7)
    return x if variant in ("post-ln", "deep-norm") else norm(p, f"{prefix}norm.final", x)


def tokens(p, ids, prefix, vocabulary, context, scale):
    ids = torch.tensor(ids)
    return scale * p(f"{prefix}wte", vocabulary, D)[ids] + p(f"{prefix}wpe", context, D)[: ids.shape[1]]


def causal(length):
    return torch.ones(length, length, dtype=torch.bool).tril()


SOURCE, LENGTHS, TARGET = [[1, 2, 3, 4], [5, 6, 0, 0]], [4, 2], [[1, 3, 5], [2, 4, 6]]


def padding(lengths, keys):
    return (torch.arange(keys) < torch.tensor(lengths)[:, None])[:, None, None, :]


def encoder(p, variant):
    x = tokens(p, SOURCE, "", 7, 5, math.sqrt(D))
    y = stack(p, variant, x, "encoder", 2, own_mask=padding(LENGTHS, 4))
    return linear_head(p, y, 7)


def linear_head(p, y, outputs):
    return y @ p("head.w", D, outputs) + p("head.b", outputs)


def encoder_decoder(p, variant):
    scale, mask = math.sqrt(D), padding(LENGTHS, 4)
    memory = stack(p, variant, tokens(p, SOURCE, "encoder.", 7, 5, scale), "encoder", 2, "encoder.", 3, own_mask=mask)
    x = tokens(p, TARGET, "decoder.", 7, 5, scale)
    y = stack(p, variant, x, "decoder", 3, "decoder.", 2, memory, causal(3), mask)
    return linear_head(p, y, 7)


def ramp(*shape):
    return torch.cos(torch.arange(math.prod(shape)) * 0.9).reshape(shape)


def patch_rows(p):
    patches = F.conv2d(ramp(2, 1, 6, 6), p("patches.w", D, 1, 3, 3), p("patches.b", D), stride=3)
    return patches.flatten(2).transpose(1, 2)


def vision(p, variant):
    x = torch.cat([p("class", 1, D).expand(2, 1, D), patch_rows(p)], 1) + p("wpe", 5, D)
    return linear_head(p, stack(p, variant, x, "encoder", 2)[:, :1], 4)


def masked_image(p, variant):
    patches = patch_rows(p)
    masked = torch.tensor([[1, 0, 0, 1], [0, 1, 0, 0]], dtype=torch.bool)[..., None]
    rows = torch.where(masked, p("mask", 1, D), patches)
    return linear_head(p, stack(p, variant, rows + p("wpe", 4, D), "encoder", 2), 5)


def image_text(p, variant):
    images = patch_rows(p) + p("patches.wpe", 4, D)
    x = torch.cat([images, tokens(p, SOURCE, "", 7, 5, math.sqrt(D))], 1)
    mask = padding([4 + length for length in LENGTHS], 8)
    return linear_head(p, stack(p, variant, x, "encoder", 2, own_mask=mask, patches=4)[:, 4:], 7)


def speech(p, variant):
    heard = F.gelu(F.conv1d(ramp(2, 3, 8), p("convolutions.1.w", D, 3, 3), p("convolutions.1.b", D), padding=1))
    heard = F.gelu(F.conv1d(heard, p("convolutions.2.w", D, D, 3), p("convolutions.2.b", D), stride=2, padding=1))
    x = heard.transpose(1, 2) + p("wpe", 4, D)
    return linear_head(p, stack(p, variant, x, "encoder", 2), 5)


def golden(model, variant):
    p = Parameters()
    logits = model(p, variant)
    loss = (logits * ramp(*logits.shape)).sum()
    loss.backward()
    weighed = {n: float((v.grad.flatten() * torch.cos(torch.arange(v.numel()) * 1.0)).sum()) for n, v in p.all.items()}
    return {"logits": logits.flatten().tolist(), "loss": float(loss), "gradients": weighed}


models = {
    "encoder": encoder,
    "encoder-decoder": encoder_decoder,
    "vision": vision,
    "masked image": masked_image,
    "speech": speech,
    "image-text": image_text,
}
variants = ["post-ln", "pre-ln", "sub-ln", "deep-norm", "resi-dual"]
print(json.dumps({m: {v: golden(f, v) for v in variants} for m, f in models.items()}))
