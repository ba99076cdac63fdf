"""The long form of the promise "nothing is lost, nothing is written twice": twenty SIGKILLs during one ingest of 5,000 messages."""

from __future__ import annotations

import pytest

from tests.ingestion.killing import killed_often


@pytest.mark.live
def test_twenty_kills_during_5000_messages_lose_nothing_and_repeat_nothing(tmp_path):
    outcome = killed_often(tmp_path, messages=5_000, kills=20, seed=20260718)
    print(outcome)
    assert outcome.kills == 20
    assert outcome.mid_work >= 5
    assert outcome.received == 5_000
    assert outcome.received == outcome.in_graph == outcome.understood_entries == outcome.distinct_understood
    assert outcome.is_chain_whole
    assert outcome.is_rebuild_equal
