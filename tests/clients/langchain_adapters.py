"""langchain-mcp-adapters: an MCP server's tools as LangChain tools, over the MCP Python SDK 1."""

import common
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools
from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import OAuthClientMetadata


async def main():
    callback = common.Callback()
    storage = common.Storage()

    async def response():
        parameters = await callback.response()
        return parameters["code"], parameters.get("state")

    provider = OAuthClientProvider(
        server_url=common.URL,
        client_metadata=OAuthClientMetadata(client_name="langchain-adapters", redirect_uris=[callback.redirect_uri], scope=""),
        storage=storage,
        redirect_handler=callback.open,
        callback_handler=response,
    )
    client = MultiServerMCPClient({"dari": {"transport": "streamable_http", "url": common.URL, "auth": provider}})
    async with client.session("dari", auto_initialize=False) as session:
        protocol = (await session.initialize()).protocolVersion
        tools = {tool.name: tool for tool in await load_mcp_tools(session, server_name="dari", handle_tool_errors=False)}

        async def call(name, arguments):
            message = await tools[name].ainvoke({"type": "tool_call", "id": "1", "name": name, "args": arguments})
            structured = (message.artifact or {}).get("structured_content")
            return message.text if structured is None else structured

        if common.STEP_UP:
            return await common.steps_up("langchain-adapters", protocol, {"itself": call})
        return await common.exercise("langchain-adapters", protocol, tools, call, lambda: storage.tokens.access_token)


common.run(main())
