"""The Python SDK's client on everything that the conformance fixture offers, but tasks, which it does not know.

Arguments: the protocol era (`auto`, which negotiates 2026-07-28, or `legacy`), then the URL of the fixture or the
command that speaks it on stdio.
"""

import asyncio
import base64
import json
import sys
import traceback
import uuid
import warnings
from pathlib import Path

import anyio
import httpx2
import mcp_types as types
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError

# Half of what is called here is deprecated in 2026-07-28, and must work all the same.
warnings.filterwarnings("ignore", category=MCPDeprecationWarning)

FIXTURE = json.loads(Path(__file__).with_name("fixture.json").read_text())
FORM, MODEL_ANSWER, ROOTS = FIXTURE["form"], FIXTURE["model_answer"], FIXTURE["roots"]
WATCHED = "test://watched-resource"
LOG_LEVEL = "io.modelcontextprotocol/logLevel"


def fill(schema):
    """Fills an elicitation's form in: the first of some values, what `FORM` has, or anything of its type."""
    anything = {"boolean": True, "integer": 1, "number": 1, "string": "text"}

    def value(name, of):
        if of.get("type") == "array":
            return [value(name, of["items"])]
        titled = of.get("oneOf") or of.get("anyOf")
        if titled or "enum" in of:
            return titled[0]["const"] if titled else of["enum"][0]
        return FORM.get(name, anything.get(of.get("type")))

    return {name: value(name, of) for name, of in schema["properties"].items()}


def text(result):
    """The text of a result that is one block of it."""
    assert [block.type for block in result.content] == ["text"], result
    return result.content[0].text


def says(result, *parts):
    assert not result.is_error, result
    missing = [part for part in parts if part not in text(result)]
    assert not missing, f"{missing} not in {text(result)!r}"


def is_png(data, mime_type):
    assert mime_type == "image/png", mime_type
    assert base64.b64decode(data).startswith(b"\x89PNG"), "the data is no PNG"


def is_resource(block, *expected):
    assert block.type == "resource", block
    resource = block.resource
    assert (resource.uri, resource.mime_type, resource.text) == expected, resource


async def refused(awaitable, code, data=None):
    try:
        answer = await awaitable
    except MCPError as error:
        assert error.code == code, f"{error.code} instead of {code}: {error.message}"
        assert data is None or error.data == data, error.data
    else:
        raise AssertionError(f"an answer instead of error {code}: {answer}")


async def until(what, condition, seconds=5):
    """Waits for what arrives by itself."""
    with anyio.fail_after(seconds):
        while not await condition():
            await asyncio.sleep(0.02)
    return what


class Driver:
    def __init__(self, mode, target):
        self.mode, self.target = mode, target
        self.modern = mode == "auto"
        self.url = target[0] if target[0].startswith("http") else None
        self.done, self.failed = 0, []
        self.asked, self.logged, self.received = [], [], []
        self.action = "accept"
        # In the legacy era what the server says unasked comes on the stream of a GET, which the SDK opens by itself.
        self.listening = asyncio.Event()

    async def step(self, name, coroutine, seconds=15):
        """Does one thing in a bounded time. Where it fails the next is done all the same: one run tells of every fault."""
        try:
            with anyio.fail_after(seconds):
                await coroutine
            self.done += 1
        except Exception:
            self.failed.append(f"{name}: {traceback.format_exc()}")

    async def answer_form(self, _context, params):
        self.asked.append(params)
        if self.action != "accept":
            return types.ElicitResult(action=self.action)
        return types.ElicitResult(action="accept", content=fill(params.requested_schema))

    async def answer_prompt(self, _context, params):
        self.asked.append(params)
        content = types.TextContent(type="text", text=MODEL_ANSWER)
        return types.CreateMessageResult(role="assistant", model="test-model", stop_reason="endTurn", content=content)

    async def answer_roots(self, _context):
        return types.ListRootsResult(roots=[types.Root(**root) for root in ROOTS])

    async def on_log(self, params):
        self.logged.append((params.level, params.data))

    async def on_message(self, message):
        self.received.append(message)

    def arrived(self, method):
        return [message for message in self.received if getattr(message, "method", None) == f"notifications/{method}"]

    def client(self, http, **more):
        if self.url:
            server = streamable_http_client(self.url, http_client=http)
        else:
            server = StdioServerParameters(command=self.target[0], args=self.target[1:])
        return Client(server, mode=self.mode, read_timeout_seconds=30, **more)

    async def run(self):
        async def observe(response):
            if response.request.method == "GET" and response.is_success:
                self.listening.set()

        timeout = httpx2.Timeout(30, read=300)
        async with httpx2.AsyncClient(timeout=timeout, event_hooks={"response": [observe]}) as http:
            await self.everything(http)
            await self.step("a capability that the client lacks", self.lacking(http))

    async def everything(self, http):
        async with self.client(
            http,
            elicitation_callback=self.answer_form,
            sampling_callback=self.answer_prompt,
            list_roots_callback=self.answer_roots,
            logging_callback=self.on_log,
            message_handler=self.on_message,
        ) as client:
            self.c = client
            for name in ("server", "tools", "contents", "errors", "mirrored", "progress", "logging", "elicitation"):
                await self.step(name, getattr(self, name)())
            for name in ("defaults", "choices", "sampling", "inputs", "cancellation", "resources", "prompts"):
                await self.step(name, getattr(self, name)())
            await self.step("completion", self.completion())
            await self.step("changes", self.changes(), 30)
            if not self.modern:
                await self.step("ping", client.send_ping())

    async def server(self):
        assert self.c.protocol_version == ("2026-07-28" if self.modern else "2025-11-25"), self.c.protocol_version
        has = self.c.server_capabilities
        assert has.tools.list_changed and has.prompts.list_changed and has.resources.subscribe, has
        assert has.completions is not None and has.logging is not None, has
        assert self.c.server_info.name

    async def all(self, method, kind):
        """Every page of a list."""
        items, cursor = [], None
        while True:
            page = await method(cursor=cursor)
            items += getattr(page, kind)
            if (cursor := page.next_cursor) is None:
                return items

    async def tools(self):
        tools = {tool.name: tool for tool in await self.all(self.c.list_tools, "tools")}
        assert not set(FIXTURE["tools"]) - set(tools), set(FIXTURE["tools"]) - set(tools)
        for tool in tools.values():
            assert tool.description and tool.input_schema["type"] == "object", tool
        assert tools["json_schema_2020_12_tool"].input_schema == FIXTURE["json_schema_2020_12_tool"]

    async def contents(self):
        call = self.c.call_tool
        assert text(await call("test_simple_text")) == "This is a simple text response for testing."
        (image,) = (await call("test_image_content", {})).content
        is_png(image.data, image.mime_type)
        (audio,) = (await call("test_audio_content", {})).content
        assert audio.mime_type == "audio/wav" and base64.b64decode(audio.data).startswith(b"RIFF"), audio
        (resource,) = (await call("test_embedded_resource", {})).content
        is_resource(resource, "test://embedded-resource", "text/plain", "This is an embedded resource content.")
        first, image, resource = (await call("test_multiple_content_types", {})).content
        assert first.text == "Multiple content types test:"
        is_png(image.data, image.mime_type)
        assert json.loads(resource.resource.text) == {"test": "data", "value": 123}
        says(await call("greet", {"name": "World"}), "Hello, World!")
        says(await call("slow_compute", {"seconds": 0, "label": "now"}))

    async def errors(self):
        result = await self.c.call_tool("test_error_handling", {})
        assert result.is_error and text(result) == "This tool intentionally returns an error for testing", result
        result = await self.c.call_tool("test_sampling", {})
        assert result.is_error and "prompt" in text(result), result
        await refused(self.c.call_tool("no_such_tool", {}), -32602)

    async def mirrored(self):
        for value in ("plain", "한글 값", " padded "):
            says(await self.c.call_tool("test_custom_header", {"value": value}), value)

    async def progress(self):
        updates = []

        async def on_progress(progress, total, _message):
            updates.append((progress, total))

        await self.c.call_tool("test_tool_with_progress", {}, progress_callback=on_progress)
        assert updates == [(0, 100), (50, 100), (100, 100)], updates

    async def logging(self):
        async def at(level):
            self.logged.clear()
            if self.modern:
                await self.c.call_tool("test_tool_with_logging", {}, meta=level and {LOG_LEVEL: level})
            else:
                await self.c.set_logging_level(level)
                await self.c.call_tool("test_tool_with_logging", {})
            return self.logged

        steps = ("started", "processing data", "completed")
        expected = [("info", f"Tool {step}" if step[0] == "p" else f"Tool execution {step}") for step in steps]
        assert await at("debug") == expected, self.logged
        assert await at("error") == [], self.logged
        if self.modern:
            assert await at(None) == [], self.logged

    async def elicitation(self):
        result = await self.c.call_tool("test_elicitation", {"message": "누구세요?"})
        says(result, "User response: ", "accept", FORM["username"], FORM["email"])
        assert self.asked[-1].message == "누구세요?", self.asked[-1]
        for self.action in ("decline", "cancel"):
            says(await self.c.call_tool("test_elicitation", {"message": "again?"}), "User response: ", self.action)
        self.action = "accept"

    async def defaults(self):
        result = await self.c.call_tool("test_elicitation_sep1034_defaults", {})
        says(result, "Elicitation completed: ", "accept", "Alice", "25", "88.5")
        asked = {name: of["default"] for name, of in self.asked[-1].requested_schema["properties"].items()}
        assert asked == {"name": "John Doe", "age": 30, "score": 95.5, "status": "active", "verified": True}, asked

    async def choices(self):
        result = await self.c.call_tool("test_elicitation_sep1330_enums", {})
        given = fill(self.asked[-1].requested_schema).values()
        values = [value for answer in given for value in (answer if isinstance(answer, list) else [answer])]
        assert len(values) == 5, values
        says(result, "Elicitation completed: ", "accept", *values)

    async def sampling(self):
        assert text(await self.c.call_tool("test_sampling", {"prompt": "Test prompt"})) == f"LLM response: {MODEL_ANSWER}"
        asked = self.asked[-1]
        assert (asked.messages[0].content.text, asked.max_tokens) == ("Test prompt", 100), asked

    async def inputs(self):
        uri = ROOTS[0]["uri"]
        for kind, parts in {
            "elicitation": ["Hello, Alice!"],
            "sampling": [MODEL_ANSWER],
            "list_roots": [uri],
            "request_state": ["state-ok"],
            "multiple_inputs": ["Alice", MODEL_ANSWER, uri],
            "multi_round": ["Alice", "blue"],
            "tampered_state": [],
        }.items():
            says(await self.c.call_tool(f"test_input_required_result_{kind}", {}), *parts)
        (message,) = (await self.c.get_prompt("test_input_required_result_prompt")).messages
        assert FORM["context"] in message.content.text, message

    async def cancellation(self):
        key = str(uuid.uuid4())

        async def told():
            return text(await self.c.call_tool("test_was_cancelled", {"id": key})) == "true"

        call = asyncio.create_task(self.c.call_tool("test_cancellation", {"id": key}))
        await asyncio.sleep(0.2)
        assert not await told(), "cancelled before its time"
        call.cancel()
        await asyncio.wait([call])
        assert call.cancelled(), call
        await until("the tool was told", told)

    async def resources(self):
        listed = {resource.uri: resource for resource in await self.all(self.c.list_resources, "resources")}
        assert not set(FIXTURE["resources"]) - set(listed), listed
        templates = await self.all(self.c.list_resource_templates, "resource_templates")
        assert FIXTURE["template"] in [template.uri_template for template in templates], templates

        async def read(uri):
            (item,) = (await self.c.read_resource(uri)).contents
            assert item.uri == uri, item
            return item

        item = await read("test://static-text")
        assert (item.mime_type, item.text) == ("text/plain", "This is the content of the static text resource."), item
        item = await read("test://static-binary")
        is_png(item.blob, item.mime_type)
        item = await read("test://template/123/data")
        assert (item.mime_type, json.loads(item.text)["id"]) == ("application/json", "123"), item
        assert (await read(WATCHED)).text
        await refused(self.c.read_resource("test://nothing"), -32602 if self.modern else -32002, {"uri": "test://nothing"})

    async def prompts(self):
        prompts = {prompt.name: prompt for prompt in await self.all(self.c.list_prompts, "prompts")}
        assert not set(FIXTURE["prompts"]) - set(prompts), prompts
        arguments = prompts["test_prompt_with_arguments"].arguments
        assert [(argument.name, argument.required) for argument in arguments] == [("arg1", True), ("arg2", True)], arguments

        async def get(name, arguments=None):
            return [message.content for message in (await self.c.get_prompt(name, arguments)).messages]

        (content,) = await get("test_simple_prompt")
        assert content.text == "This is a simple prompt for testing.", content
        (content,) = await get("test_prompt_with_arguments", {"arg1": "hello", "arg2": "세계"})
        assert content.text == "Prompt with arguments: arg1='hello', arg2='세계'", content
        resource, content = await get("test_prompt_with_embedded_resource", {"resourceUri": "test://some-resource"})
        is_resource(resource, "test://some-resource", "text/plain", "Embedded resource content for testing.")
        assert content.text == "Please process the embedded resource above.", content
        image, content = await get("test_prompt_with_image")
        is_png(image.data, image.mime_type)
        assert content.text == "Please analyze the image above.", content

    async def completion(self):
        async def complete(ref, name, value):
            return (await self.c.complete(ref, {"name": name, "value": value})).completion.values

        prompt = types.PromptReference(type="ref/prompt", name="test_prompt_with_arguments")
        assert await complete(prompt, "arg1", "test") == ["test-alpha", "test-beta"]
        assert await complete(prompt, "arg1", "nothing") == []
        template = types.ResourceTemplateReference(type="ref/resource", uri=FIXTURE["template"])
        assert await complete(template, "id", "12") == ["123", "124"]

    async def changes(self):
        triggers = {"resource_update": "resources/updated", "tool_change": "tools/list_changed", "prompt_change": "prompts/list_changed"}
        if self.modern:
            everything = {"tools_list_changed": True, "prompts_list_changed": True, "resource_subscriptions": [WATCHED]}
            async with self.c.listen(**everything) as subscription:
                kinds = []
                for trigger in triggers:
                    await self.c.call_tool(f"test_trigger_{trigger}", {})
                    with anyio.fail_after(5):
                        kinds.append(await anext(subscription))
            assert [type(event).__name__ for event in kinds] == ["ResourceUpdated", "ToolsListChanged", "PromptsListChanged"], kinds
            assert kinds[0].uri == WATCHED, kinds[0]
            return
        if self.url:
            await self.listening.wait()
        await self.c.subscribe_resource(WATCHED)
        self.received.clear()
        for trigger, method in triggers.items():
            await self.c.call_tool(f"test_trigger_{trigger}", {})

            async def came(method=method):
                return len(self.arrived(method)) == 1

            await until(method, came)
        assert self.arrived("resources/updated")[0].params.uri == WATCHED
        await self.c.unsubscribe_resource(WATCHED)
        self.received.clear()
        await self.c.call_tool("test_trigger_resource_update", {})
        # Nothing tells that nothing will come: what is sent would be here long before this.
        await asyncio.sleep(0.3)
        assert not self.arrived("resources/updated"), "an update after the subscription ended"

    async def lacking(self, http):
        async with self.client(http) as client:
            await refused(client.call_tool("test_missing_capability", {}), -32021, {"requiredCapabilities": {"sampling": {}}})


def main():
    mode, *target = sys.argv[1:] or [""]
    if mode not in ("auto", "legacy") or not target:
        sys.exit(f"usage: {sys.argv[0]} (auto|legacy) (URL | COMMAND [ARGUMENT…])")
    driver = Driver(mode, target)
    try:
        asyncio.run(driver.run())
    except Exception:
        driver.failed.append(traceback.format_exc())
    transport = "http" if driver.url else "stdio"
    for failure in driver.failed:
        print(f"mcp ({mode}, {transport}): {failure}", file=sys.stderr)
    if driver.failed:
        sys.exit(1)
    protocol = "2026-07-28" if driver.modern else "2025-11-25"
    print(json.dumps({"client": "mcp", "protocol": protocol, "transport": transport, "steps": driver.done}))


main()
