"""FastMCP's client, `auth="oauth"`: it registers, opens the browser and listens for the callback by itself.

Argument: the connection mode, `auto` (default) or `legacy`.
"""

import sys
from pathlib import Path

# This file has the name of the package it is about: keep the folder from hiding it.
_HERE = str(Path(__file__).resolve().parent)
sys.path[:] = [entry for entry in sys.path if entry != _HERE]
from fastmcp import Client  # noqa: E402
from fastmcp.client.auth import OAuth  # noqa: E402

sys.path.append(_HERE)
import common  # noqa: E402


async def main(mode):
    auth = OAuth(client_metadata_url=common.METADATA_URL) if common.METADATA_URL else "oauth"
    async with Client(common.URL, auth=auth, mode=mode) as client:

        async def call(name, arguments):
            answer = await client.call_tool(name, arguments, raise_on_error=False)
            return common.result(answer.content, answer.structured_content, answer.is_error)

        if common.STEP_UP:
            return await common.steps_up("fastmcp", client.protocol_version, {"itself": call})
        return await common.exercise(
            "fastmcp",
            client.protocol_version,
            [tool.name for tool in await client.list_tools()],
            call,
            lambda: client.transport.auth.context.current_tokens.access_token,
        )


common.run(main(sys.argv[1] if len(sys.argv) > 1 else "auto"))
