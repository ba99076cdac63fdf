"""An invented evening in Nanjing, as the files its sources would bring. District and street names are real; all else is made up.

`make_sample.py` wrote the files from `script.yml` and `survey.yml` with a fixed seed; `truth.yml` says what was planted.
"""

from pathlib import Path

NAME = "invented evening in Nanjing"
FOLDER = Path(__file__).parent
"""Where the files lie."""


def files() -> list[tuple[str, Path]]:
    """Source name and file, in the order a desk would receive them: what stands there first, then warnings, then voices."""
    names = (("survey", "survey.gpkg"), ("warning", "warnings.json"), ("hotline", "hotline.xlsx"), ("social", "social.jsonl"))
    return [(source, FOLDER / name) for source, name in names]
