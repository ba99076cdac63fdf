"""A model looks at what the rules were unsure of: it may point at words, and only at words that stand there."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from graph.guardian import pause, resume
from graph.knowledge import Knowledge
from graph.second_readings import readings
from ingestion.pipeline import understand_waiting
from ingestion.second_look import look_again, read
from ingestion.source import sources
from models.domain import Evidence, EvidenceView, Person
from models.language import LanguageModel, NoAnswer
from models.settings import Settings
from tests.models.model_server import Server

NOW = datetime(2026, 7, 18, 12, tzinfo=UTC)
TEXT = "那个桥洞底下全是水，车子开不过去，里面困了2个人，昨晚8点多就这样了"


def view(text: str = TEXT) -> EvidenceView:
    return EvidenceView(
        id="ev-1",
        source="hotline",
        source_title="12345热线",
        source_kind="hotline",
        reliability="C",
        text=text,
        sent_at=NOW,
        received_at=NOW,
    )


def answer(**said: object) -> str:
    whole = {
        "hazard": "flood",
        "request": "求救",
        "place": "桥洞底下",
        "time": "昨晚8点多",
        "harm": [{"type": "trapped", "words": "里面困了2个人"}],
    }
    return json.dumps(whole | said, ensure_ascii=False)


def test_what_stands_in_the_text_is_read_by_our_rules() -> None:
    with Server(answer()) as server:
        found = read(view(), LanguageModel(Settings(model_url=server.address)), seconds=10)
    assert (found.hazard, found.place, found.time, found.dropped) == ("flood", "桥洞底下", "昨晚8点多", 0)
    assert [(one.type, one.value) for one in found.impacts] == [("trapped", 2)]


@pytest.mark.parametrize(
    "said",
    [
        {"place": "玄武湖隧道"},
        {"time": "7月17日20时"},
        {"harm": [{"type": "dead", "words": "里面困了2个人"}]},
        {"harm": [{"type": "trapped", "words": "困了20个人"}]},
    ],
)
def test_what_does_not_stand_there_is_dropped(said: dict[str, object]) -> None:
    with Server(answer(**said)) as server:
        found = read(view(), LanguageModel(Settings(model_url=server.address)), seconds=10)
    assert found.dropped == 1
    assert not [one for one in found.impacts if one.type == "dead" or one.value == 20]
    assert (found.place, found.time) in {("桥洞底下", "昨晚8点多"), ("", "昨晚8点多"), ("桥洞底下", "")}


def test_waiting_messages_are_read_once_and_nothing_else_changes(knowledge: Knowledge, people: dict[str, Person]) -> None:
    item = Evidence.of(source="hotline", text="救命啊，那边有人出不来了，快来人", sent_at=NOW, received_at=NOW)
    knowledge.ledger.receive(sources()["hotline"].source, [item])
    understand_waiting(knowledge)
    before = knowledge.store.digest()
    assert knowledge.store.waiting_for_person() == 1
    with Server(answer(place="", time="", harm=[], hazard="none")) as server:
        model = LanguageModel(Settings(model_url=server.address))
        pause(knowledge.ledger, people["guardian"], "检修")
        assert look_again(knowledge, model) == 0
        assert server.asked == []
        resume(knowledge.ledger, people["guardian"], "检修结束")
        assert look_again(knowledge, model) == 1
        assert look_again(knowledge, model) == 0
    assert readings(knowledge.ledger, [item.id])[item.id].request_type == "求救"
    assert knowledge.store.digest() == before


def test_a_server_that_is_away_is_asked_again_later(knowledge: Knowledge) -> None:
    item = Evidence.of(source="hotline", text="救命啊，那边有人出不来了，快来人", sent_at=NOW, received_at=NOW)
    knowledge.ledger.receive(sources()["hotline"].source, [item])
    understand_waiting(knowledge)
    with Server("refused") as server:
        assert look_again(knowledge, LanguageModel(Settings(model_url=server.address))) == 0
    with Server(answer(place="", time="", harm=[])) as server:
        assert look_again(knowledge, LanguageModel(Settings(model_url=server.address))) == 1


def test_nonsense_is_not_asked_for_twice(knowledge: Knowledge) -> None:
    item = Evidence.of(source="hotline", text="救命啊，那边有人出不来了，快来人", sent_at=NOW, received_at=NOW)
    knowledge.ledger.receive(sources()["hotline"].source, [item])
    understand_waiting(knowledge)
    with Server("invalid_json") as server:
        model = LanguageModel(Settings(model_url=server.address))
        with pytest.raises(NoAnswer):
            read(knowledge.store.evidence(1)[0], model, seconds=5)
        assert look_again(knowledge, model) == 0
        asked = len(server.asked)
        assert look_again(knowledge, model) == 0
        assert len(server.asked) == asked
