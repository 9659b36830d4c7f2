"""An endpoint of OpenAI's protocol on loopback that often fails, and answers the same each time."""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

FAULTS: Final = ("429", "500", "cut", "hang", "garbage", "closed")
HANG_SECONDS: Final = 3.0  # longer than the cells' own limit for a call


class FaultyEndpoint:
    """What it answers hangs on the request alone, whether it does so on chance.

    Args:
        share: of the calls that fail.
        seed: of the faults.

    Attributes:
        url: its base URL.
        said: how often it did what.
    """

    def __init__(self, share: float = 0.4, seed: int = 1) -> None:
        self.said: Counter[str] = Counter()
        chance, lock, endpoint = random.Random(seed), threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Print nothing."""

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    what = chance.choice(FAULTS) if chance.random() < share else "answer"
                    endpoint.said[what] += 1
                with contextlib.suppress(OSError):  # whoever asked was killed
                    self.reply(what, body)

            def reply(self, what: str, body: dict[str, Any]) -> None:
                if what == "hang":
                    threading.Event().wait(HANG_SECONDS)
                if what in ("hang", "cut", "closed"):
                    self.close_connection = True
                    if what == "cut":
                        self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"id": ')
                    return
                status, content = (200, completion(body)) if what == "answer" else fault(what)
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Retry-After": "0.1"}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def fault(what: str) -> tuple[int, bytes]:
    """Status and body of a reply that is no answer."""
    if what == "garbage":
        return 200, b'{"choices": [{"message": null}]'
    return int(what), json.dumps({"error": {"message": "not now", "type": "x", "code": None}}).encode()


def completion(body: dict[str, Any]) -> bytes:
    """A completion of a request with an answer schema: three sequences drawn by the request's content."""
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    draw = random.Random(digest)
    fields = _find(body["response_format"], "enum")
    sequences = [
        [{name: draw.choice(values) for name, values in fields.items()} for _ in range(4)] for _ in range(3)
    ]
    message = {"role": "assistant", "content": json.dumps({"sequences": sequences})}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    usage = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}
    told = {"id": digest[:8], "object": "chat.completion", "created": 0, "model": body["model"]}
    return json.dumps(told | {"choices": [choice], "usage": usage}).encode()


def _find(schema: Any, word: str) -> dict[str, list[str]]:
    """The enumerations of a schema by the name of their field."""
    if not isinstance(schema, dict):
        return {}
    own = {name: one[word] for name, one in schema.items() if isinstance(one, dict) and word in one}
    return own | {name: values for one in schema.values() for name, values in _find(one, word).items()}
