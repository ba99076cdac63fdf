from __future__ import annotations

import pytest

from graph.intents import INTENTS, intents, sayings


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("灯塔熄灭后多久必须上报，向谁报？", ["时限", "报送对象"]),
        ("几小时内要报告", ["时限"]),
        ("码头坏了报给哪个部门", ["报送对象", "责任主体"]),
        ("由谁决定停航", ["责任主体"]),
        ("瞒报要罚多少钱", ["罚则", "数额"]),
        ("什么是灯塔", ["定义"]),
        ("一级响应什么条件下启动", ["启动条件"]),
        ("灯塔法适用于哪些船", ["适用范围"]),
        ("港口的沙袋", []),
    ],
)
def test_what_a_question_asks_for_is_read_from_its_wording(question: str, names: list[str]) -> None:
    assert [intent.name for intent in intents(question)] == names


def test_a_sentence_knows_the_facts_that_lie_in_it_and_no_others() -> None:
    text = "灯塔应当点亮。熄灭的，三十分钟内报告海事局。"
    first, second = sayings(text, "duty@0-7 time_limit@11-22")
    assert first.kinds == {"duty"}
    assert second.kinds == {"time_limit"}


def test_a_fact_with_its_wording_answers_more_than_either_alone() -> None:
    time = INTENTS[0]
    both, worded, known = (
        sayings(text, says)[0].answers(time)
        for text, says in [("三日内报告。", "time_limit@0-6"), ("三日内报告。", ""), ("即报。", "duty_when@0-3")]
    )
    assert both > known > worded > 0


def test_a_list_stands_with_the_words_that_lead_to_it() -> None:
    text = "有下列行为的，处一万元罚款：\n（一）不点灯的；\n（二）不值守的。\n第二款另起。"
    assert [saying.words.strip() for saying in sayings(text)] == [
        "有下列行为的，处一万元罚款：\n（一）不点灯的；\n（二）不值守的。",
        "第二款另起。",
    ]


def test_nothing_of_a_long_text_is_lost_between_the_sentences() -> None:
    text = "值守人员应当检查灯光；" * 60 + "记录保存三年。\n（一）甲；\n（二）乙。"
    assert "".join(saying.words for saying in sayings(text)).replace("\n", "") == text.replace("\n", "")
