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
from safetensors import safe_open

SEED = 20250101
FOLDER = Path(__file__).parent
SETTINGS = {"rate": 1e-3, "betas": [0.9, 0.98], "eps": 1e-8, "weightDecay": 0.1, "steps": 3}
VOCABULARY = 40
LENGTH = 13
NAMES = (
    "gpt2 gpt2-untied opt gpt-neo gpt-neox gpt-neox-sequential gptj phi bloom falcon falcon-new "
    "falcon-alibi mpt llama mistral qwen2 qwen3 gemma gemma2 gemma3 olmo olmo-tied olmo2 stablelm "
    "stablelm-parallel"
).split()


def decaying(model):
    """Parameters that decay, and those that do not."""
    norms = {
        id(parameter)
        for module in model.modules()
        if type(module).__name__.endswith("Norm")
        for parameter in module.parameters(recurse=False)
    }
    parts = ([], [])
    for name, parameter in model.named_parameters():
        parts[id(parameter) in norms or name.endswith("bias")].append(parameter)
    return parts


def loss_of(model, tokens):
    return model(input_ids=tokens, labels=tokens, use_cache=False).loss


def stored_name(name, folder):
    """The name in the file; transformers calls GPT-NeoX's head otherwise."""
    with safe_open(folder / "model.safetensors", "pt") as file:
        return name if name in file.keys() else name.replace("lm_head", "embed_out")


def digits(value):
    return float(f"{value:.12g}")


def fine_tune(name, tokens):
    folder = FOLDER / "checkpoints" / name
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float64, local_files_only=True
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
    losses = []
    for _ in range(SETTINGS["steps"]):
        optimizer.zero_grad()
        loss = loss_of(model, tokens)
        loss.backward()
        losses.append(digits(loss.item()))
        optimizer.step()
    losses.append(digits(loss_of(model, tokens).item()))
    final = {
        stored_name(key, folder): [digits(value) for value in tensor.flatten()[:4].tolist()]
        for key, tensor in model.named_parameters()
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
        "models": {name: fine_tune(name, tokens) for name in NAMES},
    }
    text = json.dumps(golden, separators=(",", ":"))
    (FOLDER / "finetune.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
