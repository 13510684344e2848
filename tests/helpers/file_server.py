"""A local server that behaves as servers do, misdeeds included, and archives for it to serve."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import io
import tarfile
import time
import zipfile

BODY = bytes(range(256)) * 4000
MD5 = "md5:" + hashlib.md5(BODY).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves `BODY` at any path, after a list of misdeeds, one for each request."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.misdeeds = []
        self.ranges = []
        self.files = {}
        self.headers = {}
        self.logins = []
        self.etag = '"1"'
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        body = self.server.files.get(self.path, BODY)
        if self.command == "GET":
            self.server.logins.append((self.path, self.headers.get("Authorization")))
            self.server.ranges.append(self.headers.get("Range"))
        misdeed = self.server.misdeeds.pop(0) if self.server.misdeeds and self.command == "GET" else None
        if isinstance(misdeed, int):
            self.send_response(misdeed)
            self.send_header("Content-Length", "0")
            if misdeed == 503:
                self.send_header("Retry-After", "7")
            self.end_headers()
            return
        if misdeed == "wrong bytes":
            body = b"<html>please log in</html>"
        start = 0
        asked = self.headers.get("Range")
        same = self.headers.get("If-Range") in (None, self.server.etag)
        if asked and same and misdeed not in ("wrong bytes", "no ranges"):
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(body):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(body)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            self.send_response(200)
        length = len(body) - start + (500 if misdeed == "claims more" else 0)
        self.send_header("Content-Length", str(length))
        self.send_header("ETag", self.server.etag)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        part = body[start:]
        while misdeed == "trickles" and part:
            self.wfile.write(part[:1000])
            part = part[1000:]
            time.sleep(0.02)
        self.wfile.write(part[: len(part) // 3] if misdeed == "breaks off" else part)
        if misdeed in ("breaks off", "claims more"):
            self.wfile.flush()
            self.close_connection = True
            self.connection.close()

    def log_message(self, *_):
        pass

    def handle(self):
        with contextlib.suppress(OSError, ValueError):  # the other side hung up, as these tests want it to
            super().handle()


def leftovers(folder):
    """What is left in a folder of files that were not whole."""
    return sorted(path.name for path in folder.rglob("*") if ".downloads" in path.parts[:-1] or ".partial" in path.name)


def archive_of(files, kind="zip"):
    stream = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    else:
        with tarfile.open(fileobj=stream, mode="w:gz") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


FILES = {"LibriTTS/SPEAKERS.txt": b";ID", "LibriTTS/train/a b.wav": BODY, "LibriTTS/empty.txt": b""}
