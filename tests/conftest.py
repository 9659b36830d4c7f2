"""Shared fixtures: a toy home, the authors' data where SMARTGEN_RELEASE names it, and an LLM's endpoint."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pickle
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from smartgen.core.types import Sequences
from smartgen.data.manifest import Checksum, Manifest
from smartgen.data.vocabulary import Vocabulary
from tests.scripts import FOLDER, load

RELEASE = os.environ.get("SMARTGEN_RELEASE", "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the release where there is none."""
    for item in items if not RELEASE else ():
        if "release" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="needs SMARTGEN_RELEASE"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many tests were on the release, wherever they ran: reports come from all processes."""
    reports = [
        one for kind in ("passed", "failed", "skipped") for one in terminalreporter.stats.get(kind, [])
    ]
    count = len({one.nodeid for one in reports if "release" in one.keywords})
    told = (
        "tests ran on the authors' release" if RELEASE else "more tests would run with SMARTGEN_RELEASE set"
    )
    terminalreporter.write_line(f"{count} {told}")


@pytest.fixture(scope="session")
def release() -> Path:
    """The folder of the authors' data; mark its users with ``@pytest.mark.release``."""
    return Path(RELEASE).resolve()


@pytest.fixture
def altered(release: Path, tmp_path: Path) -> Callable[[dict[str, bytes | None]], Path]:
    """A folder that is the authors' data but for some files, given by name; None leaves one out."""
    root = tmp_path / "altered"

    def link(theirs: Path, ours: Path) -> None:
        ours.mkdir()
        for entry in theirs.iterdir():
            (ours / entry.name).symlink_to(entry)

    def alter(files: dict[str, bytes | None]) -> Path:
        link(release, root)
        for name, content in files.items():
            *above, last = Path(name).parts
            ours, theirs = root, release
            for part in above:
                ours, theirs = ours / part, theirs / part
                if ours.is_symlink():
                    ours.unlink()
                    link(theirs, ours)
            (ours / last).unlink(missing_ok=True)
            if content is not None:
                (ours / last).write_bytes(content)
        return root

    return alter


@pytest.fixture
def toy_vocabulary() -> Vocabulary:
    """Three devices, six actions, one of them an "off" for each device."""
    actions = ("Fan:off", "Fan:on", "Heater:off", "Heater:on", "Light:off", "Light:on")
    return Vocabulary(("Fan", "Heater", "Light"), actions, frozenset({0, 2, 4}))


@pytest.fixture
def toy_sequences() -> Sequences:
    """Five short sequences over the toy vocabulary."""
    return Sequences.from_lists(
        [
            [0, 2, 2, 5, 0, 2, 1, 3, 0, 6, 1, 2],
            [1, 2, 2, 5, 1, 3, 2, 4],
            [2, 2, 1, 3],
            [3, 2, 2, 5, 3, 2, 1, 3, 3, 7, 1, 2, 3, 7, 2, 4],
            [6, 7, 0, 1, 0, 2, 0, 0],
        ]
    )


@pytest.fixture
def toy_release(tmp_path: Path, toy_vocabulary: Vocabulary, toy_sequences: Sequences) -> Path:
    """Dataset ``toy``: winter (trn, split_trn) and spring (test, and a leftover trn)."""
    root = tmp_path / "toy_release"
    tables = {
        "toy_devices_dict": {name: i for i, name in enumerate(toy_vocabulary.devices)},
        "toy_actions": {name: i for i, name in enumerate(toy_vocabulary.actions)},
    }
    winter, spring = (root / "SmartGen/IoT_data/toy" / name for name in ("winter", "spring"))
    for folder in (winter, spring):
        folder.mkdir(parents=True)
    rows = toy_sequences.to_lists()
    for path, content in {
        winter / "trn.pkl": rows,
        winter / "split_trn.pkl": [row[:4] for row in rows],
        spring / "test.pkl": rows[1:],
        spring / "trn.pkl": rows[:1],
    }.items():
        path.write_bytes(pickle.dumps(content))
    (root / "SmartGen/dictionary.json").write_text(json.dumps(tables))
    (root / "LICENSE").write_text("MIT")
    return root


@pytest.fixture
def toy_manifest(toy_release: Path) -> Manifest:
    """The checksums of the toy release."""
    files = {}
    for path in sorted(entry for entry in toy_release.rglob("*") if entry.is_file()):
        content = path.read_bytes()
        checksum = Checksum(hashlib.sha256(content).hexdigest(), len(content))
        files[path.relative_to(toy_release).as_posix()] = checksum
    return Manifest("https://github.com/someone/toy", "c0ffee", files)


@pytest.fixture(scope="session")
def check_wandb() -> ModuleType:
    """scripts/check_wandb.py, whose ``read_runs`` here first waits for W&B's process to write them."""
    module = load(FOLDER / "check_wandb.py")
    read = module.read_runs

    def read_settled(outputs: Path) -> Any:
        from smartgen.tracking.runs import settle

        settle()
        return read(outputs)

    module.read_runs = read_settled  # type: ignore[attr-defined]
    return module


# An endpoint of OpenAI's protocol on loopback that answers as it is told, faults included.

Reply = tuple[int, dict[str, str], bytes]
Told = dict[str, Any] | str
Script = Callable[[int, dict[str, Any]], Told]  # number of the call, its body

CUT, HANG = "cut", "hang"


def rendered(told: dict[str, Any]) -> Reply:
    """``text`` (an answer), ``status`` (an error), or ``raw`` bytes, as HTTP has them."""
    headers = {name.replace("_", "-"): value for name, value in told.get("headers", {}).items()}
    if "raw" in told:
        return 200, headers, told["raw"]
    if "status" in told:
        error = {"message": told.get("message", "told so"), "code": told.get("code"), "type": "x"}
        return told["status"], headers, json.dumps({"error": error}).encode()
    return 200, headers, json.dumps(completion(told["text"], told.get("finish_reason", "stop"))).encode()


def completion(text: str, finish_reason: str = "stop") -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": finish_reason, "message": {"role": "assistant", "content": text}}
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    whole = {"id": "x", "object": "chat.completion", "created": 0, "model": "m"}
    return whole | {"choices": [choice], "usage": usage}


class Endpoint:
    """Counts what it was asked and what it answered; `script` decides."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answered = 0  # replies with status 200 that went out whole
        self.in_flight = self.most_in_flight = 0
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                with contextlib.suppress(OSError):
                    self.send(endpoint.get(self.path))

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                with contextlib.suppress(OSError):
                    self.send(endpoint.post(self.path, raw, dict(self.headers)))

            def send(self, reply: Reply | str) -> None:
                if reply == HANG:
                    endpoint.stopping.wait(30)
                if isinstance(reply, str):
                    self.close_connection = True
                    if reply == CUT:  # half of an answer, then the line goes dead
                        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")
                    return
                status, headers, body = reply
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        class Server(ThreadingHTTPServer):
            request_queue_size = 128  # else connections are dropped before anyone counts them
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def calls(self) -> int:
        return len(self.bodies)

    def close(self) -> None:
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()

    def post(self, path: str, raw: bytes, headers: dict[str, str]) -> Reply | str:
        if path.endswith("/files"):
            return self.upload(raw)
        if path.endswith("/batches"):
            return self.make_batch(json.loads(raw))
        with self.lock:
            number = len(self.bodies)
            self.bodies.append(json.loads(raw))
            self.headers.append(headers)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            told = self.script(number, self.bodies[number])
        finally:
            with self.lock:
                self.in_flight -= 1
        reply = told if isinstance(told, str) else rendered(told)
        if not isinstance(reply, str) and reply[0] == 200:
            with self.lock:
                self.answered += 1
        return reply

    # The Batch API: a batch is as its test sets it.

    def upload(self, raw: bytes) -> Reply:
        content = re.search(rb"(\{.*\}\n)\r\n--", raw, re.DOTALL)
        assert content is not None
        name = f"file-{len(self.files)}"
        self.files[name] = content[1]
        told = {
            "id": name,
            "object": "file",
            "bytes": 1,
            "created_at": 0,
            "filename": "x",
            "purpose": "batch",
        }
        return 200, {}, json.dumps(told | {"status": "processed"}).encode()

    def make_batch(self, wanted: dict[str, Any]) -> Reply:
        name = f"batch-{len(self.batches)}"
        self.batches[name] = wanted | {
            "id": name, "object": "batch", "created_at": 0, "status": "in_progress",
            "request_counts": {"total": 3, "completed": 1, "failed": 0},
        }  # fmt: skip
        return 200, {}, json.dumps(self.batches[name]).encode()

    def finish_batch(self, name: str, answer: Callable[[dict[str, Any]], str | None]) -> None:
        """Answer each line of the batch's input; None leaves one out."""
        lines = []
        for line in self.files[self.batches[name]["input_file_id"]].decode().splitlines():
            row = json.loads(line)
            text = answer(row["body"])
            if text is not None:
                reply = {"status_code": 200, "body": completion(text)}
                lines.append(json.dumps({"custom_id": row["custom_id"], "response": reply}))
        self.files[f"out-{name}"] = "\n".join(reversed(lines)).encode()
        self.batches[name] |= {"status": "completed", "output_file_id": f"out-{name}"}

    def get(self, path: str) -> Reply:
        file = re.search(r"/files/([^/]+)/content", path)
        if file and file[1] not in self.files:
            return 404, {}, b'{"error": {"message": "no such file"}}'
        if file:
            return 200, {"Content-Type": "text/plain"}, self.files[file[1]]
        batch = re.search(r"/batches/([^/?]+)", path)
        if batch:
            return 200, {}, json.dumps(self.batches[batch[1]]).encode()
        listed = {"object": "list", "data": list(self.batches.values()), "has_more": False}
        return 200, {}, json.dumps(listed).encode()


@pytest.fixture
def endpoint() -> Iterator[Callable[[Script], Endpoint]]:
    """Starts endpoints; all end with the test."""
    started: list[Endpoint] = []

    def start(script: Script) -> Endpoint:
        started.append(Endpoint(script))
        return started[-1]

    yield start
    for one in started:
        one.close()
