"""Kill a cell with SIGKILL in the middle of its calls to a real LLM, run it again, and compare counts.

    python scripts/check_resume.py [--kill-after 3] [--concurrency 2]

llama.cpp's server runs in this process with the embedded model; a proxy in front of it counts each request
that it hands on and each answer that it hands back whole. The cell has a process of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from smartgen.config import compose_cell
from smartgen.llm.embedded import model_file, serve
from smartgen.synthesizer_settings import EmbeddedSettings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kill-after", type=int, default=3, help="answers, before the kill")
    parser.add_argument("--concurrency", type=int, default=2)
    options = parser.parse_args()
    cell = compose_cell("synthesizer=embedded_short", f"synthesizer.concurrency={options.concurrency}")
    settings = cell.synthesizer
    assert isinstance(settings, EmbeddedSettings)
    proxy = Proxy(serve(model_file(settings, cell.paths.models), settings).url)
    with tempfile.TemporaryDirectory() as scratch:
        process = run(Path(scratch), proxy, options.concurrency)
        while len(proxy.answered) < options.kill_after and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        time.sleep(0.5)
        report("killed", proxy, Path(scratch))
        answered = cached(Path(scratch))
        again = run(Path(scratch), proxy, options.concurrency)
        again.wait()
        report(f"run again (exit code {again.returncode})", proxy, Path(scratch))
    repeated = sum(proxy.asked.values()) - len(proxy.asked)
    print(
        f"asked twice: {repeated}, of at most {options.concurrency} in flight; "
        f"in the cache at the kill: {answered}"
    )
    sys.exit(0 if again.returncode == 0 and repeated <= options.concurrency else 1)


class Proxy:
    """Hands requests on and counts them by content.

    Attributes:
        asked: how often each request came.
        answered: how often each was answered whole.
    """

    def __init__(self, target: str) -> None:
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        proxy, lock = self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Print nothing."""

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                name = hashlib.sha256(body).hexdigest()
                with lock:
                    proxy.asked[name] += 1
                path = self.path.removeprefix("/v1")
                request = urllib.request.Request(target + path, body, {"Content-Type": "application/json"})
                with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=600) as reply:
                    content = reply.read()
                    self.send_response(reply.status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                    with lock:
                        proxy.answered[name] += 1

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}/v1"


def run(outputs: Path, proxy: Proxy, concurrency: int) -> subprocess.Popen[bytes]:
    """The cell, in a process of its own."""
    command = [sys.executable, "-m", "smartgen", "dataset=demo", "stage/ssc=sound", "detector=seen"]
    command += ["synthesizer=llama-70b", "synthesizer.model=SmolLM2", f"synthesizer.base_url={proxy.url}"]
    command += [
        "synthesizer.max_tokens=320",
        "synthesizer.context_tokens=3072",
        "synthesizer.temperature=0.8",
    ]
    command += ["synthesizer.top_p=0.95", f"synthesizer.concurrency={concurrency}", "tracking=none"]
    environment = os.environ | {"SMARTGEN_OUTPUTS": str(outputs), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, env=environment)


def cached(outputs: Path) -> int:
    """Answers in the cell's cache."""
    path = outputs / "cache" / "answers.sqlite"
    if not path.is_file():
        return 0
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("select count(*) from answers").fetchone()[0])


def report(when: str, proxy: Proxy, outputs: Path) -> None:
    """One line of counts."""
    asked, answered = sum(proxy.asked.values()), sum(proxy.answered.values())
    told = f"{asked} requests, {len(proxy.asked)} distinct, {answered} answered"
    print(f"{when}: server {told}; cache {cached(outputs)}")


if __name__ == "__main__":
    main()
