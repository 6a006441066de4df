"""How fast the pairs of heads turn where positions are stretched, from transformers' own functions.

    pip install torch==2.13.0 transformers==5.24.0
    python tests/golden/make_rotary.py
"""

import json
from pathlib import Path

import torch
import transformers
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

HEAD = 16
LENGTHS = (32, 64, 65, 200)
PAIRS = HEAD // 2

SETTINGS = {
    "linear": {"rope_type": "linear", "factor": 2.5},
    "linear of a part": {"rope_type": "linear", "factor": 4.0, "partial_rotary_factor": 0.5},
    "dynamic": {"rope_type": "dynamic", "factor": 2.0},
    "dynamic of a part": {"rope_type": "dynamic", "factor": 4.0, "partial_rotary_factor": 0.5},
    "llama3": {
        "rope_type": "llama3",
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 32,
    },
    "llama3 with another base": {
        "rope_type": "llama3",
        "rope_theta": 500000.0,
        "factor": 32.0,
        "low_freq_factor": 2.0,
        "high_freq_factor": 3.0,
    },
    "yarn": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16},
    "yarn without a factor": {
        "rope_type": "yarn",
        "factor": None,
        "original_max_position_embeddings": 16,
    },
    "yarn with a scale": {"rope_type": "yarn", "factor": 16.0, "attention_factor": 0.75},
    "yarn of DeepSeek": {
        "rope_type": "yarn",
        "factor": 40.0,
        "mscale": 0.7,
        "mscale_all_dim": 1.4,
        "beta_fast": 16,
        "beta_slow": 2,
        "original_max_position_embeddings": 4096,
    },
    "yarn with a part of a pair": {
        "rope_type": "yarn",
        "factor": 8.0,
        "rope_theta": 150000.0,
        "truncate": False,
        "original_max_position_embeddings": 1024,
    },
    "longrope": {
        "rope_type": "longrope",
        "short_factor": [1.0 + 0.125 * p for p in range(PAIRS)],
        "long_factor": [2.0 + 1.5 * p for p in range(PAIRS)],
        "original_max_position_embeddings": 32,
    },
    "longrope with a factor": {
        "rope_type": "longrope",
        "factor": 8.0,
        "short_factor": [1.0] * PAIRS,
        "long_factor": [4.0] * PAIRS,
        "original_max_position_embeddings": 32,
    },
    "proportional": {"rope_type": "proportional", "partial_rotary_factor": 0.25, "factor": 8.0},
}


class Float64(TorchDispatchMode):
    """Computes in float64 what is asked to be computed in fewer bits."""

    def __torch_dispatch__(self, function, types, arguments=(), named=None):
        named = dict(named or {})
        if named.get("dtype") == torch.float32:
            named["dtype"] = torch.float64
        return function(*arguments, **named)


def speeds(parameters, length):
    config = LlamaConfig(
        hidden_size=2 * HEAD,
        num_attention_heads=2,
        max_position_embeddings=64,
        rope_parameters={"rope_theta": 10000.0} | parameters,
    )
    with Float64():
        values, scale = ROPE_INIT_FUNCTIONS[parameters["rope_type"]](config, seq_len=length)
    return {"length": length, "scale": float(scale), "speeds": values.tolist()}


if __name__ == "__main__":
    made = {
        "metadata": {"torch": torch.__version__, "transformers": transformers.__version__},
        "cases": [
            {
                "name": name,
                "parameters": {"rope_theta": 10000.0} | parameters,
                "expected": [speeds(parameters, length) for length in LENGTHS],
            }
            for name, parameters in SETTINGS.items()
        ],
    }
    path = Path(__file__).parent / "rotary.json"
    path.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
