"""An invented evening in Nanjing, as the files its sources would bring. District and street names are real; all else is made up.

`make_sample.py` wrote the files from `script.yml` and `survey.yml` with a fixed seed; `truth.yml` says what was planted. The
demonstration has the same evening performed on another date, so that its deadlines are of this week.
"""

from datetime import date
from pathlib import Path

NAME = "invented evening in Nanjing"
FOLDER = Path(__file__).parent
"""Where the shipped files lie."""


def files(folder: Path, day: date) -> list[tuple[str, Path]]:
    """Source name and file in the order a desk receives them: the survey first, then warnings, then voices of the evening of `day`.

    What people said is written to `folder` unless it lies there already.
    """
    if not (folder / "truth.yml").exists():
        from ingestion.sample.make_sample import voices

        voices(folder, day)
    brought = (("warning", "warnings.json"), ("hotline", "hotline.xlsx"), ("social", "social.jsonl"))
    return [("survey", FOLDER / "survey.gpkg"), *((source, folder / name) for source, name in brought)]
