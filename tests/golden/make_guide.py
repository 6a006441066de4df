"""What PyTorch gives for the blocks of notebooks/guides/pytorch.md: the numbers of `y` in each, by its heading.

    pip install torch==2.13.0
    python tests/golden/make_guide.py
"""

import json
import re
from pathlib import Path

import torch

here = Path(__file__).parent
page = (here / "../../notebooks/guides/pytorch.md").read_text()
sections = [section.split("```python\n") for section in re.split(r"^## ", page, flags=re.M)]
start, *blocks = [
    (heading.split("\n")[0], code[0].split("```")[0]) for heading, *code in sections if code
]

results = {}
for heading, code in blocks:
    names = {}
    exec(start[1], names)
    exec(code, names)
    results[heading] = [float(f"{value:.8g}") for value in names["y"].flatten().tolist()]

file = here / "guide.json"
file.write_text(json.dumps({"torch": torch.__version__.split("+")[0], "results": results}, indent=1) + "\n")
