"""Whether a converted folder loads unchanged into transformers and computes what its source does.

Both folders are loaded in float64. Exits with 1 when a tensor of the converted folder is missing,
unexpected or of another shape, and when the outputs differ by more than 1e-5 of the largest.

    pip install torch==2.13.0 transformers==5.24.0 safetensors==0.8.0
    python tests/golden/check_with_transformers.py SOURCE_DIR CONVERTED_DIR [--expect logits]
    python tests/golden/check_with_transformers.py SOURCE_DIR FINE_TUNED_DIR --trained

--expect NAME takes the inputs of SOURCE_DIR/expected.safetensors and compares with its tensor NAME.
--trained compares no outputs; it requires the source's names, shapes and dtypes of tensors, and its
config.json byte for byte.
"""

import argparse
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


def difference(what, actual, expected):
    """Prints how far apart two outputs are; whether that is too far."""
    if actual.shape != expected.shape:
        print(f"{what}: shapes {tuple(actual.shape)} and {tuple(expected.shape)}")
        return True
    delta = (actual - expected).abs().max().item()
    relative = delta / expected.abs().max().item()
    print(f"{what}: max |Δ| {delta:.3e}, relative {relative:.3e}")
    return not relative <= TOLERANCE


def same_form(source, trained):
    """Whether two folders hold the same names, shapes and dtypes under the same configuration."""
    old, new = (load_file(folder / "model.safetensors") for folder in (source, trained))
    forms = [{name: (t.shape, t.dtype) for name, t in tensors.items()} for tensors in (old, new)]
    moved = sum(not torch.equal(old[name], new[name]) for name in old if name in new)
    print(f"{trained}: {len(new)} tensors, {moved} of them changed")
    if forms[0] != forms[1]:
        print(f"{trained}: its tensors have other names, shapes or dtypes than the source's")
    configs = [(folder / "config.json").read_bytes() for folder in (source, trained)]
    if configs[0] != configs[1]:
        print(f"{trained}: its config.json is another")
    return forms[0] == forms[1] and configs[0] == configs[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("converted", type=Path)
    parser.add_argument("--expect", metavar="NAME")
    parser.add_argument("--trained", action="store_true")
    options = parser.parse_args()

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    source, source_problems = load(options.source)
    converted, problems = load(options.converted)
    for folder, found in ((options.source, source_problems), (options.converted, problems)):
        for name, keys in found.items():
            print(f"{folder}: {name}: {sorted(map(str, keys))}")
    if not problems:
        print(f"{options.converted}: no tensor is missing, unexpected or of another shape")

    if options.trained:
        return 0 if same_form(options.source, options.converted) and not problems else 1
    expected = {}
    inputs = draw_inputs(source.config)
    if options.expect:
        expected = load_file(options.source / "expected.safetensors")
        inputs = {name: expected[name] for name in INPUTS if name in expected}
    before, after = run(source, inputs), run(converted, inputs)
    failed = [difference(name, after[name], before[name]) for name in before]
    if options.expect:
        name = options.expect
        failed.append(difference(f"{name} as expected", after[name], expected[name]))
    return 1 if problems or any(failed) else 0


if __name__ == "__main__":
    sys.exit(main())
