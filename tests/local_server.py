"""A web server on this machine that can also misbehave. No test contacts any other."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MANNERS = ("good", "truncated", "cut", "garbage", "missing", "failing")


@dataclass
class Mirror:
    """What the server offers by path, how it behaves, and the downloads it was asked for."""

    content: dict[str, bytes]
    manner: str = "good"
    url: str = ""
    asked: list[str] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    mirror: Mirror

    def do_GET(self) -> None:
        # torchvision asks twice for a file: once to learn of redirections, once to have it.
        self.mirror.asked.append(self.path.lstrip("/"))
        content = self.mirror.content.get(self.path.lstrip("/"))
        manner = self.mirror.manner
        if manner == "cut":
            return  # the connection is closed without a word
        if manner == "garbage":
            self.wfile.write(b"not HTTP at all\r\n\r\n")
        elif manner == "missing" or content is None:
            self.send_error(404)
        elif manner == "failing":
            self.send_error(503)
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2 if manner == "truncated" else None])

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(content: dict[str, bytes], manner: str = "good") -> Iterator[Mirror]:
    """The mirror, for as long as the block runs."""
    assert manner in MANNERS
    mirror = Mirror(content, manner)
    handler = type("Handler", (_Handler,), {"mirror": mirror})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    mirror.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield mirror
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
