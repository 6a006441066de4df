"""Golden training steps: what transformers computes of batches with padding, for models that are no decoders.

Reads the golden checkpoints and heads (see make_checkpoints.py, make_heads.py) and writes
task_steps.json: for each model a batch of two, transformers' own loss of it, and of the gradient of
each stored parameter its norm and its sum weighted by cosines. Images and sounds are cos(0.9 i), flat.
Labels of −100 do not count. All computation is in float64, nothing is dropped.

    pip install torch==2.13.0 transformers==5.24.0 safetensors==0.8.0
    python tests/golden/make_task_steps.py
"""

import json
import re
from pathlib import Path

import torch
import transformers
from make_checkpoints import FOLDER as CHECKPOINTS
from make_checkpoints import VOCABULARY, Float64, digest, stored_place
from make_heads import FOLDER as HEADS
from make_heads import in_float64
from safetensors import safe_open
from safetensors.torch import load_file

FILE = Path(__file__).parent / "task_steps.json"
MASKED = (
    "bert distilbert esm megatron-bert modernbert roberta roberta-prelayernorm xlm-roberta-xl"
).split()
TEXTS = "bert-sequence distilbert-sequence roberta-sequence".split()
PAIRS = "bart blenderbot m2m-100 marian mbart mt5 pegasus plbart t5 t5-gated".split()
IMAGES = "beit clip-classifier dinov2 ijepa siglip-vision vit vit-msn".split()
SOUNDS = ["whisper"]


def tokens(seed, lengths, padding):
    """Rows of random tokens, and padding behind those that are shorter."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randint(4, VOCABULARY - 1, (len(lengths), max(lengths)), generator=generator)
    for row, length in zip(rows, lengths, strict=True):
        row[length:] = padding
    return rows


def ramp(*shape):
    size = torch.Size(shape).numel()
    return (0.9 * torch.arange(size, dtype=torch.float64)).cos().reshape(shape)


def text(seed, lengths, model):
    rows = tokens(seed, lengths, model.config.pad_token_id)
    return rows, (torch.arange(rows.shape[1]) < torch.tensor(lengths)[:, None]).long()


def masked(model):
    lengths = [8, 5]
    rows, seen = text(1, lengths, model)
    labels = torch.full_like(rows, -100)
    for row, at in ((0, 1), (0, 6), (1, 3)):
        labels[row, at] = rows[row, at]
        rows[row, at] = getattr(model.config, "mask_token_id", None) or 3
    return {"input_ids": rows, "attention_mask": seen, "labels": labels}, {
        "tokens": rows,
        "lengths": lengths,
        "labels": labels,
    }


def classified(model):
    lengths = [8, 5]
    rows, seen = text(2, lengths, model)
    labels = torch.tensor([2, 0])
    return {"input_ids": rows, "attention_mask": seen, "labels": labels}, {
        "tokens": rows,
        "lengths": lengths,
        "labels": labels,
    }


def answers(model):
    """The answer to each source, and what the decoder reads of it."""
    labels = tokens(3, [5, 3], -100)
    if hasattr(model, "prepare_decoder_input_ids_from_labels"):
        return labels, model.prepare_decoder_input_ids_from_labels(labels)
    start = torch.full((2, 1), model.config.decoder_start_token_id)
    shifted = torch.cat([start, labels[:, :-1]], 1)
    return labels, shifted.masked_fill(shifted == -100, model.config.pad_token_id)


def translated(model):
    lengths = [7, 4]
    rows, seen = text(4, lengths, model)
    labels, shifted = answers(model)
    given = {"input_ids": rows, "attention_mask": seen, "labels": labels}
    return given | {"decoder_input_ids": shifted}, {
        "source": rows,
        "lengths": lengths,
        "tokens": shifted,
        "labels": labels,
    }


def seen(model):
    config = getattr(model.config, "vision_config", model.config)
    size, channels = config.image_size, config.num_channels
    side = size if isinstance(size, (list, tuple)) else (size, size)
    shape = [2, channels, *side]
    labels = torch.tensor([3, 1])
    return {"pixel_values": ramp(*shape), "labels": labels}, {"pixels": shape, "labels": labels}


def heard(model):
    shape = [2, model.config.num_mel_bins, 2 * model.config.max_source_positions]
    labels, shifted = answers(model)
    given = {"input_features": ramp(*shape), "labels": labels, "decoder_input_ids": shifted}
    return given, {"features": shape, "tokens": shifted, "labels": labels}


def open_checkpoint(name):
    config = json.loads((CHECKPOINTS / name / "config.json").read_text(encoding="utf-8"))
    model_class = getattr(transformers, config["architectures"][0])
    model = model_class.from_pretrained(
        CHECKPOINTS / name, dtype=torch.float32, attn_implementation="eager"
    )
    return model, load_file(CHECKPOINTS / name / "model.safetensors")


def open_head(name):
    path = HEADS / f"{name}.safetensors"
    with safe_open(path, "pt") as file:
        facts = json.loads(file.metadata()["facts"])
    folder, (prefix, other) = CHECKPOINTS / facts["checkpoint"], facts["prefix"]
    start = "parameters."
    stored = {
        re.sub(f"^{re.escape(prefix)}", other, key): value
        for key, value in load_file(folder / "model.safetensors").items()
    } | {key[len(start) :]: value for key, value in load_file(path).items() if key.startswith(start)}
    model_class = getattr(transformers, facts["config"]["architectures"][0])
    config = model_class.config_class.from_pretrained(folder, **facts["config"])
    model, information = model_class.from_pretrained(
        None,
        config=config,
        state_dict=stored,
        dtype=torch.float32,
        attn_implementation="eager",
        output_loading_info=True,
    )
    if information["missing_keys"]:
        raise AssertionError(f"{name}: {information}")
    return model, stored


def digits(values):
    return [float(f"{value:.8g}") for value in values]


def step(opened, batch_of):
    model, stored = opened
    exact = in_float64(model)
    given, batch = batch_of(exact)
    with Float64():
        loss = exact(**given).loss
        loss.backward()
    parts = {}
    for name, parameter in exact.named_parameters():
        if parameter.grad is not None and parameter.grad.abs().max() > 0:
            key, first = stored_place(name, parameter, stored)
            parts.setdefault(key, {})[first] = parameter.grad
    gradients = {
        key: digits(digest(torch.cat([rows[first] for first in sorted(rows)]))[:2].tolist())
        for key, rows in parts.items()
    }
    plain = {k: v.tolist() if torch.is_tensor(v) else v for k, v in batch.items()}
    return {"batch": plain, "loss": digits([loss.item()])[0], "gradients": gradients}


def main():
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    kinds = (
        (MASKED, open_checkpoint, masked),
        (TEXTS, open_head, classified),
        (PAIRS, open_checkpoint, translated),
        (IMAGES, open_checkpoint, seen),
        (SOUNDS, open_checkpoint, heard),
    )
    steps = {
        name: step(opener(name), batch_of) for names, opener, batch_of in kinds for name in names
    }
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    FILE.write_text(json.dumps({"metadata": versions, "steps": steps}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
