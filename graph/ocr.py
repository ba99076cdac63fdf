"""Text as it was printed, from text as character recognition and page layouts leave it.

Repairs only what cannot be meant: letters from the radicals block, digits and Chinese characters spaced apart, numbers set as
formulas. A real formula stays as it came.
"""

from __future__ import annotations

import re
import unicodedata

_RADICALS = str.maketrans(
    dict(
        zip(
            "⺁⺄⺆⺇⺈⺊⺋⺌⺍⺎⺏⺐⺑⺒⺓⺔⺕⺖⺗⺘⺙⺛⺜⺝⺞⺟⺠⺡⺢⺣⺤⺥⺦⺧⺨⺩⺪⺫⺬⺭⺮⻁⻄⻅⻆⻉⻋⻓⻔⻖⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻳",
            "厂乙冂几刀卜㔾小小尣尢尣兀巳幺彑彐忄㣺扌攵旡日月歺母民氵氺灬爫爫丬牛犭王疋网示礻竹虎西见角贝车长门阝青韦页风飞食马骨鬼鱼鸟卤麦黄齐齿龙龟",
            strict=True,
        )
    )
)
_COMPATIBLE = re.compile("[\u2f00-\u2fd5\uf900-\ufaff]")
_CJK = "\u3400-\u9fff"
_POINTS = "，。；：、！？（）《》〈〉“”‘’〔〕【】"

# ꎬ ꎮ ꎻ are the bytes of ， ． ； in GB 2312 taken for Unicode; « » are 《 》; full-width digits and letters mean the plain ones.
_PRINTED = {0xA3A1 + offset: chr(0xFF01 + offset) for offset in range(94)} | {0xA3AE: "。", 0xAB: "《", 0xBB: "》", 0xFF0E: "."}
_PRINTED |= {0xFF10 + offset: chr(0x30 + offset) for offset in range(10)} | {0xFF21 + offset: chr(0x41 + offset) for offset in range(26)}

_FORMULA = re.compile(r"\$([^$\n]{1,200})\$")
_REAL_FORMULA = re.compile(r"\\(?:frac|sum|begin|int|sqrt|prod|tan|sin|log|theta|delta|omega)|[A-Za-z]\s*_\s*\{")
_SIGNS = {
    "%": "%", "sim": "～", "ge": "≥", "geq": "≥", "geqslant": "≥", "le": "≤", "leq": "≤", "leqslant": "≤", "times": "×", "cdot": "·", "circ": "°",
    "bullet": "●", "bigcirc": "〇", "prime": "′", "pm": "±", "cdots": "…", "ldots": "…", "quad": " ", "wedge": "^", "approx": "≈", "rightarrow": "→",
}  # fmt: skip
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def modern(text: str) -> str:
    """The same characters where a PDF wrote them as radicals (⼤ for 大, ⺠ for 民)."""
    return _COMPATIBLE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text).translate(_RADICALS)


def clean(line: str) -> str:
    """One line, with numbers out of their formulas and without the spaces recognition puts between characters."""
    line = _FORMULA.sub(_unset, line).translate(_PRINTED)
    line = re.sub(r"(?<=\d)\s*[\ue000-\uf8ff]\s*(?=\d)", ".", line)
    line = re.sub(r"[\ue000-\uf8ff]", "", line)
    line = re.sub(r"(?<=\d)\s?\?{2}\s?(?=\d)", ".", line)
    line = re.sub(r"^(\d{1,2})((?:\s{1,3}\d{1,2}){1,3})(?=\s*[^\d\s.%％])", _spaced_number, line)
    line = re.sub(r"(?<![\d.])\d(?: \d)+(?![\d.])", lambda found: found[0].replace(" ", ""), line)
    # The space after an article's or chapter's number tells the number from the text; all others between characters mean nothing.
    mark = re.match(
        r"(?:第[零〇一二三四五六七八九十百千\d]+[编章节条部](?:分|之[一二三四五六七八九十]+)?|\d{1,2}(?:\.\d{1,2}){0,3})\s+", line
    )
    head, rest = (line[: mark.end()], line[mark.end() :]) if mark else ("", line)
    rest = re.sub(rf"(?<=[{_CJK}{_POINTS}])[ \u3000]+(?=[{_CJK}{_POINTS}])", "", rest)
    rest = re.sub(rf"(?<=[{_POINTS}])[ \u3000]+|[ \u3000]+(?=[{_POINTS}])", "", rest)
    return (head.rstrip() + " " * bool(head) + rest).strip()


def _spaced_number(found: re.Match[str]) -> str:
    # 5 1 2 before words is the heading 5.1.2, but 5 0 before 人 is a count; counts do not begin a line in front of 1-digit groups.
    rest = found.string[found.end() : found.end() + 3].strip()
    if re.match(r"[人户间万亿元个名处天年月日时分米吨]", rest) and not re.match(r"[人日月年][^以员]", rest):
        return found[0]
    return found[1] + "." + ".".join(found[2].split()) + " "


def _unset(found: re.Match[str]) -> str:
    words = found[1]
    if _REAL_FORMULA.search(words):
        return found[0]
    words = re.sub(r"\\textcircled\s*\{?\s*(\d{1,2})\s*\}?", lambda n: chr(0x245F + int(n[1])) if 0 < int(n[1]) <= 20 else n[1], words)
    words = re.sub(
        r"\\(?:mathrm|mathtt|mathsf|mathbf|mathfrak|mathcal|mathord|text|textrm|mathbb|boldsymbol|tt|scriptscriptstyle|displaystyle|left|right|operatorname|pmb)\b",
        "",
        words,
    )
    words = re.sub(r"\\(%|[a-zA-Z]+)", lambda sign: _SIGNS.get(sign[1], ""), words)
    words = re.sub(r"[\s~\\]", "", words)
    quoted = re.fullmatch(r"\^\{66\}(.+?)\^\{\d{1,2}\}", words)
    if quoted:
        return f"“{quoted[1]}”"
    words = re.sub(r"\^\{?(\d)\}?", lambda power: power[1].translate(_SUPERSCRIPTS), words)
    return re.sub(r"[{}^]", "", words).replace("°C", "℃")
