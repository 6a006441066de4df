"""Golden heads: classifiers, poolers and other heads of transformers on the golden checkpoints.

Reads the folders of tests/golden/checkpoints (see make_checkpoints.py) and writes one file for each
model into tests/golden/heads: the parameters of its heads, what it reads and what it makes of that
in float64. The metadata say on which checkpoint it stands, which prefix the names of that one lose
and get, which of its tensors are gone, and which keys of its configuration are others.

    pip install torch==2.13.0 transformers==5.24.0 safetensors==0.8.0
    python tests/golden/make_heads.py [NAME ...]
"""

import json
import re
import sys
import tempfile
import zlib
from pathlib import Path

import torch
import transformers
from make_checkpoints import FOLDER as CHECKPOINTS
from make_checkpoints import LENGTH, MADE_BY, SEED, VOCABULARY, Float64, draw, normal
from safetensors.torch import load_file, save_file
from torch import nn

FOLDER = Path(__file__).parent / "heads"
LABELS = {"num_labels": 3}
# A token of padding among those that are drawn at the end.
PADDED = {**LABELS, "pad_token_id": 3}


def of(checkpoint, tasks, prefix, renamed="", **settings):
    """Models of a checkpoint by task; `prefix` is how their classes start."""
    return {
        f"{checkpoint}-{task}": (
            f"{prefix}For{words}",
            checkpoint,
            renamed,
            PADDED | settings | ({"num_labels": 2} if words == "QuestionAnswering" else {}),
            None,
        )
        for task, words in tasks.items()
    }


SEQUENCE = {"sequence": "SequenceClassification"}
TOKENS = {"tokens": "TokenClassification"}
ANSWERS = {"answers": "QuestionAnswering"}
CHOICE = {"choice": "MultipleChoice"}

# A class, the checkpoint of its body, the prefix that its names lose and get, other settings, and
# what is said here for its last hidden state.
CASES = {
    **of("gpt2", SEQUENCE | TOKENS | ANSWERS, "GPT2"),
    "gpt2-unpadded": ("GPT2ForSequenceClassification", "gpt2", "", LABELS, None),
    "gpt2-double": ("GPT2DoubleHeadsModel", "gpt2", "", {"num_labels": 1}, None),
    "gpt2-summary": (
        "GPT2DoubleHeadsModel",
        "gpt2-untied",
        "",
        LABELS | {"summary_type": "mean", "summary_activation": "tanh"},
        None,
    ),
    "gpt2-body": ("GPT2Model", "gpt2", "transformer.", {}, "decoder"),
    **of("opt", SEQUENCE | ANSWERS, "OPT"),
    **of("opt-narrow", SEQUENCE | ANSWERS, "OPT"),
    "opt-narrow-body": ("OPTModel", "opt-narrow", "model.", {}, "last_hidden_state"),
    **of("bloom", SEQUENCE | TOKENS | ANSWERS, "Bloom"),
    **of("falcon-new", SEQUENCE | TOKENS | ANSWERS, "Falcon"),
    **of("gpt-neox", SEQUENCE | TOKENS | ANSWERS, "GPTNeoX"),
    "gpt-neox-body": ("GPTNeoXModel", "gpt-neox", "gpt_neox.", {}, "decoder"),
    **of("gpt-neo", SEQUENCE | TOKENS | ANSWERS, "GPTNeo"),
    **of("gptj", SEQUENCE | ANSWERS, "GPTJ"),
    **of("mpt", SEQUENCE | TOKENS | ANSWERS, "Mpt"),
    **of("stablelm", SEQUENCE | TOKENS, "StableLm"),
    **of("phi", SEQUENCE | TOKENS, "Phi"),
    **of("olmo", SEQUENCE, "Olmo"),
    **of("llama", SEQUENCE | TOKENS, "Llama"),
    **of("llama", ANSWERS, "Llama", "model.>transformer."),
    **of("gemma", SEQUENCE | TOKENS, "Gemma"),
    **of("gemma3", SEQUENCE, "Gemma3Text"),
    **of("qwen3", SEQUENCE | TOKENS, "Qwen3"),
    **of("qwen3", ANSWERS, "Qwen3", "model.>transformer."),
    **of("eurobert", SEQUENCE | TOKENS, "EuroBert"),
    "eurobert-mean": (
        "EuroBertForSequenceClassification",
        "eurobert",
        "",
        LABELS | {"classifier_pooling": "mean"},
        None,
    ),
    **of("openai-gpt", SEQUENCE, "OpenAIGPT"),
    **of("bert", SEQUENCE | TOKENS | ANSWERS | CHOICE, "Bert"),
    "bert-next": ("BertForNextSentencePrediction", "bert", "", {}, None),
    "bert-both": ("BertForPreTraining", "bert", "", {}, None),
    "bert-body": ("BertModel", "bert", "bert.", {}, "encoder"),
    **of("roberta", SEQUENCE | TOKENS | ANSWERS | CHOICE, "Roberta", pad_token_id=1),
    **of("xlm-roberta-xl", TOKENS, "XLMRobertaXL", pad_token_id=1),
    **of("distilbert", SEQUENCE | TOKENS | ANSWERS | CHOICE, "DistilBert"),
    **of("modernbert", SEQUENCE | TOKENS | ANSWERS | CHOICE, "ModernBert"),
    "modernbert-mean": (
        "ModernBertForSequenceClassification",
        "modernbert",
        "",
        LABELS | {"classifier_pooling": "mean", "classifier_activation": "relu"},
        None,
    ),
    "bart-answers": ("BartForQuestionAnswering", "bart", "", {"num_labels": 2}, None),
    # They read where their source ends.
    **of("bart", SEQUENCE, "Bart", eos_token_id=2),
    **of("mbart", SEQUENCE | ANSWERS, "MBart", eos_token_id=2),
    **of("plbart", SEQUENCE, "PLBart", eos_token_id=2),
    "t5-encoder": ("T5EncoderModel", "t5", "", {}, "encoder"),
    "vit-body": ("ViTModel", "vit", "vit.", {"pooler_act": "relu"}, "vision"),
    "deit-body": ("DeiTModel", "deit", "deit.", {}, "vision"),
    # They guess pixels, or visual tokens.
    "vit-masked": ("ViTForMaskedImageModeling", "vit", "", {"encoder_stride": 4}, None),
    "deit-masked": ("DeiTForMaskedImageModeling", "deit", "", {"encoder_stride": 4}, None),
    "beit-masked": ("BeitForMaskedImageModeling", "beit", "", {"vocab_size": 9}, None),
    # Behind this map is a decoder of its own.
    "vit-mae-decoder": (
        "ViTMAEForPreTraining",
        "vit-mae",
        ">vit.",
        {"decoder_hidden_size": 12, "decoder_num_hidden_layers": 1, "decoder_num_attention_heads": 2}
        | {"decoder_intermediate_size": 8},
        None,
    ),
    "dinov2-body": ("Dinov2Model", "dinov2", "dinov2.", {}, "vision"),
    "whisper-audio": (
        "WhisperForAudioClassification",
        "whisper",
        "model.",
        LABELS | {"classifier_proj_size": 8},
        None,
    ),
    "whisper-body": ("WhisperModel", "whisper", "model.", {}, "decoder"),
}


def draw_inputs(generator, model):
    """What its body reads; two tokens of padding stand at the end of its text."""
    config = model.config
    inputs = {}
    if hasattr(config, "patch_size"):
        size = config.image_size
        inputs["pixels"] = normal(generator, (1, config.num_channels, size, size), 0.2)
        return inputs
    if hasattr(config, "num_mel_bins"):
        frames = 2 * config.max_source_positions
        inputs["features"] = normal(generator, (1, config.num_mel_bins, frames), 0.2)
        if hasattr(model, "classifier"):
            return inputs
    tokens = torch.randint(4, VOCABULARY - 1, (1, LENGTH), generator=generator)
    if hasattr(model, "score") and config.pad_token_id is not None:
        tokens[0, -2:] = config.pad_token_id
    if config.model_type == "xlm-roberta-xl":  # padding, which is not counted, within the text
        tokens[0, [2, 7]] = config.pad_token_id
    inputs["tokens"] = tokens
    if config.model_type in ("bart", "mbart", "plbart"):
        ends = hasattr(model, "classification_head")
        shape = (1, LENGTH if ends else LENGTH - 3)
        source = torch.randint(4, VOCABULARY - 1, shape, generator=generator)
        if ends:
            source[0, [2, 6]] = config.eos_token_id
        inputs["source"] = source
    return inputs


def given_to(model, inputs):
    """What the class takes."""
    names = {"pixels": "pixel_values", "features": "input_features", "tokens": "input_ids"}
    names |= {"video": "pixel_values", "spectrogram": "input_values", "waveform": "input_values"}
    if "source" in inputs or "features" in inputs:
        names |= {"source": "input_ids", "tokens": "decoder_input_ids"}
    given = {names[name]: value for name, value in inputs.items()}
    if type(model).__name__.endswith("MultipleChoice"):
        given["input_ids"] = given["input_ids"][:, None]
    if model.config.model_type == "vit_mae":  # patches stay in their order
        given["noise"] = torch.arange(16.0).unsqueeze(0)
    exact = {key: value.double() for key, value in given.items() if value.is_floating_point()}
    return given | exact


def names_of(model, body):
    """What outputs are called here, where it is another name."""
    names = {"prediction_logits": "logits", "encoder_last_hidden_state": "encoder"}
    if body is not None:
        names["last_hidden_state"] = body
    if type(model).__name__ == "BertForNextSentencePrediction":
        names["logits"] = "seq_relationship_logits"
    return names


@torch.no_grad()
def run(model, inputs, body):
    """The outputs under the names that they have here."""
    if model.config.model_type == "vit_mae":
        with Float64():
            states = model.vit(**given_to(model, inputs)).last_hidden_state
            return {"decoder_embed": model.decoder.decoder_embed(states)}
    with Float64():
        outputs = model(**given_to(model, inputs))
    if "reconstruction" in outputs:  # the pixels of each patch, before they are put in their places
        pixels = nn.functional.pixel_unshuffle(outputs.reconstruction, model.config.encoder_stride)
        return {"reconstruction": pixels.flatten(2).transpose(1, 2)}
    if "start_logits" in outputs:
        return {"qa_outputs": torch.stack([outputs.start_logits, outputs.end_logits], -1)}
    found = {name: value for name, value in outputs.items() if torch.is_tensor(value)}
    if not hasattr(model, "pooler"):  # DINOv2 calls the first row so
        found.pop("pooler_output", None)
    if body is None:
        found.pop("encoder_last_hidden_state", None)
    names = names_of(model, body)
    return {names.get(name, name): value for name, value in found.items()}


def opened(model_class, folder):
    return model_class.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )


def in_float64(model):
    """The same model, whose angles and slopes are computed in float64 too."""
    with Float64():
        exact = type(model)._from_config(
            model.config, attn_implementation="eager", dtype=torch.float64
        )
    exact.load_state_dict(model.state_dict())
    return exact.eval()


def with_heads(generator, model_class, folder):
    """Draws what a checkpoint lacks of a class, and saves it again there."""
    model, information = opened(model_class, folder)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name in information["missing_keys"]:
                path, _, own = name.rpartition(".")
                parameter.copy_(draw(generator, model.get_submodule(path), own, parameter.shape))
    model.save_pretrained(folder)


def make(name):
    class_name, checkpoint, renamed, settings, body = CASES[name]
    prefix, _, other = renamed.partition(">")
    model_class = getattr(transformers, class_name)
    generator = torch.Generator().manual_seed(SEED + zlib.crc32(name.encode()))
    source = CHECKPOINTS / checkpoint
    stored = load_file(source / "model.safetensors")
    bodies = {re.sub(f"^{re.escape(prefix)}", other, key): value for key, value in stored.items()}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        config = json.loads((source / "config.json").read_text(encoding="utf-8"))
        for key in ("id2label", "label2id"):
            config.pop(key, None)
        changes = {"architectures": [class_name], **settings}
        (folder / "config.json").write_text(json.dumps(config | changes), encoding="utf-8")
        save_file(bodies, folder / "model.safetensors", metadata={"format": "pt"})
        with_heads(generator, model_class, folder)
        made = load_file(folder / "model.safetensors")
        model, information = opened(model_class, folder)
    if any(information.values()):
        raise AssertionError(f"{name}: {information}")
    changed = [key for key in made if key in bodies and not made[key].equal(bodies[key])]
    if changed:
        raise AssertionError(f"{name}: {changed} are not those of {checkpoint}")
    exact = in_float64(model)
    inputs = draw_inputs(generator, exact)
    outputs = run(exact, inputs, body)
    for key, value in outputs.items():
        if not value.isfinite().all() or value.abs().max() < 0.05:
            raise AssertionError(f"{name}: {key} has the spread {value.std():.3g}")
    facts = {
        "checkpoint": checkpoint,
        "prefix": [prefix, other],
        "without": sorted(set(bodies) - set(made)),
        "config": changes,
        "made_by": MADE_BY,
    }
    parameters = {f"parameters.{key}": made[key] for key in made if key not in bodies}
    everything = parameters | inputs | outputs
    tensors = {key: value.clone().contiguous() for key, value in everything.items()}
    # One entry: safetensors writes several in any order.
    save_file(tensors, FOLDER / f"{name}.safetensors", metadata={"facts": json.dumps(facts)})
    print(f"{name:24}", *(f"{key} {list(value.shape)}" for key, value in tensors.items()))


if __name__ == "__main__":
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or CASES:
        make(name)
