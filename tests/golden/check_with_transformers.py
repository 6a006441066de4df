"""Whether converted folders load unchanged into transformers and compute what their sources do.

Both folders of a pair are loaded in float64. For each pair a line of JSON says which tensors of the
converted folder are missing, unexpected or of another shape, how far the outputs are apart, relative
to the largest, and whether it passed: nothing is wrong with a tensor, and all are within 1e-5. Exits
with 1 when one has not passed.

    pip install torch==2.13.0 transformers==5.24.0 safetensors==0.8.0
    python tests/golden/check_with_transformers.py SOURCE_DIR CONVERTED_DIR [SOURCE_DIR …]
    python tests/golden/check_with_transformers.py --trained SOURCE_DIR FINE_TUNED_DIR

--expect NAME takes the inputs of SOURCE_DIR/expected.safetensors and compares with its tensor NAME.
--trained compares no outputs; it requires the source's names, shapes and dtypes of tensors, and its
config.json byte for byte.
"""

import argparse
import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file

SEED = 20250101
LENGTH = 12
TOLERANCE = 1e-5
INPUTS = ("tokens", "source", "pixels", "features")
PROBLEMS = ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs", "conversion_errors")


def load(folder):
    """The model and what went wrong with its tensors."""
    config = transformers.AutoConfig.from_pretrained(folder)
    architecture = (config.architectures or [""])[0]
    decoder = architecture.endswith(("CausalLM", "LMHeadModel")) or not architecture
    kind = transformers.AutoModelForCausalLM if decoder else getattr(transformers, architecture)
    model, information = kind.from_pretrained(
        folder,
        dtype=torch.float64,
        local_files_only=True,
        ignore_mismatched_sizes=True,
        output_loading_info=True,
    )
    problems = {name: information[name] for name in PROBLEMS if information.get(name)}
    return model.eval(), problems


def draw_inputs(config):
    generator = torch.Generator().manual_seed(SEED)
    inputs = {}
    vision = getattr(config, "vision_config", config)
    text = getattr(config, "text_config", config)
    if hasattr(text, "vocab_size"):
        longest = getattr(text, "max_position_embeddings", LENGTH)
        longest = getattr(text, "max_target_positions", longest)
        shape = (1, min(LENGTH, longest))
        inputs["tokens"] = torch.randint(text.vocab_size, shape, generator=generator)
    if hasattr(vision, "patch_size"):
        size = vision.image_size
        height, width = (size, size) if isinstance(size, int) else size
        shape = (1, vision.num_channels, height, width)
        inputs["pixels"] = torch.randn(shape, generator=generator)
    if hasattr(config, "num_mel_bins"):
        shape = (1, config.num_mel_bins, 2 * config.max_source_positions)
        inputs["features"] = torch.randn(shape, generator=generator)
    return inputs


@torch.no_grad()
def run(model, inputs):
    tokens = inputs.get("tokens")
    if "source" in inputs:
        outputs = model(input_ids=inputs["source"], decoder_input_ids=tokens, use_cache=False)
        return {"logits": outputs.logits}
    if type(model).__name__.endswith("ForMaskedLM"):
        return {"logits": model(input_ids=tokens).logits}
    if "pixels" in inputs and tokens is not None:
        image = model.get_image_features(pixel_values=inputs["pixels"].double())
        text = model.get_text_features(input_ids=tokens)
        return {"image_embeds": image.pooler_output, "text_embeds": text.pooler_output}
    if "pixels" in inputs:
        outputs = model(pixel_values=inputs["pixels"].double())
    elif "features" in inputs:
        features = inputs["features"].double()
        outputs = model(input_features=features, decoder_input_ids=tokens, use_cache=False)
    else:
        outputs = model(input_ids=tokens, use_cache=False)
    return {name: outputs[name] for name in outputs if name.endswith("logits")}


def difference(actual, expected):
    """How far apart two outputs are, relative to the largest number; None where their shapes differ."""
    if actual.shape != expected.shape:
        return None
    return (actual - expected).abs().max().item() / expected.abs().max().item()


def compare(source, converted, folder, expect):
    """The relative differences of two models' outputs by name."""
    inputs = draw_inputs(source.config)
    if expect:
        expected = load_file(folder / "expected.safetensors")
        inputs = {name: expected[name] for name in INPUTS if name in expected}
    before, after = run(source, inputs), run(converted, inputs)
    found = {name: difference(after[name], before[name]) for name in before}
    if expect:
        found[f"{expect} as expected"] = difference(after[expect], expected[expect])
    return found


def compare_forms(source, trained):
    """What differs in the names, shapes and dtypes of two folders, and in their configurations."""
    old, new = (load_file(folder / "model.safetensors") for folder in (source, trained))
    forms = [{name: (t.shape, t.dtype) for name, t in tensors.items()} for tensors in (old, new)]
    configs = [(folder / "config.json").read_bytes() for folder in (source, trained)]
    differs = {"tensors": forms[0] != forms[1], "config.json": configs[0] != configs[1]}
    return [what for what, is_other in differs.items() if is_other]


def check(source, converted, options):
    """What a pair of folders is, as an object."""
    report = {"source": str(source), "converted": str(converted)}
    model, problems = load(converted)
    report["problems"] = {name: sorted(map(str, keys)) for name, keys in problems.items()}
    if options.trained:
        report["other"] = compare_forms(source, converted)
        return report | {"passed": not problems and not report["other"]}
    original, _ = load(source)
    apart = compare(original, model, source, options.expect)
    close = bool(apart) and all(value is not None and value <= TOLERANCE for value in apart.values())
    return report | {"relative": apart, "passed": not problems and close}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR")
    parser.add_argument("--expect", metavar="NAME")
    parser.add_argument("--trained", action="store_true")
    options = parser.parse_args()
    if len(options.folders) % 2:
        parser.error("folders come in pairs: SOURCE_DIR CONVERTED_DIR")

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    pairs = zip(options.folders[::2], options.folders[1::2])
    reports = []
    for source, converted in pairs:
        reports.append(check(source, converted, options))
        print(json.dumps(reports[-1]), flush=True)
    return 0 if all(report["passed"] for report in reports) else 1


if __name__ == "__main__":
    sys.exit(main())
