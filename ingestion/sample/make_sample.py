"""Writes the invented evening that ships with the product: `python -m ingestion.sample.make_sample [FOLDER]`.

Everything said, everyone named and every road, compound and company is invented; districts and streets are real. The words
come from `script.yml`, the schematic survey from `survey.yml`. The same seed gives the same files, so that the sample can be
checked, changed by editing the script, and compared with `truth.yml`, which says what was planted.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from ingestion.sample.make_files import write_hotline, write_social, write_warnings
from ingestion.sample.make_survey import write_survey
from models.domain import BEIJING

SEED = 20260718
HERE = Path(__file__).parent
GAZETTEER = HERE.parent / "gazetteer" / "sample_nanjing.yml"
SLIPS = (("积水", "集水"), ("赶紧", "赶快"), ("里面", "里头"), ("快派人", "快点派人"), ("路过", "经过"), ("。", ""), ("，", " "))
"""How people's fingers slip; applied to some of the chorus, never to the scripted messages."""


@dataclass
class Said:
    """One invented call or post before it is written into its source's format."""

    at: datetime
    on: str
    text: str
    title: str = ""
    """What the clerk typed as the subject; empty for a post."""
    about: str = "irrelevant"
    """Key of the planted incident, or rumour, denial, prank, irrelevant."""
    name: str = ""
    phone: str = ""
    address: str = ""
    nick: str = ""
    lon: float | None = None
    lat: float | None = None
    external_id: str = ""


@dataclass
class Evening:
    """The script with its dice: fills the slots of a phrase and remembers what was said."""

    script: dict[str, Any]
    streets: dict[str, dict[str, Any]]
    dice: random.Random
    said: list[Said] = field(default_factory=list)

    def moment(self, clock: str) -> datetime:
        """Beijing time of a clock time of the evening; a random second keeps ties apart."""
        hour, minute = (int(part) for part in clock.split(":"))
        day: date = self.script["evening"]["date"]
        return datetime(day.year, day.month, day.day, hour, minute, self.dice.randrange(60), tzinfo=BEIJING)

    def between(self, start: str, end: str) -> datetime:
        """A random moment from `start` to `end`."""
        first, last = self.moment(start), self.moment(end)
        return first + timedelta(seconds=self.dice.randrange(max(1, int((last - first).total_seconds()))))

    def speak(self, phrase: str, on: str) -> Said:
        """Fill the slots of one phrase with an invented caller and, where it asks for one, a street of the city."""
        dice, script = self.dice, self.script
        adcode = dice.choice(sorted(self.streets))
        street = dice.choice(sorted(self.streets[adcode]["towns"]))
        surname = dice.choice(script["surnames"])
        name, phone = surname + dice.choice(script["given"]), f"1380000{dice.randrange(10_000):04d}"
        slots = {
            "surname": surname, "name": name, "phone": phone, "who": surname + dice.choice(["先生", "女士"]),
            "road": dice.choice(script["road_stems"]) + dice.choice(script["road_tails"]),
            "compound": dice.choice(script["compound_stems"]) + dice.choice(script["compound_tails"]),
            "district": self.streets[adcode]["name"], "street": street,
        }  # fmt: skip
        closing, opening = dice.choice(script["close"][on]).format(**slots), dice.choice(script["open"][on]).format(**slots)
        text = phrase.format(open=opening, close=closing, **slots).strip("，, ")
        subject = phrase.format(open="", close="", **slots) if on == "hotline" else ""
        return Said(
            at=self.moment("18:30"), on=on, text=text, name=slots["who"] if dice.random() < 0.5 else name, phone=phone,
            address=f"{slots['district']}{street}" if "{street}" in phrase else "", nick=dice.choice(script["nicks"]),
            title=_subject(subject),
        )  # fmt: skip

    def say(self, phrase: str, on: str, about: str, at: datetime, **more: Any) -> Said:
        """Speak a phrase and keep it."""
        said = self.speak(phrase, on)
        said.about, said.at = about, at
        for key, value in more.items():
            setattr(said, key, value)
        self.said.append(said)
        return said

    def slip(self, text: str) -> str:
        """Let the fingers slip once in a while."""
        wrong, right = self.dice.choice(SLIPS)
        return text.replace(wrong, right, 1) if self.dice.random() < 0.25 else text


def perform(script: dict[str, Any], streets: dict[str, dict[str, Any]]) -> list[Said]:
    """The whole evening's calls and posts, in time order, each with its source's own number."""
    evening = Evening(script, streets, random.Random(SEED))
    places = {place["key"]: place for place in script["places"]}
    for key, scene in script["scenes"].items():
        _perform_scene(evening, key, scene, places.get(key))
    for about, lines in (("rumour", script["rumours"]["say"]), ("denial", script["rumours"]["deny"]), ("prank", script["pranks"])):
        for line in lines:
            evening.say(line["text"], line["by"], about, evening.moment(line["at"]), title=line.get("title", ""))
    _murmur(evening, "irrelevant", script["irrelevant"])
    said = sorted(evening.said, key=lambda one: (one.at, one.on, one.text))
    day = script["evening"]["date"].strftime("%Y%m%d")
    for number, one in enumerate(said, 1):
        one.external_id = f"NJ{day}{number:05d}" if one.on == "hotline" else f"wb-{day}-{number:04d}"
    return said


def _perform_scene(evening: Evening, key: str, scene: dict[str, Any], place: dict[str, Any] | None) -> None:
    address = f"{place['district']}{place['street']}" if place else ""
    for line in scene.get("say", ()):
        evening.say(line["text"], line["by"], key, evening.moment(line["at"]), title=line.get("title", ""), address=address)
    chorus = scene.get("chorus")
    if not chorus:
        return
    if "hotline_text" in chorus:
        _murmur(evening, key, chorus)
        return
    for on in ("hotline", "social"):
        for _ in range(chorus[on]):
            core = f"{{open}}{evening.dice.choice(scene['where'])}{evening.dice.choice(chorus['what'])}{evening.dice.choice(chorus['detail'])}"
            phrase = evening.slip(core + ("，{close}" if on == "hotline" else " {close}"))
            one = evening.say(phrase, on, key, evening.between(chorus["from"], chorus["to"]))
            one.address = address if on == "hotline" and evening.dice.random() < 0.5 else ""
            if on == "social" and place and evening.dice.random() < 0.3:
                one.lon, one.lat = (round(place[axis] + evening.dice.uniform(-0.0008, 0.0008), 5) for axis in ("lon", "lat"))
    heard = [one for one in evening.said if one.about == key and one.on == "social"]
    for number in range(scene.get("reposts", 0)):
        first = evening.dice.choice(heard)
        text = first.text if number % 2 else f"转发微博 //@{first.nick}：{first.text}"
        evening.say("{open}", "social", key, first.at + timedelta(minutes=evening.dice.randint(1, 25)), text=text)


def _murmur(evening: Evening, about: str, crowd: dict[str, Any]) -> None:
    """Many voices about the same kind of thing, each about another street: every phrase is used before one is used again."""
    for on in ("hotline", "social"):
        phrases: list[str] = []
        for _ in range(crowd[on]):
            phrases = phrases or evening.dice.sample(crowd[f"{on}_text"], len(crowd[f"{on}_text"]))
            evening.say(evening.slip(phrases.pop()), on, about, evening.between(crowd["from"], crowd["to"]))


def _subject(text: str) -> str:
    """The title a hotline clerk would type: the first clause."""
    clause = next((part for part in text.replace("！", "，").replace("。", "，").split("，") if len(part) >= 6), text)
    return clause[:18]


def truth(script: dict[str, Any], said: list[Said]) -> dict[str, Any]:
    """What was planted, by the sources' own numbers, so that what is found can be compared."""
    places = {place["key"]: place for place in script["places"]}
    planted = []
    for key, scene in script["scenes"].items():
        place = places.get(key, {"name": "南京市", "adcode": "320100", "lon": 118.796, "lat": 32.058})
        planted.append({
            "key": key, "hazard": scene["hazard"], "mode": scene.get("mode", "actual"), "scope": scene.get("scope", "site"),
            "place": place["name"], "adcode": place["adcode"], "lon": place["lon"], "lat": place["lat"], "title_words": scene["title"],
            "evidence": [one.external_id for one in said if one.about == key],
        })  # fmt: skip
    listed = {about: [one.external_id for one in said if one.about == about] for about in ("rumour", "denial", "prank", "irrelevant")}
    figures = {
        "underpass_qinhuai": {"trapped": 0, "dead": 0},
        "underpass_jianye": {"trapped": 0, "injured": 1},
        "fire_gulou": {"injured": 2, "seriously_injured": 1, "dead": 1},
        "odour_luhe": {"injured": 3, "evacuated": 120},
    }
    return {"incidents": planted, **listed, "last_figures": figures}


def make(folder: Path = HERE, gazetteer: Path | None = GAZETTEER) -> dict[str, int]:
    """Write every file of the sample into `folder`; returns how many items each holds."""
    script = yaml.safe_load((HERE / "script.yml").read_text("utf-8"))
    survey = yaml.safe_load((HERE / "survey.yml").read_text("utf-8"))
    said = perform(script, survey["streets"])
    folder.mkdir(parents=True, exist_ok=True)
    counts = {
        "hotline": write_hotline(folder / "hotline.xlsx", [one for one in said if one.on == "hotline"], script, random.Random(SEED)),
        "social": write_social(folder / "social.jsonl", [one for one in said if one.on == "social"]),
        "warnings": write_warnings(folder / "warnings.json", script),
        "survey": write_survey(folder / "survey.gpkg", survey, script, random.Random(SEED)),
    }
    note = "# 由 make_sample.py 生成：这一晚埋下了什么，按各来源自己的编号。\n"
    (folder / "truth.yml").write_text(note + yaml.safe_dump(truth(script, said), allow_unicode=True, sort_keys=False, width=140), "utf-8")
    if gazetteer is not None:
        fields = ("name", "aliases", "kind", "adcode", "street", "lon", "lat")
        listed = [{key: place[key] for key in fields} for place in script["places"]]
        head = "# 样例之夜的虚构地点（WGS 84）；由 ingestion/sample/make_sample.py 生成，街道和区代码真实，地点虚构。\n"
        gazetteer.write_text(head + yaml.safe_dump({"places": listed}, allow_unicode=True, sort_keys=False, width=140), "utf-8")
    return counts


if __name__ == "__main__":
    for source, number in make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE).items():
        sys.stdout.write(f"{source}: {number}\n")
