"""Log-mel features of two sounds, by transformers' WhisperFeatureExtractor.

    pip install transformers==5.24.0 numpy
    python tests/golden/make_log_mel.py
"""

import json
from pathlib import Path

import numpy as np
import transformers
from transformers import WhisperFeatureExtractor


def features(samples, mels, rate=16000, window=400, hop=160):
    extractor = WhisperFeatureExtractor(
        feature_size=mels, sampling_rate=rate, hop_length=hop, n_fft=window, chunk_length=1
    )
    values = extractor._np_extract_fbank_features(samples[None], "cpu")[0]
    return {
        "options": {"mels": mels, "rate": rate, "window": window, "hop": hop},
        "samples": (samples * 2**15).astype(int).tolist(),
        "shape": list(values.shape),
        "values": [float(f"{value:.6g}") for value in values.flatten()],
    }


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    times = np.arange(800) / 16000
    chirp = np.round(20000 * np.sin(2 * np.pi * (200 + 60000 * times) * times) * np.exp(-times * 40))
    noise = np.round(rng.normal(0, 300, 500))
    made = {
        "metadata": {"transformers": transformers.__version__, "numpy": np.__version__},
        "cases": {
            "a chirp": features(chirp / 2**15, 80),
            "noise and silence": features(np.concatenate([noise, np.zeros(460)]) / 2**15, 40),
            "other frames": features(chirp / 2**15, 10, window=210, hop=105),
        },
    }
    path = Path(__file__).parent / "log_mel.json"
    path.write_text(json.dumps(made) + "\n")
