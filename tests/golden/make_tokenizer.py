"""Byte-pair tokenizers that Hugging Face's tokenizers trains on a text made here, and how they encode.

    pip install tokenizers==0.23.3
    python tests/golden/make_tokenizer.py
"""

import json
import random
import tempfile
from pathlib import Path

import tokenizers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

WORDS = (
    "the a whale sea Ahab's don't I'LL we're größer Straße naïve кит море 鯨クジラ 🐋🐋 ½² 12 1234 3.14 ... -- ?! "
    "aaaa aaaaa aaa abab ababab banana bananas (deck) x=y <tag> <|endoftext|> \t"
).split(" ")
SPACES = [" "] * 12 + ["  ", "\n", "\n\n", " \n", "\t", "\u00a0", "\u3000", "\u0085", "   "]


def text(rng, count):
    return "".join(rng.choice(WORDS) + rng.choice(SPACES) for _ in range(count))


def trained(path, **options):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train([path], trainers.BpeTrainer(initial_alphabet=alphabet, show_progress=False, **options))
    return tokenizer


if __name__ == "__main__":
    rng = random.Random(0)
    content = text(rng, 500) + "no end of the last line  "
    others = [text(rng, 40), "", " ", "\n", "  indented\n\n\n\tcode", "👩‍🚀 e\u0301 \u200b", "the<|endoftext|> whale"]
    cases = []
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/text.txt"
        Path(path).write_text(content, encoding="utf-8", newline="")
        for size, special, least in [(330, ["<|endoftext|>"], 2), (1000, ["<pad>", "<s>", "</s>"], 1)]:
            tokenizer = trained(path, vocab_size=size, special_tokens=special, min_frequency=least)
            cases.append(
                {
                    "options": {"vocabulary": size, "specialTokens": special, "minFrequency": least},
                    "table": json.loads(tokenizer.to_str()),
                    "encodings": [tokenizer.encode(one).ids for one in [content, *others]],
                }
            )
    made = {
        "metadata": {"tokenizers": tokenizers.__version__},
        "text": content,
        "others": others,
        "cases": cases,
    }
    path = Path(__file__).parent / "tokenizer.json"
    path.write_text(json.dumps(made, ensure_ascii=False) + "\n", encoding="utf-8")
