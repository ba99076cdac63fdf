"""What Streamlit 1.67 gets wrong and a page cannot avoid; importing this puts it right for every session of the process.

Each of these flaws breaks the whole window ("Bad delta path index", "Cannot set a node at a delta path") when a part of a page that redraws itself
(`st.fragment(run_every=…)`) meets a page that is drawn anew, the sooner the busier the machine.
"""

from __future__ import annotations

from dataclasses import replace

from streamlit.runtime.app_session import AppSession, AppSessionState
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequest, ScriptRequests, ScriptRequestType

_taken = ScriptRequests.on_scriptrunner_ready
_cleared = ForwardMsgQueue.clear
_started = AppSession._create_scriptrunner
_asked = ScriptRequests._request_rerun_locked

SOON = 0.02
"""Seconds until a part asks again whether the drawing before it is over."""


def _on_the_page_that_is_there(self: ScriptRequests) -> ScriptRequest:
    """A part asks to be drawn with the address of the page the browser knows. Has the server turned to another meanwhile (`st.switch_page`),
    the old page would be announced again and the new one cleared away: a part is drawn on the page that is there, whatever the request says.
    """
    request, drawn = _taken(self), get_script_run_ctx(suppress_warning=True)
    if request.type is not ScriptRequestType.RERUN or drawn is None or not drawn.page_script_hash:
        return request
    asked = request.rerun_data
    if not asked.fragment_id_queue or asked.page_script_hash == drawn.page_script_hash:
        return request
    return ScriptRequest(
        request.type, replace(asked, page_script_hash=drawn.page_script_hash, page_name="", query_string=drawn.query_string)
    )


def _a_part_changes_no_turning(self: ScriptRequests, new_data: RerunData) -> bool:
    """A part that asks after the server was told to turn to another page, and before it does, would put its own old address in that one's place."""
    turning = self._rerun_data
    if self._state is ScriptRequestType.RERUN and new_data.fragment_id and not turning.fragment_id_queue:
        new_data = replace(
            new_data, page_script_hash=turning.page_script_hash, page_name=turning.page_name, query_string=turning.query_string
        )
    return _asked(self, new_data)


def _nothing_of_a_part_is_dropped(
    self: ForwardMsgQueue, retain_lifecycle_msgs: bool = False, fragment_ids_this_run: list[str] | None = None
) -> None:
    """When a part is drawn again, what waits to be sent of its last drawing would be dropped, though it may belong to a drawing of the whole
    page that has ended: the browser then takes the part for gone and everything below it moves up. All of it is sent, in its order.
    """
    waiting = self._queue
    _cleared(self, retain_lifecycle_msgs, fragment_ids_this_run)
    if retain_lifecycle_msgs and fragment_ids_this_run is not None:
        self._queue = waiting


def _after_the_drawing_before_it(self: AppSession, initial_rerun_data: RerunData) -> None:
    """A part that asks just as a drawing ends would be drawn by a new runner, and whatever the ended one drew last is thrown away, with the page
    it had turned to. It waits until all of that is taken in.
    """
    ending = self._scriptrunner
    if ending is None or not initial_rerun_data.fragment_id:
        _started(self, initial_rerun_data)
    elif self._state != AppSessionState.SHUTDOWN_REQUESTED and not ending.request_rerun(initial_rerun_data):
        self._event_loop.call_later(SOON, _after_the_drawing_before_it, self, initial_rerun_data)


ScriptRequests.on_scriptrunner_ready = _on_the_page_that_is_there  # type: ignore[method-assign]
ScriptRequests._request_rerun_locked = _a_part_changes_no_turning  # type: ignore[method-assign]
ForwardMsgQueue.clear = _nothing_of_a_part_is_dropped  # type: ignore[method-assign]
AppSession._create_scriptrunner = _after_the_drawing_before_it  # type: ignore[method-assign]
