from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from pathlib import Path

import numpy
import pytest

from graph.dense import Cache
from graph.facts import facts
from graph.lexical import Passage, stretches
from graph.search import Index
from graph.shelf import article_of, asked_articles, chinese_number
from graph.words import dictionary, grams, plain, terms
from models.domain import Reference
from models.errors import BrokenDefinition, Unreachable
from tests.graph.invented_library import NEW_FLOOD, document, library


@pytest.fixture
def index(library_index: Callable[..., Index], tmp_path: Path) -> Index:
    made = library_index(tmp_path / "search")
    made.update(*library())
    return made


def test_the_article_that_shares_the_words_comes_first(index: Index) -> None:
    assert index.search("港口储备哪些物资")[0].id == "harbour-4"


def test_everyday_words_find_the_legal_term(index: Index) -> None:
    found = index.search("老板拖欠工资怎么办")[0]
    assert found.document_id == "wages"
    assert any("拖欠工资→劳动报酬" in reason for reason in found.why)


def test_a_result_says_which_words_it_shares(index: Index) -> None:
    assert any(reason.startswith("含：") and "抽水泵" in reason for reason in index.search("抽水泵放在哪里")[0].why)


def test_a_law_is_found_by_its_short_name(index: Index) -> None:
    found = index.search("工钱支付法")[0]
    assert found.document == "中华人民共和国工钱支付法"
    assert "问题点名《工钱支付法》" in found.why


def test_an_article_named_in_digits_comes_first(index: Index) -> None:
    assert index.search("《海滨市港口事故管理办法》第3条")[0].id == "harbour-3"


def test_the_superseded_version_is_never_returned_today(index: Index) -> None:
    assert {found.document_id for found in index.search("蓝河水位多少米转移", 20)} & {"flood-old", "flood-new"} == {"flood-new"}


def test_an_old_date_returns_the_old_version(index: Index) -> None:
    found = index.search("蓝河水位多少米转移", 20, as_of=date(2015, 1, 1))
    assert found[0].document_id == "flood-old"
    assert not found[0].in_force
    assert found[0].ends == date(2020, 6, 1)
    assert "flood-new" not in {other.document_id for other in found}


def test_before_its_first_day_a_law_is_not_returned(index: Index) -> None:
    assert not {"flood-old", "flood-new"} & {found.document_id for found in index.search("蓝河水位", 20, as_of=date(1999, 1, 1))}


def test_the_first_day_of_the_new_version_is_the_new_ones(index: Index) -> None:
    assert index.search("蓝河水位", as_of=date(2020, 6, 1))[0].document_id == "flood-new"
    assert index.search("蓝河水位", as_of=date(2020, 5, 31))[0].document_id == "flood-old"


def test_a_repealed_provision_of_a_living_document_is_not_returned(index: Index) -> None:
    made, provisions = document("relief", "海滨市救济标准", [("第一条", "", "救济金每人每天二十贝壳。")])
    index.update([made], [provisions[0].model_copy(update={"repealed": date(2012, 1, 1)})], whole=False)
    assert "relief" not in {found.document_id for found in index.search("救济金每天多少贝壳")}
    assert index.search("救济金每天多少贝壳", as_of=date(2011, 1, 1))[0].document_id == "relief"


def test_an_expired_document_is_not_returned(index: Index) -> None:
    index.update(*document_pair(expires=date(2015, 12, 31)), whole=False)
    assert "trial" not in {found.document_id for found in index.search("灯塔试行点灯时间")}
    assert index.search("灯塔试行点灯时间", as_of=date(2015, 12, 31))[0].document_id == "trial"


def document_pair(**more: object):  # type: ignore[no-untyped-def]
    made, provisions = document("trial", "灯塔试行办法", [("第一条", "", "灯塔在日落时点灯。")], **more)
    return [made], provisions


def test_what_a_good_result_cites_gains_and_says_so(index: Index) -> None:
    documents, provisions = library()
    cited = Reference(
        id="r",
        provision="harbour-3",
        quote="第二条",
        start=0,
        end=3,
        kind="internal",
        title="",
        article="第二条",
        target="harbour-2",
        resolved=True,
    )
    index.update(documents, provisions, [cited])
    second = next(found for found in index.search("迟报漏报事故罚款") if found.id == "harbour-2")
    assert "被《海滨市港口事故管理办法》第三条引用" in second.why


def test_an_article_that_says_the_time_asked_for_goes_before_one_that_shares_the_same_words(
    library_index: Callable[..., Index], tmp_path: Path
) -> None:
    made, provisions = document(
        "bridge",
        "吊桥管理办法",
        [("第一条", "", "吊桥损坏的，值班员应当报告桥务局。"), ("第二条", "", "吊桥损坏的，应当向桥务局报告，时间为一小时内。")],
    )
    index = library_index(tmp_path)
    index.update([made], provisions, facts=facts(made, provisions))
    found = index.search("吊桥损坏多久报告桥务局")
    assert found[0].article == "第二条"
    assert "写明时限" in found[0].why


def test_a_changed_fact_is_indexed_again(library_index: Callable[..., Index], tmp_path: Path) -> None:
    made, provisions = document("bridge", "吊桥管理办法", [("第一条", "", "值班员应当在一小时内向桥务局报告。")])
    index = library_index(tmp_path)
    index.update([made], provisions)
    assert index.update([made], provisions, facts=facts(made, provisions)).indexed == 1
    assert "time_limit" in index.search("桥务局报告")[0].says


def test_the_general_law_goes_before_one_made_for_what_the_question_does_not_mention(
    library_index: Callable[..., Index], tmp_path: Path
) -> None:
    words = "发生事故的，负责人应当在一小时内报告。"
    others = [document(f"o{n}", f"第{n}号事故规定", [("第一条", "", f"事故的第{n}种情形，由负责人登记。")]) for n in range(60)]
    general = document("general", "事故报告条例", [("第一条", "", words)])
    whaling = document("a-whaling", "捕鲸事故报告条例", [("第一条", "", "捕鲸" + words)])
    index = library_index(tmp_path)
    index.update([general[0], whaling[0], *(o[0] for o in others)], [*general[1], *whaling[1], *(p for o in others for p in o[1])])
    assert index.search("发生事故多久报告")[0].document_id == "general"
    assert index.search("捕鲸发生事故多久报告")[0].document_id == "a-whaling"


def test_with_equal_words_a_law_goes_before_a_rule(library_index: Callable[..., Index], tmp_path: Path) -> None:
    words = [("第一条", "", "灯塔应当点亮。")]
    rule, law = document("a", "灯塔甲规定", words, level="rule"), document("b", "灯塔乙规定", words, level="law")
    index = library_index(tmp_path)
    index.update([rule[0], law[0]], [*rule[1], *law[1]])
    assert index.search("灯塔点亮")[0].document_id == "b"


def test_the_same_article_loaded_twice_is_one_result_and_the_dated_text_is_shown(
    library_index: Callable[..., Index], tmp_path: Path
) -> None:
    words = [("第一条", "", "渡口应当设置救生圈。")]
    undated = document("a", "渡口管理办法", words, lineage="渡口管理办法")
    dated = document("b", "渡口管理办法", words, lineage="渡口管理办法", version_date=date(2012, 1, 1), in_force=date(2012, 2, 1))
    index = library_index(tmp_path)
    index.update([undated[0], dated[0]], [*undated[1], *dated[1]])
    found = index.search("渡口救生圈")
    assert [result.document_id for result in found] == ["b"]
    assert "库中另有本条的相同文本" in found[0].why


def test_an_undated_version_with_other_numbers_is_not_replaced_by_another_article(
    library_index: Callable[..., Index], tmp_path: Path
) -> None:
    undated = document("a", "渡口管理办法", [("第一条", "", "渡口应当设置救生圈。")], lineage="渡口管理办法")
    other = [("第一条", "", "船票价格由县物价局公布，旅客凭渡口船票上船。")]
    dated = document("b", "渡口管理办法", other, lineage="渡口管理办法", version_date=date(2012, 1, 1), in_force=date(2012, 2, 1))
    index = library_index(tmp_path)
    index.update([undated[0], dated[0]], [*undated[1], *dated[1]])
    assert [result.document_id for result in index.search("渡口救生圈")] == ["a"]


def test_our_summary_of_an_article_folds_behind_its_wording(library_index: Callable[..., Index], tmp_path: Path) -> None:
    wording = document("full", "中华人民共和国渡口法", [("第一条", "", "渡口经营者应当按照规定设置救生设备。")], lineage="渡口法")
    summary = document("own", "中华人民共和国渡口法", [("第一条第一款", "", "渡口要设救生圈、救生衣等救生设备。")], own_words=True)
    index = library_index(tmp_path)
    index.update([wording[0], summary[0]], [*wording[1], *summary[1]])
    found = index.search("渡口救生圈救生衣救生设备")
    assert [(result.document_id, result.own_words) for result in found] == [("full", False)]
    assert "库中另有本条的摘要" in found[0].why


def test_what_nobody_has_seen_is_found_with_a_mark(library_index: Callable[..., Index], tmp_path: Path) -> None:
    made, provisions = document("dam", "水坝规定", [("第一条", "", "水坝每月检查。")])
    index = library_index(tmp_path)
    index.update([made], [provisions[0].model_copy(update={"verified": False})])
    found = index.search("水坝检查")[0]
    assert not found.verified
    assert "原文未核实" in found.why


@pytest.mark.parametrize(
    ("cite", "article"),
    [
        ("第九条第一款", "第九条"),
        ("第三条第二款第（一）项", "第三条"),
        ("第九条、第十条", "第九条、第十条"),
        ("5.1", "5.1"),
        ("第三条之一", "第三条之一"),
    ],
)
def test_a_part_of_an_article_is_that_article(cite: str, article: str) -> None:
    assert article_of(cite) == article


def test_a_document_of_the_place_named_goes_before_another_places(library_index: Callable[..., Index], tmp_path: Path) -> None:
    index = library_index(tmp_path)
    words = [("第一条", "", "接到险情后二小时内报告。")]
    one, other = document("a", "海滨市险情规定", words, region="海滨市"), document("b", "山前市险情规定", words, region="山前市")
    index.update([one[0], other[0]], [*one[1], *other[1]])
    assert index.search("海滨险情多久报告")[0].document_id == "a"
    assert index.search("山前险情多久报告")[0].document_id == "b"


def test_a_changed_document_is_found_by_its_new_words_only(index: Index) -> None:
    documents, provisions = library()
    changed = [p.model_copy(update={"text": "港口应当储备望远镜。"}) if p.id == "harbour-4" else p for p in provisions]
    done = index.update(documents, changed)
    assert (done.indexed, done.unchanged) == (1, 3)
    assert index.search("望远镜")[0].id == "harbour-4"
    assert all("抽水泵" not in found.text for found in index.search("抽水泵"))


def test_an_unchanged_library_is_not_indexed_again(index: Index) -> None:
    assert index.update(*library()).indexed == 0


def test_a_removed_document_is_never_found_again(index: Index) -> None:
    index.remove(["harbour"])
    assert "harbour" not in {found.document_id for found in index.search("港口事故报告", 50)}


def test_removing_the_new_version_brings_the_old_one_back(index: Index) -> None:
    index.remove(["flood-new"])
    assert index.search("蓝河水位")[0].document_id == "flood-old"


def test_a_new_process_finds_what_was_indexed(library_index: Callable[..., Index], index: Index) -> None:
    again = library_index(index.folder)
    assert again.update(*library()).indexed == 0
    assert again.search("港口储备哪些物资")[0].id == "harbour-4"


def test_documents_are_listed_once_each(index: Index) -> None:
    names = [found.document_id for found in index.documents("港口事故报告值班室", 5)]
    assert names[0] == "harbour"
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "question",
    [
        "",
        "   ",
        "？！。",
        "的" * 10_000,
        "港口" * 5_000,
        'a:b AND (c OR "d) ~^* \\ /.*/ [x TO *]',
        "\x00\ud800\u202e",
        "第条",
        "第99999999999条",
    ],
)
def test_a_hostile_question_is_answered_calmly(index: Index, question: str) -> None:
    assert len(index.search(question)) <= 10


class Sound:
    """An embedder that hears 雾 and 能见度 as one and counts what it embeds."""

    name = "sound"

    def __init__(self) -> None:
        self.embedded = 0
        self.down = False

    def passages(self, texts: Collection[str]) -> numpy.ndarray:  # type: ignore[type-arg]
        self.embedded += len(texts)
        return numpy.asarray([[1.0, 0.0] if "雾" in text or "能见度" in text else [0.0, 1.0] for text in texts], dtype=numpy.float32)

    def question(self, text: str) -> numpy.ndarray:  # type: ignore[type-arg]
        if self.down:
            raise Unreachable("nobody there")
        return self.passages([text])[0]


def test_meaning_finds_what_shares_no_word_and_says_so(library_index: Callable[..., Index], tmp_path: Path) -> None:
    documents, provisions = library()
    made, more = document("fog", "航道通行规定", [("第一条", "", "能见度不足五百米时，船只应当停航。")])
    index = library_index(tmp_path, embedder=Sound())
    index.update([*documents, made], [*provisions, *more])
    index.embed([*provisions, *more])
    assert index.search("起雾")[0].document_id == "fog"
    assert "意思相近" in index.search("起雾")[0].why


def test_search_goes_on_by_words_when_the_embedder_is_down(library_index: Callable[..., Index], tmp_path: Path) -> None:
    embedder = Sound()
    index = library_index(tmp_path, embedder=embedder)
    index.update(*library())
    index.embed(library()[1])
    embedder.down = True
    assert index.search("港口储备哪些物资")[0].id == "harbour-4"


def test_a_text_is_embedded_once(tmp_path: Path) -> None:
    embedder = Sound()
    first = Cache(tmp_path / "v.db", embedder).vectors(["一", "二", "一"])
    again = Cache(tmp_path / "v.db", embedder).vectors(["二", "一"])
    assert embedder.embedded == 2
    assert (first[1] == again[0]).all()


def test_different_ways_of_writing_become_one() -> None:
    assert plain("Ⅳ级　响应") == plain("IV级响应") == plain("四级响应")
    assert plain("⽣产 安全") == "生产安全"


def test_characters_and_pairs_are_looked_for() -> None:
    assert grams("沙袋 a1") == ["沙", "袋", "沙袋", "a1"]


def test_question_words_are_not_looked_for() -> None:
    assert "么办" not in terms("沙袋湿了怎么办")


def test_a_question_of_question_words_only_is_still_read() -> None:
    assert terms("怎么办")


def test_a_long_provision_is_cut_at_sentence_ends_and_nothing_is_lost() -> None:
    text = "港口检查要点。" * 200
    pieces = stretches(text)
    assert "".join(pieces) == text
    assert all(len(piece) <= 600 and piece.endswith("。") for piece in pieces)


@pytest.mark.parametrize(
    ("number", "written"),
    [(1, "一"), (10, "十"), (12, "十二"), (20, "二十"), (100, "一百"), (105, "一百零五"), (110, "一百一十"), (1260, "一千二百六十")],
)
def test_numbers_are_written_as_articles_are(number: int, written: str) -> None:
    assert chinese_number(number) == written


def test_articles_are_read_from_a_question() -> None:
    assert asked_articles("第12条和第三条") == ["第十二条", "第三条"]


@pytest.mark.parametrize("broken", ["words: 3", "words: [{say: [a]}]", "other: []", "- a", "questions: [3]", "words: [{say: a, law: [b]}]"])
def test_a_broken_dictionary_stops_the_start_and_names_the_file(tmp_path: Path, broken: str) -> None:
    (tmp_path / "mine.yml").write_text(broken, "utf-8")
    with pytest.raises(BrokenDefinition, match=r"mine\.yml"):
        dictionary(tmp_path)


def test_a_passage_keeps_the_words_as_written(index: Index) -> None:
    piece = index.lexical.of(["flood-new-1"])[0]
    assert isinstance(piece, Passage)
    assert piece.text == NEW_FLOOD[0][2]
