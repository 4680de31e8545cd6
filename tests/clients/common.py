"""What the Python clients share: the calls, the browser's callback and the line of the answer."""

import asyncio
import json
import os
import socket
import sys
import time
import webbrowser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

URL = os.environ.get("MCP_URL", "")
METADATA_URL = os.environ.get("CLIENT_METADATA_URL")
_RELOGIN_WAIT = float(os.environ.get("RELOGIN_WAIT") or 0)
_LOGIN_DIR = Path(os.environ.get("LOGIN_DIR", "."))


def calls(client):
    """The three calls of every client: the key in the answer, the tool, its arguments."""
    return [
        ("time", "get_current_time", {}),
        ("search", "web_search", {"query": "서울 여행", "display": 3}),
        (
            "schedule",
            "create_calendar_schedule",
            {
                "title": f"다리 시험 {client}",
                "start_datetime": "2026-10-18 15:30",
                "end_datetime": "2026-10-18 16:30",
                "description": f"{client} 클라이언트가 만든 일정",
                "location": "서울",
            },
        ),
    ]


def logins():
    """What the browser reports of each login it has finished."""
    return [json.loads(line) for line in (_LOGIN_DIR / "logins.jsonl").read_text().splitlines()]


def _opened():
    return len((_LOGIN_DIR / "opened").read_text().splitlines())


async def exercise(client, protocol, tools, call, token):
    """Makes the three calls and, where asked, one more after the access token expired; returns the answer.

    `call(name, arguments)` returns the tool's result or raises; `token()` is the access token now held.
    """
    answer = {"client": client, "protocol": protocol, "tools": sorted(tools)}
    for key, name, arguments in calls(client):
        answer[key] = await call(name, arguments)
    answer["refreshed"] = False
    if _RELOGIN_WAIT:
        before, opened = token(), _opened()
        await asyncio.sleep(_RELOGIN_WAIT)
        await call("get_current_time", {})
        answer["refreshed"] = token() != before and _opened() == opened
    return answer


# The ways to a schedule that STEP_UP names, in order; none: the user permits everything at once.
STEP_UP = [way for way in os.environ.get("STEP_UP", "").split(",") if way]


async def steps_up(client, protocol, ways):
    """Asks for a schedule that the user did not permit, in one way after the other until one helps.

    `ways` are coroutine functions of a tool's name and its arguments. The answer has the way that helped, and what each
    before it said.
    """
    request = next((name, arguments) for key, name, arguments in calls(client) if key == "schedule")
    answer = {"client": client, "protocol": protocol, "said": {}}
    for way in STEP_UP:
        try:
            return {**answer, "schedule": await ways[way](*request), "way": way}
        except BaseException as error:
            answer["said"][way] = "; ".join(f"{type(cause).__name__}: {cause}" for cause in _leaves(error))
    return answer


def result(content, structured, is_error):
    """A tool's structured result, or its text where it has none."""
    text = "\n".join(block.text for block in content if block.type == "text")
    if is_error:
        raise RuntimeError(f"the tool answered with an error: {text}")
    return text if structured is None else structured


def run(main):
    """Prints what the coroutine returns as the one line of stdout; its failure is the exit code."""
    if not URL:
        sys.exit("MCP_URL is not set")
    try:
        answer = asyncio.run(main)
    except BaseException as error:  # also groups, which say nothing of what is in them
        for cause in _leaves(error):
            print(f"{type(cause).__name__}: {cause}", file=sys.stderr)
        sys.exit(1)
    # The client may be done before the browser has closed.
    deadline = time.monotonic() + 10
    while len(logins()) < _opened() and time.monotonic() < deadline:
        time.sleep(0.1)
    answer["logins"] = logins()
    print(json.dumps(answer, ensure_ascii=False))


def _leaves(error):
    # An exception group, whose class Python 3.10 has not.
    inner = getattr(error, "exceptions", None)
    return [leaf for cause in inner for leaf in _leaves(cause)] if inner else [error]


class Callback:
    """A loopback listener for authorization responses, for SDKs that leave it to their user."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.redirect_uri = f"http://127.0.0.1:{self._socket.getsockname()[1]}/callback"
        self._server = None
        self._responses = None

    async def open(self, authorization_url):
        """Listens, then opens the browser."""
        if self._server is None:
            self._responses = asyncio.Queue()
            self._server = await asyncio.start_server(self._serve, sock=self._socket)
        webbrowser.open(authorization_url)

    async def _serve(self, reader, writer):
        target = urlsplit((await reader.readline()).split(b" ")[1].decode())
        while (await reader.readline()).strip():
            pass
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nlogged in\n")
        await writer.drain()
        writer.close()
        if target.path == "/callback":
            self._responses.put_nowait({key: values[0] for key, values in parse_qs(target.query).items()})

    async def response(self):
        """The next authorization response's parameters."""
        parameters = await self._responses.get()
        if "code" not in parameters:
            raise RuntimeError(f"the login was refused: {parameters.get('error')}: {parameters.get('error_description')}")
        return parameters


class Storage:
    """The SDKs' token storage, in memory."""

    def __init__(self):
        self.tokens = None
        self.client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client_info):
        self.client = client_info
