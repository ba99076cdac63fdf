"""What Streamlit gets wrong and a page cannot avoid; importing this puts it right for every session of the process.

A part of a page that redraws itself asks for that with the address of the page the browser knows. Has the server turned to another page
meanwhile (`st.switch_page`), Streamlit 1.67 announces the old page again: the browser clears the new one away, and the next part that draws
itself breaks the whole window ("Bad delta path index"). A part is always drawn on the page that is there, whatever the request says.
"""

from __future__ import annotations

from dataclasses import replace

from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequest, ScriptRequests, ScriptRequestType

_taken = ScriptRequests.on_scriptrunner_ready


def _on_the_page_that_is_there(self: ScriptRequests) -> ScriptRequest:
    request, drawn = _taken(self), get_script_run_ctx(suppress_warning=True)
    if request.type is not ScriptRequestType.RERUN or drawn is None or not drawn.page_script_hash:
        return request
    asked = request.rerun_data
    if not asked.fragment_id_queue or asked.page_script_hash == drawn.page_script_hash:
        return request
    return ScriptRequest(
        request.type, replace(asked, page_script_hash=drawn.page_script_hash, page_name="", query_string=drawn.query_string)
    )


ScriptRequests.on_scriptrunner_ready = _on_the_page_that_is_there  # type: ignore[method-assign]
