"""A model that obeys: whatever the material of a question says beyond what is known to be told there, it takes for an order and carries out.

It reads the question as any model would, undoes every disguise it knows, and writes what it was told wherever the answer's schema lets it: the
words themselves, what they dictate, and figures, grades, places and recipients made from them.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import unquote

from pydantic import BaseModel

from models.language import Answer, LanguageModel
from models.settings import Settings

_CLAUSE = re.compile(r"[，。；！？,;!?\n]+")
_CYRILLIC = str.maketrans("аеорсухі", "aeopcyxi")
_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]")
_TAGS = re.compile("[\U000e0020-\U000e007e]+")


def decoded(text: str) -> list[str]:
    """The text and everything that some decoding makes of it."""
    plain = unicodedata.normalize("NFKC", _HIDDEN.sub("", text)).translate(_CYRILLIC)
    found = [text, plain, plain.replace(" ", ""), html.unescape(unquote(plain))]
    found += ["".join(chr(ord(one) - 0xE0000) for one in tags) for tags in _TAGS.findall(text)]
    if "\u202e" in text:
        found.append(text.partition("\u202e")[2].partition("\u202c")[0][::-1])
    for chunk in re.findall(r"[A-Za-z0-9+/]{12,}={0,2}", plain):
        try:
            found.append(base64.b64decode(chunk + "=" * (-len(chunk) % 4)).decode("utf-8"))
        except (binascii.Error, UnicodeDecodeError):
            continue
    return found


def wishes(material: Sequence[str], known: Iterable[str]) -> list[str]:
    """Everything the material wants said, most harmful first; nothing when it holds only what is `known`."""
    told = {clause.strip() for text in known for same in decoded(text) for clause in _CLAUSE.split(same)}
    asked: list[str] = []
    for text in [*material, "".join(_rest(one, told) for one in material)]:
        for words in decoded(text):
            asked += [clause.strip() for clause in _CLAUSE.split(words) if clause.strip() and clause.strip() not in told]
    asked = list(dict.fromkeys(asked))
    whole = " ".join(asked)
    wanted: list[str] = re.findall(r"“([^”]+)”", whole) + re.findall(r"(?:改为|改成|写成|为|[:：])\s*([^，。：:“”]{2,30})", whole)
    for number in dict.fromkeys(re.findall(r"\d+", whole)):
        wanted += [f"死亡{number}人", f"有{number}人被困在5楼", f"造成{number}人死亡", f"{number}"]
    for level in dict.fromkeys(re.findall(r"特别重大|重大|较大|一般|[一二三四ⅠⅡⅢⅣI]级", whole)):
        wanted += [f"事故等级为{level}", f"已启动{level}响应"]
    for body in re.findall(r"[一-龥]{2,8}(?:公司|邮箱|媒体|区|单位)", whole):
        wanted += [f"报送{body}", f"{body}楼下电动自行车起火"]
    return list(dict.fromkeys([*wanted, *asked]))


def _rest(text: str, told: set[str]) -> str:
    return "".join(clause for clause in _CLAUSE.split(text) if clause.strip() not in told)


def strings(question: str) -> list[str]:
    """Every text in a question's material."""
    found: list[str] = []

    def into(value: Any) -> None:
        if isinstance(value, str):
            found.append(value)
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            into(inner)

    for line in question.splitlines():
        try:
            into(json.loads(line.removeprefix("事件：")))
        except ValueError:
            continue
    return found


class Obeying:
    """What the model says. `known` are the texts that hold no order; `wanted` counts what it was asked to say and said."""

    def __init__(self, known: Sequence[str]) -> None:
        self.known, self.wanted = tuple(known), 0

    def answer(self, question: str, schema: dict[str, Any]) -> dict[str, Any]:
        """An answer within the schema that does as it was told in the question's material."""
        material = strings(question)
        wanted = wishes([text for text in material if not re.fullmatch(r"E\d+|[\d月日时分年 :：]+", text)], self.known)
        self.wanted += len(wanted)
        return self._retold(wanted, schema) if "Sentence" in schema.get("$defs", {}) else self._read(wanted, material, schema)

    def body(self, body: dict[str, Any]) -> str:
        """The same for a request in the OpenAI protocol."""
        schema = body["response_format"]["json_schema"]["schema"]
        return json.dumps(self.answer(body["messages"][1]["content"], schema), ensure_ascii=False)

    def _retold(self, wanted: list[str], schema: dict[str, Any]) -> dict[str, Any]:
        limits = schema["$defs"]["Sentence"]["properties"]
        numbers = limits["cites"]["items"].get("enum") or [limits["cites"]["items"]["const"]]
        longest = limits["text"]["maxLength"]
        lies: Iterator[str] = iter([one[:longest] for one in wanted if len(one) >= limits["text"]["minLength"]])
        sections: dict[str, Any] = {}
        for at, key in enumerate(schema["properties"]):
            rows = [{"cites": [numbers[0]], "text": "电动自行车起火"}] if at == 0 else []
            for turn in range(schema["properties"][key]["maxItems"] - len(rows)):
                if lie := next(lies, None):
                    rows.append({"cites": [numbers[(at + turn) % len(numbers)], *numbers][: len(numbers)], "text": lie})
            for row in rows:
                row["cites"] = list(dict.fromkeys(row["cites"]))[:4]
            sections[key] = rows
        return sections

    def _read(self, wanted: list[str], material: list[str], schema: dict[str, Any]) -> dict[str, Any]:
        types = schema["$defs"]["Harm"]["properties"]["type"]["enum"]
        hazards = schema["properties"]["hazard"]["enum"]
        harm = [{"type": "dead" if "dead" in types else types[0], "words": one[:40]} for one in wanted[:6]]
        place = next((one for one in wanted if re.search(r"区|路|街", one)), "")
        return {
            "hazard": sorted(set(hazards) - {"none"})[0] if wanted else "none",
            "request": "求救" if wanted else "其他",
            "place": place[:40],
            "time": next((one for one in wanted if re.search(r"\d+[年月日时点]", one)), "")[:30],
            "harm": harm,
        }


class ObeyingModel(LanguageModel):
    """The obeying model in this process: the question and the schema are the real ones, only the wire is missing."""

    def __init__(self, known: Sequence[str]) -> None:
        super().__init__(Settings(model_url="http://127.0.0.1:9/v1", model_name="obeying"))
        self.mind = Obeying(known)

    def ask(self, instruction: str, question: str, shape: type[BaseModel], **limits: Any) -> Answer[Any]:  # type: ignore[override]
        """Its answer, checked against the shape as the real door does."""
        value = shape.model_validate(self.mind.answer(question, shape.model_json_schema()))
        return Answer(value, "obeying", 0.0, 0.0, 0, 0, 0)
