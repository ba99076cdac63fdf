"""What is asked of Neo4j's own full-text index: cheap where the library is large, and complete where it matters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from graph.engine import Address
from graph.full_text import FEW, READ, FullText, Word, chosen, everything
from graph.lexical import Lexical, passages
from graph.search import Index
from graph.store import Store
from tests.graph.invented_library import document, library

CITY = 4_000_000


def word(name: str, share: float) -> Word:
    return Word(f'text:"{name}"^1.0', share, is_in_text=True)


def test_a_library_of_a_desk_is_asked_for_every_word() -> None:
    asked = [word("港口", 0.3), word("沙袋", 0.001)]
    assert chosen(asked, 10_000) == everything(asked)


def test_in_a_citys_library_rare_words_choose_and_common_ones_only_order() -> None:
    query = chosen([word("应当", 0.5), word("沙袋", 0.001), word("港口", 0.02)], CITY)
    assert query == '+(text:"沙袋"^1.0 text:"港口"^1.0) text:"应当"^1.0'


def test_where_all_words_are_common_they_are_asked_for_together() -> None:
    query = chosen([word(name, 0.3) for name in ("甲甲", "乙乙", "丙丙", "丁丁", "戊戊", "己己")], CITY)
    required, _, helping = query.partition(") ")
    assert 0.3 ** required.count("text:") * CITY <= 20_000 < 0.3 ** (required.count("text:") - 1) * CITY
    assert required.count("+text:") == required.count("text:")
    assert len(helping.split()) == 6 - required.count("text:")


def test_one_very_rare_word_does_not_shut_out_what_shares_the_others() -> None:
    query = chosen([word("错字", 1e-7), word("港口", 0.3), word("储备", 0.3), word("物资", 0.3), word("应当", 0.3)], CITY)
    assert query.startswith('+(text:"错字"^1.0 (+')


def test_the_estimated_reading_of_single_words_stays_bounded() -> None:
    words = [word(f"词{n}", 0.012) for n in range(30)]
    required = chosen(words, CITY).partition(") ")[0]
    assert required.count("text:") * 0.012 * CITY <= READ


def test_lucene_syntax_of_a_question_never_reaches_the_server(tmp_path: Path) -> None:
    heard: list[str] = []

    class Listening(Store):
        def __init__(self) -> None: ...

        def sizes(self) -> tuple[int, int]:
            return 1, 1

        def full_text(self, words: str, limit: int) -> list:  # type: ignore[type-arg]
            heard.append(words)
            return []

    index = Index(tmp_path, server=Listening())
    index.update(*library())
    assert index.search('储备") OR (*:* text:/.*/ ~2 [a TO b] ^9') == []
    bare = heard[0].replace("text:", "").replace("around:", "")
    assert set("*:/~()[]\\+-!") & set(bare) == set()


@pytest.fixture
def city(store: Store, address: Address, library_index: Callable[..., Index], tmp_path: Path) -> Index:
    """A library of which the search believes that it is as large as a city's."""
    if address.embedded:
        pytest.skip("the embedded engine has no full-text index of its own")
    made = [document(f"d{n}", f"第{n}号港口规定", [("第一条", "", f"港口的第{n}种船只应当登记。")]) for n in range(60)]
    rare = document("rare", "灯塔规定", [("第一条", "", "灯塔值班员应当点灯。")])
    index = library_index(tmp_path)
    index.update([rare[0], *(one[0] for one in made)], [*rare[1], *(p for one in made for p in one[1])])
    assert isinstance(index.candidates, FullText)
    index.candidates.provisions = 1_000 * CITY
    return index


def test_neo4j_answers_the_chosen_words(city: Index) -> None:
    assert city.search("灯塔值班员点灯")[0].id == "rare-1"
    assert len(city.search("港口的船只应当登记", 20)) == 20


def test_where_the_chosen_words_find_too_little_all_are_asked_for(city: Index) -> None:
    found = city.candidates.find({"灯塔": 1.0, "港口": 1.0, "应当": 1.0}, {}, 100, ())
    assert len(found) > FEW


def test_a_version_not_in_force_takes_no_place_of_one_that_is(city: Index) -> None:
    first = [passage.document for passage in city.candidates.find({"港口": 1.0}, {}, 45, ())]
    gone = first[:40]
    found = city.candidates.find({"港口": 1.0}, {}, 15, gone)
    assert len(found) == 15
    assert not {passage.document for passage in found} & set(gone)


def test_the_servers_passages_are_those_of_the_index_beside_it(
    library_index: Callable[..., Index], address: Address, tmp_path: Path
) -> None:
    if address.embedded:
        pytest.skip("the embedded engine has no full-text index of its own")
    index, (_, provisions) = library_index(tmp_path), library()
    index.update(*library())
    beside = Lexical(tmp_path / "beside")
    beside.update([("all", "", list(passages(provisions)))])
    ids = [provision.id for provision in provisions]
    both = (index.candidates.of(ids), beside.of(ids))
    assert sorted(both[0], key=str) == sorted(both[1], key=str)
    assert {piece.provision for piece in index.candidates.articles(["harbour"], ["第三条"])} == {"harbour-3"}


def test_neo4j_has_an_index_for_words_places_and_meanings(store: Store, address: Address) -> None:
    if address.embedded:
        pytest.skip("the embedded engine has none of these")
    store.keep_vectors({"none": [1.0, 0.0]})
    store.await_indexes()
    rows = store._ask("SHOW INDEXES YIELD name, type, state, labelsOrTypes, properties, options RETURN *")
    known = {row["name"]: row for row in rows if row["type"] in ("FULLTEXT", "POINT", "VECTOR")}
    assert {name: row["type"] for name, row in known.items()} == {
        "provision_words": "FULLTEXT",
        "feature_point": "POINT",
        "provision_meaning": "VECTOR",
    }
    assert {row["state"] for row in known.values()} == {"ONLINE"}
    assert known["provision_words"]["options"]["indexConfig"]["fulltext.analyzer"] == "cjk"


def test_where_the_best_are_old_the_server_is_asked_for_more(tmp_path: Path) -> None:
    pieces = [piece for n in range(90) for piece in passages(document(f"d{n:02}", "港口规定", [("第一条", "", "港口应当登记。")])[1])]

    class Ordered(Store):
        def __init__(self) -> None: ...

        def sizes(self) -> tuple[int, int]:
            return 90, 90

        def full_text(self, words: str, limit: int) -> list:  # type: ignore[type-arg]
            return pieces[:limit]

    search = FullText(Ordered(), Lexical(tmp_path))
    found = search.find({"港口": 1.0}, {}, 15, [f"d{n:02}" for n in range(40)])
    assert [passage.document for passage in found] == [f"d{n:02}" for n in range(40, 55)]
