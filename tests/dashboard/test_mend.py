"""What Streamlit would drop on the way to the browser reaches it; what it may drop it still drops. The other flaw is shown in Chromium."""

from __future__ import annotations

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests

from dashboard import app, mend


def drawn(words: str, part: str = "") -> ForwardMsg:
    message = ForwardMsg()
    message.delta.new_element.markdown.body = words
    message.delta.fragment_id = part
    message.metadata.delta_path[:] = [0, 1]
    return message


def finished() -> ForwardMsg:
    message = ForwardMsg()
    message.script_finished = ForwardMsg.FINISHED_SUCCESSFULLY
    return message


def test_the_pages_are_mended() -> None:
    assert app.mend is mend


def test_what_a_part_drew_in_a_whole_page_is_sent_although_the_part_is_drawn_again() -> None:
    queue = ForwardMsgQueue()
    for message in (drawn("as the page was drawn", "clock"), finished()):
        queue.enqueue(message)
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=["clock"])
    queue.enqueue(drawn("as the part was drawn again", "clock"))
    sent = queue.flush()
    assert [m.delta.new_element.markdown.body for m in sent] == ["as the page was drawn", "", "as the part was drawn again"]
    assert sent[1].script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
    assert queue.is_empty()


def test_a_page_drawn_anew_still_takes_the_place_of_what_waits() -> None:
    queue = ForwardMsgQueue()
    for message in (drawn("old", "clock"), drawn("old"), finished()):
        queue.enqueue(message)
    queue.clear(retain_lifecycle_msgs=True)
    assert [m.WhichOneof("type") for m in queue.flush()] == ["script_finished"]


def test_a_part_that_asks_late_does_not_turn_the_page_back() -> None:
    asked = ScriptRequests()
    asked.request_rerun(RerunData(page_script_hash="desk", query_string="report=1"))
    asked.request_rerun(RerunData(page_script_hash="map", query_string="incident=2", fragment_id="clock"))
    taken = asked.on_scriptrunner_ready().rerun_data
    assert (taken.page_script_hash, taken.query_string, taken.fragment_id_queue) == ("desk", "report=1", [])


def test_a_page_asked_for_after_a_part_is_the_page() -> None:
    asked = ScriptRequests()
    asked.request_rerun(RerunData(page_script_hash="map", fragment_id="clock"))
    asked.request_rerun(RerunData(page_script_hash="desk"))
    assert asked.on_scriptrunner_ready().rerun_data.page_script_hash == "desk"
