"""BLEU and chrF by sacrebleu, word and character error rate by jiwer, of sentences made here.

    pip install sacrebleu==2.6.0 jiwer==4.0.0
    python tests/golden/make_metrics.py
"""

import json
import random
from importlib.metadata import version
from pathlib import Path

import jiwer
import sacrebleu

PAIRS = 200
WORDS = (
    "the a of and whale sea ship Ahab white hunt der die das Wal größer naïve café Straße кит море 鯨 クジラ 🐋 "
    "U.S. e.g. 3.14 1,000 10-12 50% $5.00 it's don't l'eau (deck) [1] x-ray re-read -- \"stern\" &quot; &amp; &lt; "
    "A&B a/b a_b #1 x=y {z} ~ ^ `q` 7. ,8 ., -9 9- 1-a …done „Wort“ ½ Ⅳ m² <skipped>"
).split()
SPACES = [" "] * 30 + ["  ", "\u00a0", "\u2009", "\u3000", "\t", "\ufeff", "\u0085", "\x1f", " \t", "\u200b"]


def sentence(rng):
    words = rng.choices(WORDS, k=rng.choice([0, 1, 2, 3, 4, 5, 8, 12, 20]))
    return "".join(word + rng.choice(SPACES) for word in words) + rng.choice(["", ".", "!", " ."])


def edited(rng, text):
    """The text with some characters and words dropped, doubled or replaced."""
    words = text.split(" ")
    for _ in range(rng.choice([0, 0, 1, 2, 4, 8])):
        at = rng.randrange(len(words))
        words[at : at + 1] = rng.choice([[], [words[at]] * 2, [rng.choice(WORDS)], [words[at][:-1]]])
        words = words or [""]
    return " ".join(words)


def numbers(hypotheses, references, others):
    bleu = sacrebleu.corpus_bleu(hypotheses, [references])
    return {
        "bleu": bleu.score,
        "precisions": bleu.precisions,
        "brevityPenalty": bleu.bp,
        "chrf": sacrebleu.corpus_chrf(hypotheses, [references]).score,
        "bleuOfTwo": sacrebleu.corpus_bleu(hypotheses, [references, others]).score,
        "chrfOfTwo": sacrebleu.corpus_chrf(hypotheses, [references, others]).score,
        "wer": float(jiwer.wer(references, hypotheses)),
        "cer": float(jiwer.cer(references, hypotheses)),
    }


if __name__ == "__main__":
    rng = random.Random(0)
    references = [sentence(rng) for _ in range(PAIRS)]
    hypotheses = [edited(rng, text) for text in references]
    others = [edited(rng, text) for text in references]
    rows = list(zip(hypotheses, references, others))
    made = {
        "metadata": {name: version(name) for name in ("sacrebleu", "jiwer")},
        "hypotheses": hypotheses,
        "references": references,
        "others": others,
        "corpus": numbers(hypotheses, references, others),
        "sentences": [list(numbers(*([text] for text in row)).values()) for row in rows],
    }
    path = Path(__file__).parent / "metrics.json"
    path.write_text(json.dumps(made, ensure_ascii=False) + "\n", encoding="utf-8")
