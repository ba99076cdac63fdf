"""Category and department from a city's own history: proposed or not at all, and never from a file that could run anything."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from ingestion import triage, triage_training
from ingestion.extract import understand
from ingestion.triage_training import Labelled
from models.errors import BadInput

DATA = Path(__file__).resolve().parents[2] / "../shared/data/taidi_gov_messages/labelled.jsonl"
WHAT = {
    "教育": ["小学的老师补课收费", "幼儿园入学名额不够", "中学食堂饭菜不好", "高考报名点太远"],
    "交通": ["出租车不打表乱收费", "公交车末班太早", "高速收费站拥堵", "客运班车拒载老人"],
    "环保": ["化工厂夜里排放废气", "河里有污水还发臭", "工地噪音扰民", "砖厂粉尘很大"],
}
OFFICE = {"教育": "市教育局", "交通": "市交通局", "环保": "市生态环境局"}
WHERE = ["柳汀路", "绮云路", "漆桥街", "桠溪镇", "宝塔桥", "梧桐里", "青石巷", "望江门"]


def history(each: int = 24) -> list[Labelled]:
    """Invented complaints, three categories."""
    made = []
    for label, sentences in WHAT.items():
        for number in range(each):
            text = f"{WHERE[number % 8]}附近{sentences[number % 4]}，已经{number + 2}天了，请{WHERE[(number * 3 + 1) % 8]}这边派人看看"
            made.append(Labelled(sentences[number % 4], text, {"category": label, "department": OFFICE[label]}))
    return made


@pytest.fixture(scope="module")
def model() -> triage.Triage:
    return triage_training.train(history())


def test_proposes_category_and_department_with_the_words_that_weighed(model: triage.Triage) -> None:
    category, department = model.suggest("化工厂排放废气", "青石巷的化工厂又在排废气，气味很重")
    assert (category.label, department.label) == ("环保", "市生态环境局")
    assert any(word in "化工厂排放废气" for word in category.words)


def test_without_a_model_nothing_is_guessed() -> None:
    said = triage.suggested(understand("化工厂又在排废气"), "", None, None)
    assert (said.category, said.department, said.suggestions) == (None, None, ())


def test_it_abstains_below_the_confidence_and_says_so(model: triage.Triage) -> None:
    said = triage.suggested(understand("化工厂又在排废气"), "", model, 1.0)
    assert said.category is None
    assert all(one.abstained for one in said.suggestions)
    assert triage.suggested(understand("化工厂又在排废气"), "", model, 0.0).category == "环保"


def test_a_message_of_unknown_words_is_not_sorted(model: triage.Triage) -> None:
    assert model.suggest("", "Ωβγ") == ()


def test_a_saved_model_says_the_same(model: triage.Triage, tmp_path: Path) -> None:
    triage.save(model, tmp_path / "m.npz")
    again = triage.load(tmp_path / "m.npz")
    assert again is not None
    asked = ("公交车末班太早", "望江门公交车八点就没了")
    assert [one.label for one in again.suggest(*asked)] == [one.label for one in model.suggest(*asked)]
    assert (tmp_path / "m.npz").stat().st_mode & 0o077 == 0


def test_a_pickle_in_the_models_place_is_refused_and_not_run(tmp_path: Path) -> None:
    class Runs:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (tmp_path / "ran",))  # type: ignore[return-value]

    np.savez(tmp_path / "m.npz", about=np.array([Runs()], dtype=object))
    with pytest.raises(BadInput, match="不是可用的分类模型"):
        triage.load(tmp_path / "m.npz")
    assert not (tmp_path / "ran").exists()
    (tmp_path / "n.npz").write_bytes(b"PK not a model")
    with pytest.raises(BadInput):
        triage.load(tmp_path / "n.npz")


def test_a_word_of_a_single_message_is_not_learned(model: triage.Triage) -> None:
    learned = triage_training.train([*history(), Labelled("魑魅", "魑魅魍魉的名字", {"category": "环保"})])
    assert "魑" not in learned.features["text"]


def test_history_is_read_from_csv_and_jsonl_and_masked(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("留言主题,留言详情,一级分类,承办单位\n公交,公交太少电话13812345678,交通,市交通局\n", "utf-8")
    (tmp_path / "b.jsonl").write_text(
        json.dumps({"title": "学校", "text": "食堂贵", "category": "教育"}, ensure_ascii=False) + "\n", "utf-8"
    )
    read = triage_training.history([tmp_path / "a.csv", tmp_path / "b.jsonl"])
    assert [one.labels for one in read] == [{"category": "交通", "department": "市交通局"}, {"category": "教育"}]
    assert "13812345678" not in read[0].text


def test_history_without_labels_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "食堂贵"}\n', "utf-8")
    with pytest.raises(BadInput, match="没有读到带标注的留言"):
        triage_training.history([tmp_path / "a.jsonl"])
    with pytest.raises(BadInput, match="标注不足"):
        triage_training.train(history(each=3))


def test_near_identical_messages_stay_on_one_side_of_a_cut() -> None:
    one = "绮云路附近的化工厂夜里排放废气，气味很重，已经一个多月了，请环保部门派人来看看到底怎么回事，老人孩子都受不了了，谢谢"
    made = [Labelled("", one, {}), Labelled("", "公交车太少", {}), Labelled("", one + "盼复", {})]
    assert triage_training.alike(made).tolist() == [0, 1, 0]


def test_the_citys_model_is_found_under_its_home_and_read_anew(model: triage.Triage, tmp_path: Path) -> None:
    assert triage.of_city(tmp_path) is None
    triage.save(model, tmp_path / "triage" / triage.FILE)
    found = triage.of_city(tmp_path)
    assert found is not None
    assert found.facts["digest"] == model.facts["digest"]


def test_a_proposal_costs_little(model: triage.Triage) -> None:
    text = "绮云路附近出租车不打表，请派人看看。" * 10
    began = time.process_time()
    for _ in range(200):
        model.suggest("出租车不打表", text)
    assert (time.process_time() - began) / 200 < 0.004  # about 0.5 ms on a quiet machine


@pytest.mark.skipif(not DATA.exists(), reason="the labelled messages are not on this machine")
def test_labelled_messages_are_sorted_better_than_chance_would() -> None:
    history = triage_training.history([DATA])
    learned = triage_training.train(history[::2])
    right = [learned.suggest(one.title, one.text)[0].label == one.labels["category"] for one in history[1::2]]
    assert sum(right) / len(right) > 0.7
