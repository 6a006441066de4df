"""ε of published types of models, from transformers' own configurations.

    pip install torch==2.13.0 transformers==5.24.0
    python tests/golden/make_facts.py
"""

import json
import re
from pathlib import Path

import transformers
from transformers import AutoConfig
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

FACTS = Path(__file__).parents[2] / "lib" / "families" / "facts.ts"


def settings(config):
    parts = [config, *(getattr(config, part, None) for part in ("text_config", "vision_config"))]
    found = {}
    for part in reversed([part for part in parts if part is not None]):
        values = part if isinstance(part, dict) else part.to_dict()
        found |= {key: value for key, value in values.items() if re.search("eps", key)}
    return {key: value for key, value in found.items() if isinstance(value, float)}


if __name__ == "__main__":
    text = FACTS.read_text(encoding="utf-8")
    types = [one for row in re.findall(r'^  \["([^"]+)", "', text, re.M) for one in row.split()]
    made = {
        "metadata": {"transformers": transformers.__version__},
        "eps": {one: settings(AutoConfig.for_model(one)) for one in types if one in CONFIG_MAPPING},
        "missing": [one for one in types if one not in CONFIG_MAPPING],
    }
    path = Path(__file__).parent / "facts.json"
    path.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    print(len(types), "types; missing:", made["missing"])
