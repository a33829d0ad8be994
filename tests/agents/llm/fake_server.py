"""A scripted OpenAI-compatible server on this machine: it delays, throttles, truncates, garbles, closes and streams as told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Say:
    """How to answer one request; by default with a completion of `text`.

    Attributes:
        text: The reply; `None` for none.
        status: HTTP status; anything but 200 is an error.
        delay_s: Seconds before anything is sent.
        body: Sent as it is in place of a completion.
        close: Whether the connection is closed without an answer.
        never: Whether nothing is ever sent.
    """

    text: str | None = "hello"
    status: int = 200
    delay_s: float = 0.0
    body: bytes | None = None
    close: bool = False
    never: bool = False
    dribble: bool = False
    finish: str = "stop"
    reasoning: str = ""
    refusal: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


def first_legal(body: dict[str, Any]) -> str:
    """The first legal move that the last message lists, as an answer."""
    views = [message["content"] for message in body["messages"] if message["role"] == "user" and "Legal: " in message["content"]]
    if not views:
        return "hello"
    moves = views[-1].rpartition("Legal: ")[2].splitlines()[0]
    move = moves.partition("), ")[0] + ")" if moves.startswith("(") and "), " in moves else moves.partition(", ")[0]
    return f"<answer>{move}</answer>"


def plays(number: int, body: dict[str, Any]) -> Say:
    """Always plays the first legal move."""
    return Say(first_legal(body))


class FakeServer:
    """The server. A context manager.

    Attributes:
        requests: Bodies of all requests, in order of arrival.
        paths: Where they went, with the query.
        peak: Most requests that were under way at once.
    """

    def __init__(self, script: Callable[[int, dict[str, Any]], Say] = plays) -> None:
        self.script = script
        self.requests: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.peak = self.open = 0
        self.lock = threading.Lock()
        self.over = threading.Event()

    def __enter__(self) -> FakeServer:
        fake = self

        class Handler(_Handler):
            server_of = fake

        self._http = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/v1"
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it; connections are refused from now on."""
        if not self.over.is_set():
            self.over.set()
            self._http.shutdown()
            self._http.server_close()

    def spec(self, **parameters: object) -> str:
        """Spec string of an agent that plays by this server."""
        query = "&".join(f"{name}={value}" for name, value in {"base_url": self.url, **parameters}.items())
        return f"openai:fake?{query}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is no news."""


class _Handler(BaseHTTPRequestHandler):
    server_of: FakeServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""

    def do_POST(self) -> None:
        fake = self.server_of
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with fake.lock:
            number = len(fake.requests)
            fake.requests.append(body)
            fake.paths.append(self.path)
            fake.open += 1
            fake.peak = max(fake.peak, fake.open)
        try:
            say = fake.script(number, body)
            if say.delay_s:
                time.sleep(say.delay_s)
            self.answer(say, body)
        finally:
            with fake.lock:
                fake.open -= 1

    def answer(self, say: Say, body: dict[str, Any]) -> None:
        if say.never:
            self.server_of.over.wait(60)
        if say.close or say.never or self.server_of.over.is_set():
            self.close_connection = True
            return
        if say.status != 200:
            message = "scripted" if say.body is None else say.body.decode()
            self.send(say.status, json.dumps({"error": {"message": message, "code": say.text}}).encode(), say.headers)
        elif body.get("stream"):
            self.stream(say)
        else:
            self.send(200, say.body if say.body is not None else json.dumps(completion(say)).encode(), say.headers)

    def send(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"content-type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def stream(self, say: Say) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        while say.dribble and not self.server_of.over.wait(0.02):
            self.event({"delta": {"content": "and "}, "finish_reason": None, "index": 0})
        for char in say.text or "":
            self.event({"delta": {"content": char}, "finish_reason": None, "index": 0})
        if say.body == b"":
            return
        self.event({"delta": {}, "finish_reason": say.finish, "index": 0})
        self.wfile.write(b"data: " + json.dumps({**_head("chat.completion.chunk"), "choices": [], "usage": USAGE}).encode() + b"\n\n")
        self.wfile.write(b"data: [DONE]\n\n")

    def event(self, choice: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps({**_head("chat.completion.chunk"), "choices": [choice]}).encode() + b"\n\n")


USAGE = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}


def _head(kind: str) -> dict[str, Any]:
    return {"id": "c", "object": kind, "created": 0, "model": "fake"}


def completion(say: Say) -> dict[str, Any]:
    """The body of a completion."""
    message: dict[str, Any] = {"role": "assistant", "content": say.text, "refusal": say.refusal}
    if say.reasoning:
        message["reasoning_content"] = say.reasoning
    return {**_head("chat.completion"), "choices": [{"index": 0, "message": message, "finish_reason": say.finish}], "usage": USAGE}
