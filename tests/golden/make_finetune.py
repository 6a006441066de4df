"""Golden fine-tuning: three AdamW steps of transformers' models on the golden checkpoints.

Reads the folders of tests/golden/checkpoints (see make_checkpoints.py) and writes finetune.json: the
losses before each step and after the last, and the first four numbers of every tensor at the end.
Every step reads the same row of tokens; nothing is dropped. Matrices and embeddings decay, biases
and the parameters of norms do not. All computation is in float64.

    pip install torch==2.13.0 transformers==5.24.0 safetensors==0.8.0
    python tests/golden/make_finetune.py
"""

import json
from pathlib import Path

import torch
import transformers
from make_checkpoints import CASES, stored_place
from safetensors.torch import load_file

SEED = 20250101
FOLDER = Path(__file__).parent
SETTINGS = {"rate": 1e-3, "betas": [0.9, 0.98], "eps": 1e-8, "weightDecay": 0.1, "steps": 3}
VOCABULARY = 40
LENGTH = 13


def decoders():
    """The golden models that are causal language models."""
    for folder in sorted((FOLDER / "checkpoints").iterdir()):
        (architecture,) = json.loads((folder / "config.json").read_text())["architectures"]
        if architecture.endswith(("CausalLM", "LMHeadModel")):
            yield folder.name


def decaying(model):
    """Parameters that decay, and those that do not."""
    norms = {
        id(parameter)
        for module in model.modules()
        if "Norm" in type(module).__name__
        for parameter in module.parameters(recurse=False)
    }
    parts = ([], [])
    for name, parameter in model.named_parameters():
        parts[id(parameter) in norms or name.endswith("bias")].append(parameter)
    return parts


def loss_of(model, tokens):
    return model(input_ids=tokens, labels=tokens, use_cache=False).loss


def stored_names(model, folder):
    """Parameters by their names in the file; those of experts, which transformers 5 joins, are left out."""
    stored = load_file(folder / "model.safetensors")
    parameters = [one for one in model.named_parameters() if ".experts." not in one[0]]
    return {stored_place(name, value, stored)[0]: value for name, value in parameters}


def digits(value):
    return float(f"{value:.12g}")


def fine_tune(name, tokens):
    folder = FOLDER / "checkpoints" / name
    # other implementations of experts have no float64
    options = {"experts_implementation": "eager"} if "experts" in CASES[name][2] else {}
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float64, local_files_only=True, **options
    )
    model.eval()  # no dropout; gradients flow all the same
    decayed, kept = decaying(model)
    groups = [
        {"params": decayed, "weight_decay": SETTINGS["weightDecay"]},
        {"params": kept, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(
        groups, lr=SETTINGS["rate"], betas=tuple(SETTINGS["betas"]), eps=SETTINGS["eps"]
    )
    # XGLM fills masks with the least number of its weights, in numbers of the default kind
    torch.set_default_dtype(torch.float64 if name == "xglm" else torch.float32)
    named = stored_names(model, folder)
    losses = []
    for _ in range(SETTINGS["steps"]):
        optimizer.zero_grad()
        loss = loss_of(model, tokens)
        loss.backward()
        losses.append(digits(loss.item()))
        optimizer.step()
    losses.append(digits(loss_of(model, tokens).item()))
    final = {
        name: [digits(value) for value in tensor.flatten()[:4].tolist()]
        for name, tensor in named.items()
    }
    return {"losses": losses, "final": final}


def main():
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    generator = torch.Generator().manual_seed(SEED)
    tokens = torch.randint(VOCABULARY, (1, LENGTH), generator=generator)
    golden = {
        "metadata": {
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "seed": SEED,
        },
        "settings": SETTINGS,
        "tokens": tokens[0].tolist(),
        "models": {name: fine_tune(name, tokens) for name in decoders()},
    }
    text = json.dumps(golden, separators=(",", ":"))
    (FOLDER / "finetune.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
