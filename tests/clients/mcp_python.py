"""The MCP Python SDK 2 with its `OAuthClientProvider`; argument: the connection mode, `auto` (default) or `legacy`."""

import sys

import common
import httpx2
from mcp.client import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata


async def main(mode):
    callback = common.Callback()
    storage = common.Storage()

    async def response():
        parameters = await callback.response()
        return AuthorizationCodeResult(**{key: parameters.get(key) for key in ("code", "state", "iss")})

    provider = OAuthClientProvider(
        server_url=common.URL,
        client_metadata=OAuthClientMetadata(client_name="mcp-python", redirect_uris=[callback.redirect_uri], scope=""),
        storage=storage,
        redirect_handler=callback.open,
        callback_handler=response,
        client_metadata_url=common.METADATA_URL,
    )
    async with (
        httpx2.AsyncClient(auth=provider, timeout=30) as http,
        Client(streamable_http_client(common.URL, http_client=http), mode=mode) as client,
    ):

        async def call(name, arguments):
            answer = await client.call_tool(name, arguments)
            return common.result(answer.content, answer.structured_content, answer.is_error)

        if common.STEP_UP:
            return await common.steps_up("mcp-python", client.protocol_version, {"itself": call})
        return await common.exercise(
            "mcp-python",
            client.protocol_version,
            [tool.name for tool in (await client.list_tools()).tools],
            call,
            lambda: storage.tokens.access_token,
        )


common.run(main(sys.argv[1] if len(sys.argv) > 1 else "auto"))
