"""Whether folders load unchanged into transformers and compute what their sources do.

Both folders of a pair are loaded in float64. For each pair a line of JSON says which tensors of the
second one are missing, unexpected or of another shape (problems), how far the outputs are apart,
relative to the largest (relative), whether these are in order (passed), and what of its form is
another: names, shapes and dtypes of tensors, or a byte of config.json (other). Exits with 1 when one
has not passed: something is wrong with a tensor, or an output differs by more than 1e-5.

    pip install torch==2.13.0 transformers==5.24.0 safetensors==0.8.0
    python tests/golden/check_with_transformers.py SOURCE_DIR MADE_DIR [SOURCE_DIR …]

The inputs are those of SOURCE_DIR/expected.safetensors, or random.
"""

import argparse
import inspect
import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file

from make_checkpoints import is_called_otherwise, run
from make_heads import given_to

SEED = 20250101
LENGTH = 12
TOLERANCE = 1e-5
# What a conversion keeps: not the states that heads read, whose norms have left their gains in these.
OUTPUTS = ("logits", "embeds", "projected_states", "reconstruction")
STATES = ("last_hidden_state", "pooler_output")
PROBLEMS = ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs", "conversion_errors")


def load(folder):
    """The model and what went wrong with its tensors."""
    config = transformers.AutoConfig.from_pretrained(folder)
    architecture = (config.architectures or [""])[0]
    decoder = architecture.endswith(("CausalLM", "LMHeadModel")) or not architecture
    kind = transformers.AutoModelForCausalLM if decoder else getattr(transformers, architecture)
    # other implementations of experts have no float64
    mixed = any(hasattr(config, name) for name in ("num_local_experts", "num_experts"))
    options = {"experts_implementation": "eager"} if mixed else {}
    model, information = kind.from_pretrained(
        folder,
        **options,
        dtype=torch.float64,
        local_files_only=True,
        ignore_mismatched_sizes=True,
        output_loading_info=True,
    )
    problems = {name: information[name] for name in PROBLEMS if information.get(name)}
    return model.eval(), {name: sorted(map(str, keys)) for name, keys in problems.items()}


def draw_inputs(config):
    generator = torch.Generator().manual_seed(SEED)
    inputs = {}
    if hasattr(config, "frequency_stride"):
        shape = (1, config.max_length, config.num_mel_bins)
        return {"spectrogram": torch.randn(shape, generator=generator)}
    vision = getattr(config, "vision_config", config)
    text = getattr(config, "text_config", config)
    if hasattr(text, "vocab_size"):
        longest = getattr(text, "max_position_embeddings", LENGTH)
        longest = getattr(text, "max_target_positions", longest)
        shape = (1, min(LENGTH, longest))
        inputs["tokens"] = torch.randint(text.vocab_size, shape, generator=generator)
        if getattr(config, "is_encoder_decoder", False):
            inputs["tokens"][0, -1] = config.eos_token_id  # which classifiers read
            if not hasattr(config, "num_mel_bins"):
                inputs["source"] = inputs["tokens"].flip(1)
    if hasattr(vision, "image_size"):
        size = vision.image_size
        height, width = (size, size) if isinstance(size, int) else size
        shape = (1, vision.num_channels, height, width)
        inputs["pixels"] = torch.randn(shape, generator=generator)
    if hasattr(config, "num_mel_bins"):
        shape = (1, config.num_mel_bins, 2 * config.max_source_positions)
        inputs["features"] = torch.randn(shape, generator=generator)
    if hasattr(config, "conv_stride"):
        inputs["waveform"] = torch.randn((1, 4000), generator=generator)
    if hasattr(config, "num_frames"):
        shape = (1, config.num_frames, *inputs.pop("pixels").shape[1:])
        inputs["video"] = torch.randn(shape, generator=generator)
    return inputs


def difference(actual, expected):
    """How far apart two outputs are, relative to the largest number; None where shapes differ."""
    if actual.shape != expected.shape:
        return None
    return (actual - expected).abs().max().item() / expected.abs().max().item()


@torch.no_grad()
def outputs_of(model, inputs, golden):
    """The outputs of a model with heads, or the states of one without."""
    if golden or "waveform" in inputs or is_called_otherwise(model):
        found = states = run(model, inputs)
    else:
        given, known = given_to(model, inputs), inspect.signature(model.forward).parameters
        found = model(**{name: value for name, value in given.items() if name in known})
        states = {name: found[name] for name in STATES if name in found}
    return {name: value for name, value in found.items() if name.endswith(OUTPUTS)} or states


def compare(source, made, folder):
    """The relative differences of two models' outputs by name."""
    stored = folder / "expected.safetensors"
    golden = stored.exists()
    given = load_file(stored) if golden else draw_inputs(source.config)
    # what a golden model makes of them is in float64
    inputs = {name: value for name, value in given.items() if value.dtype != torch.float64}
    before, after = (outputs_of(model, inputs, golden) for model in (source, made))
    return {name: difference(after[name], before[name]) for name in before}


def compare_forms(*folders):
    """What differs in the names, shapes and dtypes of two folders, and in their configurations."""
    files = [sorted(folder.glob("model*.safetensors")) for folder in folders]
    tensors = [[item for file in own for item in load_file(file).items()] for own in files]
    forms = [{name: (of.shape, of.dtype) for name, of in own} for own in tensors]
    configs = [(folder / "config.json").read_bytes() for folder in folders]
    differs = {"tensors": forms[0] != forms[1], "config.json": configs[0] != configs[1]}
    return [what for what, is_other in differs.items() if is_other]


def check(source, made):
    """What a pair of folders is, as an object."""
    original, _ = load(source)
    model, problems = load(made)
    relative = compare(original, model, source)
    close = [value is not None and value <= TOLERANCE for value in relative.values()]
    return {
        "source": str(source),
        "made": str(made),
        "problems": problems,
        "relative": relative,
        "passed": not problems and bool(close) and all(close),
        "other": compare_forms(source, made),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR")
    folders = parser.parse_args().folders
    if len(folders) % 2:
        parser.error("folders come in pairs: SOURCE_DIR MADE_DIR")

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    passed = True
    for source, made in zip(folders[::2], folders[1::2]):
        try:
            report = check(source, made)
        except Exception as error:
            problems = {"error_msgs": [repr(error)]}
            report = {"source": str(source), "made": str(made), "problems": problems}
            report |= {"relative": {}, "passed": False, "other": []}
        print(json.dumps(report), flush=True)
        passed &= report["passed"]
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
