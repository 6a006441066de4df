"""Writes odd.json: the logits of the last token that transformers gives for golden models whose settings or tensors are changed.

usage: python make_odd.py
"""

import json
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

HERE = Path(__file__).parent
TOKENS = [3, 17, 29, 5, 5, 38, 11]


def without(*keys):
    return lambda config: {k: v for k, v in config.items() if k not in keys}


def with_(drop=(), **more):
    return lambda config: without(*drop)(config) | more


def same(tensors):
    return tensors


def no_biases(tensors):
    return {name: t for name, t in tensors.items() if not name.endswith(".bias")}


def other_head(tensors):
    table = tensors["transformer.wte.weight"]
    ramp = torch.arange(table.numel(), dtype=torch.float32).reshape(table.shape)
    return tensors | {"lm_head.weight": 1.5 * table + torch.sin(ramp)}


def rope(theta, **more):
    return {"rope_type": "default", "rope_theta": theta, **more}


CASES = {
    "gpt2 without biases": ("gpt2", same, no_biases),
    "gpt2 with a head of its own": ("gpt2", same, other_head),
    "gpt-neox of transformers 4": ("gpt-neox", with_(rotary_emb_base=500), same),
    "gpt-neox of transformers 5": (
        "gpt-neox",
        with_(("rotary_pct", "rotary_emb_base"), rope_parameters=rope(500.0, partial_rotary_factor=0.25)),
        same,
    ),
    "gpt-neox with a stale base": (
        "gpt-neox",
        with_(rope_parameters=rope(500.0, partial_rotary_factor=0.25), rotary_emb_base=50, rope_theta=70.0),
        same,
    ),
    "llama of transformers 4": ("llama", with_(rope_theta=500.0, rope_scaling=None), same),
    "llama with a default scaling": ("llama", with_(rope_theta=500.0, rope_scaling={"type": "default"}), same),
    "llama with a base that is written twice": ("llama", with_(rope_theta=70.0, rope_parameters=rope(500.0)), same),
    "llama with a share that it does not read": ("llama", with_(partial_rotary_factor=0.5), same),
    "llama in parts of a pretraining": ("llama", with_(pretraining_tp=2), same),
    "stablelm without a share": ("stablelm", without("partial_rotary_factor"), same),
}


def logits(base, change, edit):
    folder = HERE / "checkpoints" / base
    config = change(json.loads((folder / "config.json").read_text()))
    tensors = edit(load_file(folder / "model.safetensors"))
    with tempfile.TemporaryDirectory() as made:
        Path(made, "config.json").write_text(json.dumps(config))
        save_file(tensors, f"{made}/model.safetensors", metadata={"format": "pt"})
        model = AutoModelForCausalLM.from_pretrained(made, dtype=torch.float32).double().eval()
        with torch.no_grad():
            return model(torch.tensor([TOKENS])).logits[0, -1].tolist()


if __name__ == "__main__":
    torch.manual_seed(0)
    rows = {name: [round(x, 10) for x in logits(*case)] for name, case in CASES.items()}
    text = ",\n".join(f"    {json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items())
    (HERE / "odd.json").write_text(f'{{\n  "tokens": {TOKENS},\n  "logits": {{\n{text}\n  }}\n}}\n')
