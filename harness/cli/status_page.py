"""The page that ``harness serve`` shows a browser: what runs, where, with what in it. It holds no secret."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness.errors import BackendError

Rows = Sequence[tuple[str, str]]

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>harness</title>
<style>
:root {{ color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }}
body {{ max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; }} td {{ padding: .2rem 1rem .2rem 0; border-bottom: 1px solid #8885; }}
</style></head>
<body><h1>The embedded Splunk</h1>{tables}</body></html>
"""


class StatusPage:
    """Serves one page until it is closed. ``tables`` is asked for its content each time."""

    def __init__(self, host: str, port: int, tables: Callable[[], dict[str, Rows]]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path != "/":
                    self.send_error(404)
                    return
                data = _render(tables()).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=UTF-8")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """The page is not worth a log."""

        try:
            self._server = ThreadingHTTPServer((host, port), Handler)
        except OSError as error:
            raise BackendError(
                f"the web page's port {port} on {host} cannot be had: {error.strerror or error}",
                hint="stop what listens there, or choose another with --web-port (0 is any free one)",
            ) from error
        self._server.daemon_threads = True
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    def __enter__(self) -> StatusPage:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _render(tables: dict[str, Rows]) -> str:
    parts = []
    for title, rows in tables.items():
        cells = "".join(f"<tr><td>{html.escape(name)}</td><td>{html.escape(value)}</td></tr>" for name, value in rows)
        parts.append(f"<h2>{html.escape(title)}</h2><table>{cells}</table>")
    return _PAGE.format(tables="".join(parts))
