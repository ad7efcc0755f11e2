"""A server that nobody should ever speak to: it hears whatever comes, over TCP or UDP."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from stack.ports import HOST, free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator


class Sink:
    """Hears every connection and datagram on one port."""

    def __init__(self) -> None:
        self.port = free_ports(1)[0]
        self.heard: list[bytes] = []

    async def listen(self, ready: threading.Event, stop: asyncio.Event) -> None:
        """Listen until told to stop."""
        heard = self.heard

        class Datagrams(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, _address: Any) -> None:
                heard.append(b"datagram " + data[:20])

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.append(b"connection " + await reader.read(200))
            writer.close()

        server = await asyncio.start_server(answer, HOST, self.port)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Datagrams, local_addr=(HOST, self.port))
        ready.set()
        await stop.wait()
        transport.close()
        server.close()


@contextmanager
def listening_sink() -> Iterator[Sink]:
    """Listen on a free port of loopback."""
    sink, ready = Sink(), threading.Event()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(sink.listen(ready, stop)), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield sink
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
