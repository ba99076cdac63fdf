"""One officer's window without a browser: it speaks Streamlit's own protocol over a WebSocket and keeps a browser's timers.

For measuring what many windows cost the server on a machine that could not draw them all as well.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

LARGEST = 200_000_000
"""Bytes of one message."""
PATIENCE = 120
"""Seconds after which a page is said not to have been drawn."""


@dataclass
class Window:
    """What one window shows, by place on the page, as the server told it."""

    line: Any
    shown: dict[tuple[int, ...], Delta] = field(default_factory=dict)
    values: dict[str, WidgetState] = field(default_factory=dict)
    page: str = ""
    drawn: int = 0
    """How many whole pages were drawn to their end."""
    timers: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def listen(self) -> None:
        """Follow what the server sends, until it hangs up."""
        with contextlib.suppress(websockets.ConnectionClosed):
            async for raw in self.line:
                message = ForwardMsg()
                message.ParseFromString(raw)
                await self._heard(message)

    async def _heard(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session" and not message.metadata.run.fragment_ids:
            self.page = message.new_session.page_script_hash
            self._stop()
            self.shown.clear()
        elif kind == "delta":
            self.shown[tuple(message.metadata.delta_path)] = message.delta
            if message.delta.new_element.WhichOneof("type") == "component_instance":
                # A map that was drawn says where it looks, and its part of the page is drawn again.
                await self.send(part=message.delta.fragment_id)
        elif kind == "auto_rerun":
            told = message.auto_rerun
            self.timers[told.fragment_id] = asyncio.create_task(self._again(told.fragment_id, told.interval))
        elif kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
            self.drawn += 1
        async with self.changed:
            self.changed.notify_all()

    async def _again(self, part: str, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self.send(part=part, by_itself=True)

    def _stop(self) -> None:
        for timer in self.timers.values():
            timer.cancel()
        self.timers.clear()

    async def send(self, *pressed: str, part: str = "", by_itself: bool = False) -> None:
        """Ask for the page, or a part of it, with these buttons pressed."""
        asked = BackMsg()
        asked.rerun_script.page_script_hash = self.page
        asked.rerun_script.fragment_id = part
        asked.rerun_script.is_auto_rerun = by_itself
        asked.rerun_script.widget_states.widgets.extend(self.values.values())
        asked.rerun_script.widget_states.widgets.extend(WidgetState(id=one, trigger_value=True) for one in pressed)
        with contextlib.suppress(websockets.ConnectionClosed):
            await self.line.send(asked.SerializeToString())

    def elements(self, kind: str) -> Iterator[tuple[Any, str]]:
        """What is shown of one kind, with the part of the page it belongs to, from top to bottom."""
        for _, delta in sorted(self.shown.items()):
            if delta.WhichOneof("type") == "new_element" and delta.new_element.WhichOneof("type") == kind:
                yield getattr(delta.new_element, kind), delta.fragment_id

    def button(self, label: str) -> tuple[str, str] | None:
        """The first button with these words: its id and its part."""
        return next(((one.id, part) for one, part in self.elements("button") if one.label == label), None)

    async def until(self, true: Any) -> None:
        """Wait until something is so on the page."""
        async with asyncio.timeout(PATIENCE), self.changed:
            await self.changed.wait_for(true)

    async def press(self, label: str, then: str) -> None:
        """Press a button and wait until the whole page is drawn anew with another one on it. TimeoutError when it never is."""
        await self.until(lambda: self.button(label))
        found, before = self.button(label), self.drawn
        assert found is not None
        await self.send(found[0], part=found[1])
        await self.until(lambda: self.drawn > before and self.button(then))

    async def sign_in(self, name: str, password: str, opened: str) -> None:
        """Open the page, fill in the form at the door, and wait until a button with the words `opened` is there."""
        await self.send()
        await self.until(lambda: self.drawn)
        for (text, _), words in zip(self.elements("text_input"), (name, password), strict=True):
            self.values[text.id] = WidgetState(id=text.id, string_value=words)
        [door] = [button for button, _ in self.elements("button") if button.is_form_submitter]
        await self.send(door.id)
        await self.until(lambda: self.button(opened))
        self.values.clear()

    def words(self) -> str:
        """Everything that stands on the page as text."""
        return " ".join(one.body for one, _ in self.elements("html"))


@contextlib.asynccontextmanager
async def window(address: str) -> Any:
    """A window on the dashboard at this address (http://host:port); closed at the end."""
    url = address.replace("http", "ws", 1) + "/_stcore/stream"
    async with websockets.connect(url, subprotocols=["streamlit"], max_size=LARGEST, origin=address, ping_interval=None) as line:  # type: ignore[list-item, arg-type]
        one = Window(line)
        listening = asyncio.create_task(one.listen())
        try:
            yield one
        finally:
            one._stop()
            listening.cancel()
