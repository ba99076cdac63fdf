"""How a library the size of a city's does in the graph: an invented one is loaded over Bolt and asked, and the figures are returned.

Nanjing announced 200,000 documents and 6,000,000 knowledge points. A point here is a provision or a fact. The texts are invented from
a few office words, each in a third of all articles, and from subjects, of which as in any language few are common and most are rare.
Lengths and the number of citations are those seen in the laws of `laws_emergency_cn` (about 100 characters an article, one citation
in four articles). A load that was cut off, or stopped by its time limit, goes on where it stopped.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from graph.engine import Address
from graph.full_text import MOST, FullText
from graph.lexical import passages
from graph.search import Index
from graph.shelf import Held
from graph.store import Store
from graph.words import terms
from models.domain import Document, Fact, Imported, Provision, Reference

CITY = (200_000, 6_000_000)
"""Documents and knowledge points of the library Nanjing announced."""

BATCH = 250
"""Documents in one transaction: about 5,000 provisions."""

QUESTIONS = 100
"""Searches and look-ups measured, each asked twice: once before the clock runs."""

SAMPLED = 1_000
"""Documents in the sample that says how rare words are: 20,000 passages."""

SUBJECTS = 20_000
"""Invented subjects; the n-th is met in proportion to 1/n."""

CHARACTERS = "安北仓潮城池川船村大带稻滇东渡帆枫港高谷关桂海河荷黑红湖花淮黄江金晶锦井九菊兰老雷莲林岭柳龙鹿麦梅蜜木南牛平浦青清秋泉山沙石"
"""What the names of subjects are made of."""

_WHO = (
    "县级以上人民政府",
    "应急管理部门",
    "消防救援机构",
    "生产经营单位",
    "乡镇人民政府",
    "水行政主管部门",
    "气象主管机构",
    "卫生健康部门",
    "公安机关",
    "值班人员",
)
_DO = (
    "报告",
    "组织救援",
    "疏散群众",
    "发布预警",
    "封闭现场",
    "核实情况",
    "调拨物资",
    "开展调查",
    "启动响应",
    "保护现场",
    "公布信息",
    "登记造册",
    "定期演练",
    "排查隐患",
)
_WHAT = (
    "突发事件",
    "生产安全事故",
    "地质灾害",
    "洪涝灾害",
    "火灾事故",
    "危险化学品泄漏",
    "台风灾害",
    "地震灾害",
    "道路交通事故",
    "大坝险情",
    "森林火情",
    "燃气爆炸",
)
_HOW = ("依法", "及时", "按照规定", "会同有关部门", "在职责范围内", "根据预案", "逐级", "立即", "统一", "分类")
_KINDS = ("duty", "time_limit", "term", "action", "penalty")


@dataclass(frozen=True)
class Load:
    """What one load came to."""

    documents: int
    points: int
    nodes: int
    """Provisions, facts, documents and laws written in this run."""
    seconds: float
    is_whole: bool
    """Whether all that was asked for is loaded, or the time limit came first."""
    figures: dict[str, Any]


def library_load(
    address: Address,
    documents: int = CITY[0] // 100,
    points: int = CITY[1] // 100,
    *,
    seconds: float = 600.0,
    folder: Path | None = None,
    pid: int | None = None,
    whole: Path | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> Load:
    """Load an invented library of this size into the graph and ask it; `seconds` bounds the loading, not the asking after it.

    `folder` (the server's data) and `pid` (its process) give size on disk and memory, when the server is on this machine. With `whole`,
    a folder for the search's own files, whole searches are measured too: candidates, ranking and all.
    """
    store = Store(address)
    try:
        store.check()
        store.prepare()
        done = store.counts()["Document"] // BATCH * BATCH
        if done < documents:
            store.load_without_words()
        begun, nodes, first, worked = time.monotonic(), 0, done, _worked(pid)
        with ThreadPoolExecutor(1) as ahead:
            # The next batch is made while the server writes this one.
            batch = ahead.submit(_batch, done, documents, points)
            while done < documents and time.monotonic() - begun < seconds:
                made = batch.result()
                batch = ahead.submit(_batch, done + len(made), documents, points)
                nodes += store.load_imported(made)
                done += len(made)
                if progress:
                    progress(done, time.monotonic() - begun)
        loading, written = time.monotonic() - begun, _worked(pid)
        store.link_versions()
        store.prepare()
        store.await_indexes(3600)
        settled, indexed = time.monotonic() - begun, _worked(pid)
        figures: dict[str, Any] = {
            "documents": done,
            "points": _points(done, documents, points),
            "load_s": round(loading, 1),
            "index_s": round(settled - loading, 1),
            "points_per_s": round(_points(done, documents, points) * (done - first) / max(done, 1) / max(loading, 0.001)),
            "load_cpu_s": round(written - worked, 1),
            "index_cpu_s": round(indexed - written, 1),
            **_asked(store, done, documents, points, whole, pid),
        }
        if folder is not None:
            figures["disk_mb"] = round(sum(each.stat().st_size for each in folder.rglob("*") if each.is_file()) / 1e6)
        if pid is not None:
            figures["memory_mb"] = round(_resident(pid) / 1e6)
        return Load(done, figures["points"], nodes, loading, done >= documents, figures)
    finally:
        store.close()


def _batch(first: int, documents: int, points: int) -> list[Imported]:
    return [invented(number, documents, points) for number in range(first, min(first + BATCH, documents))]


def invented(number: int, documents: int, points: int) -> Imported:
    """The document of this number; the same one every time."""
    chance = random.Random(number)  # noqa: S311 (an invented text, not a secret)
    id, begins = f"lib-{number:020d}", date(1995, 1, 1) + timedelta(days=number % 11_000)
    # Every twentieth document is a later version of the one before it.
    law = number - 1 if number % 20 == 19 else number
    title = f"{chance.choice(_WHAT)}{law}号管理办法"
    document = Document(
        id=id,
        title=title,
        issuer="某市人民政府",
        level="rule",
        region="某市",
        issued=begins,
        in_force=begins,
        reference="invented",
        lineage=f"管理办法{law}",
        version_date=begins,
        supersedes=(f"lib-{law:020d}",) if law != number else (),
        own_words=False,
    )
    count, facts = _share(documents, points)
    provisions = tuple(_provision(id, place, begins, chance) for place in range(1, count + 1))
    cited = tuple(_reference(each, chance.randrange(documents)) for each in provisions if chance.random() < 0.25)
    return Imported(
        document=document, provisions=provisions, references=cited, facts=tuple(_fact(id, provisions, n, chance) for n in range(facts))
    )


def _share(documents: int, points: int) -> tuple[int, int]:
    each = max(round(points / documents), 2)
    return each - each // 3, each // 3


def _points(done: int, documents: int, points: int) -> int:
    return done * sum(_share(documents, points))


def _provision(document: str, place: int, begins: date, chance: random.Random) -> Provision:
    sentences = "".join(
        f"{chance.choice(_WHO)}应当{chance.choice(_HOW)}{chance.choice(_DO)}，对{_subject(chance)}{chance.choice(_WHAT)}{chance.choice(_DO)}，"
        f"期限{chance.randint(1, 900)}日。"
        for _ in range(chance.randint(1, 5))
    )
    return Provision(
        id=f"{document}-{place}",
        document=document,
        article=f"第{place}条",
        text=sentences,
        in_force=begins,
        source="invented",
        verified=True,
        order=place,
    )


def _subject(chance: random.Random) -> str:
    rank = int(SUBJECTS ** chance.random())
    size = len(CHARACTERS)
    return CHARACTERS[rank % size] + CHARACTERS[rank // size % size] + CHARACTERS[rank // size // size + rank % 7]


def _reference(provision: Provision, law: int) -> Reference:
    quote = provision.text[:10]
    return Reference(
        id=f"{provision.id}-r0",
        provision=provision.id,
        quote=quote,
        start=0,
        end=10,
        kind="external",
        title=f"管理办法{law}",
        article="第三条",
    )


def _fact(document: str, provisions: Sequence[Provision], number: int, chance: random.Random) -> Fact:
    provision = provisions[number % len(provisions)]
    return Fact(
        id=f"{provision.id}-f{number}",
        provision=provision.id,
        document=document,
        kind=chance.choice(_KINDS),
        subject=chance.choice(_WHO),
        text=provision.text[:40],
        quote=provision.text[:20],
        start=0,
        end=20,
        number=chance.randint(1, 900),
        unit="日",
    )


def _asked(store: Store, done: int, documents: int, points: int, whole: Path | None, pid: int | None) -> dict[str, float]:
    chance = random.Random(7)  # noqa: S311
    count = _share(documents, points)[0]
    ids = [f"lib-{chance.randrange(done):020d}-{chance.randint(1, count)}" for _ in range(QUESTIONS)]
    figures = _times(pid, "article", store.provision, ids)
    figures |= _times(pid, "cited", lambda id: store.citations_out(id, date(2026, 1, 1)), ids[:50])
    if not store.has_full_text or whole is None:
        return figures
    index = Index(whole, server=store)
    sampled = range(0, done, max(done // SAMPLED, 1))
    made = [invented(number, documents, points) for number in sampled]
    index.lexical.update((each.document.id, each.document.title, list(passages(each.provisions))) for each in made)
    search = FullText(store, index.lexical)

    def candidates(question: str) -> object:
        asked = {term: kind.weight for term, kind in terms(question).items()}
        return search.find(asked, {term: 0.5 for term in asked if len(term) > 1}, MOST, ())

    asked = [f"{_subject(chance)}{chance.choice(_WHAT)}后{chance.choice(_WHO)}多久{chance.choice(_DO)}" for _ in range(QUESTIONS)]
    common = ["".join(chance.choice([*_WHO, *_DO, *_WHAT]) for _ in range(chance.randint(2, 4))) for _ in range(QUESTIONS)]
    figures |= _times(pid, "candidates", candidates, asked)
    figures |= _times(pid, "candidates_of_common_words", candidates, common)
    index.shelf.put((Held(invented(number, documents, 2 * documents).document, "", {}) for number in range(done)), ())
    index.candidates = search
    figures |= _times(pid, "search", index.search, asked)
    return figures


def _times(pid: int | None, name: str, ask: Callable[[str], object], asked: Sequence[str]) -> dict[str, float]:
    # A server just filled has compiled none of its code for reading; it is asked once before the clock runs, as a day's first hour would.
    for each in asked:
        ask(each)
    waits, worked = [], _worked(pid)
    for each in asked:
        begun = time.perf_counter()
        ask(each)
        waits.append(1000 * (time.perf_counter() - begun))
    waits.sort()
    return {
        f"{name}_p50_ms": round(waits[len(waits) // 2], 1),
        f"{name}_p95_ms": round(waits[int(len(waits) * 0.95)], 1),
        f"{name}_cpu_ms": round(1000 * (_worked(pid) - worked) / len(asked), 1),
    }


def _worked(pid: int | None) -> float:
    """Seconds of processor time that we and the server have taken so far: what a load costs whoever else works on the machine."""
    ours = time.process_time()
    if pid is None:
        return ours
    user, system = (Path("/proc") / str(pid) / "stat").read_text("ascii").rpartition(")")[2].split()[11:13]
    return ours + (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> int:
    lines = (Path("/proc") / str(pid) / "status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))
