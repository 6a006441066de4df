"""Golden texts from Hugging Face transformers: what `generate` makes with the golden encoder–decoders.

Writes generation.json: for each model its sources and, for each set of options (under transformers'
names), the tokens that follow the start and the scores of beam search. Logits are in float64, and multiplied
by SCALE: what follows is less certain then, so that searches find different texts. What ends a text
is a likely token.

    pip install torch==2.13.0 transformers==5.24.0 safetensors==0.8.0
    python tests/golden/make_generation.py
"""

import json
import zlib
from pathlib import Path

import torch
import transformers

SEED = 20250101
FOLDER = Path(__file__).parent
VOCABULARY = 40
# Sources of unequal lengths: shorter ones are padded, and padding is masked.
LENGTHS = [7, 3, 5, 1]
TOKENS = {"max_new_tokens": 11}
SCALE = 0.25
# Each with the token that ends its texts.
MODELS = {
    "bart": ("BartForConditionalGeneration", 30),
    "marian": ("MarianMTModel", 38),
    "t5": ("T5ForConditionalGeneration", 16),
    "t5-gated": ("T5ForConditionalGeneration", 30),
    "mbart": ("MBartForConditionalGeneration", 6),
    "plbart": ("PLBartForConditionalGeneration", 7),
    "m2m-100": ("M2M100ForConditionalGeneration", 20),
    "pegasus": ("PegasusForConditionalGeneration", 30),
    "blenderbot": ("BlenderbotForConditionalGeneration", 15),
    "whisper": ("WhisperForConditionalGeneration", 31),
}

SEARCHES = [
    {"num_beams": 1},
    {"num_beams": 4, "length_penalty": 0.6},
    {"num_beams": 4, "length_penalty": 1.0},
]
# Options of published generation_config.json, one or several at once.
RULES = [
    {"num_beams": 1, "no_repeat_ngram_size": 2, "min_length": 6},
    {"num_beams": 3, "length_penalty": 2.0, "early_stopping": True, "min_length": 5},
    {"num_beams": 3, "length_penalty": 1.0, "early_stopping": "never"},
    {"num_beams": 3, "length_penalty": -1.0, "early_stopping": True},
    {"num_beams": 4, "no_repeat_ngram_size": 2, "forced_bos_token_id": 5},
    {"num_beams": 4, "encoder_no_repeat_ngram_size": 1, "max_new_tokens": 6},
    {"num_beams": 4, "bad_words_ids": [[1], [7], [6, 9], [20, 21, 22]], "renormalize_logits": True},
    {"num_beams": 4, "suppress_tokens": [4, 8, 15, 16, 23], "begin_suppress_tokens": [2, 1, 30]},
    {"num_beams": 2, "eos_token_id": [1, 2, 9, 17], "forced_eos_token_id": None},
    {"num_beams": 2, "forced_bos_token_id": 5, "begin_suppress_tokens": [4, 13, 14, 27, 31, 34]},
    {"num_beams": 6, "early_stopping": True, "no_repeat_ngram_size": 1, "length_penalty": 0.6},
]


def sources_of(model, generator):
    if model.config.model_type == "whisper":
        frames = 2 * model.config.max_source_positions
        shape = (len(LENGTHS), model.config.num_mel_bins, frames)
        features = (torch.randn(shape, generator=generator) * 64).round() / 64
        return {"input_features": features.double()}
    pad = model.config.pad_token_id
    rows = torch.full((len(LENGTHS), max(LENGTHS)), pad)
    mask = torch.zeros_like(rows)
    for row, length in enumerate(LENGTHS):
        rows[row, :length] = torch.randint(4, VOCABULARY, (length,), generator=generator)
        mask[row, :length] = 1
    return {"input_ids": rows, "attention_mask": mask}


@torch.no_grad()
def generate(model, sources, start, options):
    """The tokens of each row without the start, up to the one that ends it, and the scores."""
    prompt = {"decoder_input_ids": torch.tensor([start] * len(LENGTHS))}
    generation = transformers.generation.GenerationMixin.generate  # Whisper has one of its own
    out = generation(
        model, **sources, **prompt, **options, return_dict_in_generate=True, output_scores=True
    )
    ends = options["eos_token_id"]
    ends = ends if isinstance(ends, list) else [ends]
    rows = []
    for row in out.sequences[:, len(start) :].tolist():
        end = next((at for at, token in enumerate(row) if token in ends), len(row) - 1)
        rows.append(row[: end + 1])
    scores = getattr(out, "sequences_scores", None)
    return {"tokens": rows} | ({} if scores is None else {"scores": scores.tolist()})


def make(name):
    kind, end = getattr(transformers, MODELS[name][0]), MODELS[name][1]
    model = kind.from_pretrained(
        FOLDER / "checkpoints" / name, dtype=torch.float64, attn_implementation="eager"
    ).eval()

    def flatten(_, __, out):
        out.logits = out.logits * SCALE
        return out

    model.register_forward_hook(flatten)
    # Whisper's lists are those of its real tokens.
    for key in ("suppress_tokens", "begin_suppress_tokens"):
        setattr(model.generation_config, key, None)
    generator = torch.Generator().manual_seed(SEED + zlib.crc32(name.encode()))
    sources = sources_of(model, generator)
    features = sources.get("input_features")
    rules = [one for one in RULES if features is None or "encoder_no_repeat_ngram_size" not in one]
    # What ends a text is no bad word.
    rules = rules + [{"num_beams": 3, "bad_words_ids": [[end], [4], [31]], "max_new_tokens": 5}]
    rules = rules if name in ("bart", "marian", "t5", "whisper") else []
    shared = TOKENS | {"eos_token_id": end}
    if model.generation_config.forced_eos_token_id is not None:
        shared["forced_eos_token_id"] = end
    first = model.generation_config.decoder_start_token_id
    if first is None:
        first = model.generation_config.bos_token_id
    texts = []
    # The last one starts from several tokens, as Whisper does.
    for own in [*SEARCHES, *rules, SEARCHES[1] | {"min_new_tokens": 3}]:
        options, start = shared | own, [first, 5, 9] if "min_new_tokens" in own else [first]
        found = generate(model, sources, start, options)
        texts.append({"start": start, "options": options, **found})
    return {
        "sources": [row[:length].tolist() for row, length in zip(sources["input_ids"], LENGTHS)]
        if features is None
        else {"shape": list(features.shape), "values": features.flatten().tolist()},
        "texts": texts,
    }


def main():
    transformers.logging.set_verbosity_error()
    versions = f"torch {torch.__version__}, transformers {transformers.__version__}, seed {SEED}"
    metadata = {"made_by": versions, "scale": SCALE}
    goldens = {"metadata": metadata} | {name: make(name) for name in MODELS}
    text = json.dumps(goldens, separators=(",", ":")) + "\n"
    (FOLDER / "generation.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
