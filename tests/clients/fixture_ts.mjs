// The TypeScript SDK's client, and its ext-tasks, on everything that the conformance fixture offers.
// Arguments: see fixture.mjs. `auto` negotiates 2026-07-28.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import {
  CONTENTS, FIXTURE, PROMPT_MESSAGES, READS, WATCHED, assertPrompts, assertRead, assertResources, assertSays,
  assertTemplates, assertToolError, assertTools, fill, mode, modern, protocol, run, step, target, text, until, url,
} from './fixture.mjs';
import { installedFile, requireInstalled } from './installed.mjs';

const { Client, StreamableHTTPClientTransport } = requireInstalled('@modelcontextprotocol/client');
const { StdioClientTransport } = requireInstalled('@modelcontextprotocol/client/stdio');
// ext-tasks is a module only, which `require` does not find.
const { createApplicationInputHandler, createTaskSessionFromClient, resultFromTaskOutcome } = await import(
  pathToFileURL(installedFile('@modelcontextprotocol/ext-tasks/dist/client/index.js'))
);

const TASKS = 'io.modelcontextprotocol/tasks';
const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';
const CLIENT_INFO = { name: 'fixture-ts', version: '1.0.0' };
const { form: FORM, model_answer: MODEL_ANSWER, roots: ROOTS } = FIXTURE;
const CAPABILITIES = { sampling: {}, elicitation: { form: {} }, roots: { listChanged: true } };

function connection() {
  if (!url) return { transport: new StdioClientTransport({ command: target[0], args: target.slice(1), stderr: 'inherit' }) };
  // In the legacy era what the server says unasked comes on the stream of a GET, which the SDK opens by itself, unseen.
  const seen = Promise.withResolvers();
  const observed = async (address, init) => {
    const response = await fetch(address, init);
    if (init?.method === 'GET' && response.ok) seen.resolve();
    return response;
  };
  return { transport: new StreamableHTTPClientTransport(url, { fetch: observed }), listening: seen.promise };
}

/** Requests below the SDK, which refuses results of types that it does not know: ext-tasks brings its own codecs. */
function rawDispatch(transport) {
  const waiting = new Map();
  const { onmessage } = transport;
  transport.onmessage = (message, extra) => {
    const waiter = message.method === undefined && waiting.get(message.id);
    if (!waiter) return onmessage(message, extra);
    waiting.delete(message.id);
    const { result, error } = message;
    return waiter.resolve(error ? { kind: 'error', error } : { kind: 'result', result });
  };
  return async (request) => {
    const id = `raw-${randomUUID()}`;
    const waiter = Promise.withResolvers();
    waiting.set(id, waiter);
    await transport.send({ ...request, jsonrpc: '2.0', id });
    return waiter.promise;
  };
}

await run('ts', async () => {
  const asked = [];
  const received = [];
  let answer = (params) => ({ action: 'accept', content: fill(params) });
  const client = new Client(CLIENT_INFO, { capabilities: CAPABILITIES, versionNegotiation: { mode } });
  client.setRequestHandler('elicitation/create', ({ params }) => { asked.push(params); return answer(params); });
  client.setRequestHandler('sampling/createMessage', ({ params }) => {
    asked.push(params);
    return { role: 'assistant', model: 'test-model', stopReason: 'endTurn', content: { type: 'text', text: MODEL_ANSWER } };
  });
  client.setRequestHandler('roots/list', () => ({ roots: ROOTS }));
  const collected = ['message', 'resources/updated', 'tools/list_changed', 'prompts/list_changed'];
  for (const name of collected) client.setNotificationHandler(`notifications/${name}`, (notification) => { received.push(notification); });
  const count = (name) => received.filter(({ method }) => method === `notifications/${name}`).length;
  const call = (name, args, options, more) => client.callTool({ name, ...(args && { arguments: args }), ...more }, options);

  const { transport, listening } = connection();
  await client.connect(transport);
  await step('what the server says of itself', async () => {
    assert.equal(client.getNegotiatedProtocolVersion(), protocol);
    const { tools, prompts, resources, completions, logging } = client.getServerCapabilities();
    assert.ok(tools?.listChanged && prompts?.listChanged && resources?.subscribe && completions && logging, JSON.stringify(client.getServerCapabilities()));
    assert.ok(client.getServerVersion()?.name, 'the server has no name');
  });

  await step('tools/list', async () => assertTools((await client.listTools()).tools));
  for (const [name, check] of Object.entries(CONTENTS)) await step(name, async () => check(await call(name)));
  await step('test_error_handling', async () => assertToolError(await call('test_error_handling', {})));
  await step('an unknown tool', () => assert.rejects(call('no_such_tool', {}), { code: -32602 }));
  await step('a missing argument', async () => {
    const result = await call('test_sampling', {});
    assert.equal(result.isError, true);
    assert.match(text(result), /prompt/);
  });
  await step('a mirrored argument', async () => {
    for (const value of ['plain', '한글 값', ' padded ']) assertSays(await call('test_custom_header', { value }), value);
  });
  await step('progress', async () => {
    const updates = [];
    await call('test_tool_with_progress', {}, { onprogress: (update) => { updates.push(update); } });
    // On stdio the SDK forgets an update that it reads in one piece with the result.
    const expected = [[0, 100], [50, 100], [100, 100]].slice(0, url ? 3 : Math.max(2, updates.length));
    assert.deepEqual(updates.map(({ progress, total }) => [progress, total]), expected);
  });
  await step('log messages', async () => {
    const logged = async (level) => {
      received.length = 0;
      if (modern) await call('test_tool_with_logging', {}, undefined, level && { _meta: { [LOG_LEVEL]: level } });
      else {
        await client.setLoggingLevel(level);
        await call('test_tool_with_logging', {});
      }
      return received.map(({ params }) => [params.level, params.data]);
    };
    assert.deepEqual(await logged('debug'), [
      ['info', 'Tool execution started'], ['info', 'Tool processing data'], ['info', 'Tool execution completed'],
    ]);
    assert.deepEqual(await logged('error'), []);
    if (modern) assert.deepEqual(await logged(), []);
  });

  await step('elicitation', async () => {
    assertSays(await call('test_elicitation', { message: '누구세요?' }), 'User response: ', 'accept', FORM.username, FORM.email);
    assert.equal(asked.at(-1).message, '누구세요?');
    const original = answer;
    for (const action of ['decline', 'cancel']) {
      answer = () => ({ action });
      assertSays(await call('test_elicitation', { message: 'again?' }), 'User response: ', action);
    }
    answer = original;
  });
  await step('elicitation with defaults', async () => {
    assertSays(await call('test_elicitation_sep1034_defaults', {}), 'Elicitation completed: ', 'accept', 'Alice', '25', '88.5', 'false');
    const defaults = Object.entries(asked.at(-1).requestedSchema.properties).map(([name, property]) => [name, property.default]);
    assert.deepEqual(Object.fromEntries(defaults), { name: 'John Doe', age: 30, score: 95.5, status: 'active', verified: true });
  });
  await step('elicitation of choices', async () => {
    const result = await call('test_elicitation_sep1330_enums', {});
    assertSays(result, 'Elicitation completed: ', 'accept', ...Object.values(fill(asked.at(-1))).flat());
  });
  await step('sampling', async () => {
    assert.equal(text(await call('test_sampling', { prompt: 'Test prompt' })), `LLM response: ${MODEL_ANSWER}`);
    assert.deepEqual([asked.at(-1).messages[0].content.text, asked.at(-1).maxTokens], ['Test prompt', 100]);
  });
  const inputs = {
    elicitation: ['Hello, Alice!'],
    sampling: [MODEL_ANSWER],
    list_roots: [ROOTS[0].uri],
    request_state: ['state-ok'],
    multiple_inputs: [FORM.name, MODEL_ANSWER, ROOTS[0].uri],
    multi_round: ['Alice', 'blue'],
    tampered_state: [],
  };
  for (const [kind, parts] of Object.entries(inputs)) {
    const name = `test_input_required_result_${kind}`;
    await step(name, async () => assertSays(await call(name, {}), ...parts));
  }
  await step('a capability that the client lacks', async () => {
    const bare = new Client(CLIENT_INFO, { versionNegotiation: { mode } });
    await bare.connect(connection().transport);
    await assert.rejects(bare.callTool({ name: 'test_missing_capability', arguments: {} }), (error) => {
      assert.equal(error.code, -32021);
      assert.deepEqual(error.data.requiredCapabilities, { sampling: {} });
      return true;
    });
    await bare.close();
    assert.notEqual((await call('test_missing_capability', {})).isError, true);
  });

  await step('cancellation', async () => {
    const id = randomUUID();
    const abort = new AbortController();
    const ended = call('test_cancellation', { id }, { signal: abort.signal }).then(() => 'answered', () => 'rejected');
    await new Promise((resolve) => { setTimeout(resolve, 200); });
    assert.equal(text(await call('test_was_cancelled', { id })), 'false');
    abort.abort();
    assert.equal(await ended, 'rejected');
    await until('the tool was told', async () => text(await call('test_was_cancelled', { id })) === 'true');
  });

  await step('resources/list', async () => assertResources((await client.listResources()).resources));
  await step('resources/templates/list', async () => assertTemplates((await client.listResourceTemplates()).resourceTemplates));
  for (const uri of Object.keys(READS)) await step(`read ${uri}`, async () => assertRead(uri, await client.readResource({ uri })));
  await step('read what is not there', () => assert.rejects(client.readResource({ uri: 'test://nothing' }), (error) => {
    // The legacy revisions' own code, -32002, comes out of the SDK as this one too.
    assert.equal(error.code, -32602);
    assert.equal(error.data.uri, 'test://nothing');
    return true;
  }));

  await step('prompts/list', async () => assertPrompts((await client.listPrompts()).prompts));
  for (const [name, [args, check]] of Object.entries(PROMPT_MESSAGES)) {
    await step(name, async () => check((await client.getPrompt({ name, ...(args && { arguments: args }) })).messages));
  }
  await step('a prompt that asks', async () => {
    const { messages } = await client.getPrompt({ name: 'test_input_required_result_prompt' });
    assert.ok(messages.some(({ content }) => content.text?.includes(FORM.context)), JSON.stringify(messages));
  });
  await step('completion', async () => {
    const complete = async (ref, name, value) => (await client.complete({ ref, argument: { name, value } })).completion.values;
    const prompt = { type: 'ref/prompt', name: 'test_prompt_with_arguments' };
    assert.deepEqual(await complete(prompt, 'arg1', 'test'), ['test-alpha', 'test-beta']);
    assert.deepEqual(await complete(prompt, 'arg1', 'nothing'), []);
    assert.deepEqual(await complete({ type: 'ref/resource', uri: 'test://template/{id}/data' }, 'id', '12'), ['123', '124']);
  });

  await step('changes', async () => {
    let subscription;
    if (modern) {
      const filter = { toolsListChanged: true, promptsListChanged: true, resourceSubscriptions: [WATCHED] };
      subscription = await client.listen(filter);
      assert.deepEqual(subscription.honoredFilter, filter);
    } else {
      await listening;
      await client.subscribeResource({ uri: WATCHED });
    }
    received.length = 0;
    const triggers = { 'resources/updated': 'resource_update', 'tools/list_changed': 'tool_change', 'prompts/list_changed': 'prompt_change' };
    for (const [notification, trigger] of Object.entries(triggers)) {
      await call(`test_trigger_${trigger}`, {});
      await until(notification, () => count(notification) === 1);
    }
    assert.equal(received.find(({ method }) => method.endsWith('updated')).params.uri, WATCHED);
    if (modern) await subscription.close();
    else await client.unsubscribeResource({ uri: WATCHED });
    received.length = 0;
    await call('test_trigger_resource_update', {});
    // Nothing tells that nothing will come: what is sent would be here long before this.
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    assert.equal(count('resources/updated'), 0, 'an update after the subscription ended');
  }, 30);
  if (!modern) await step('ping', () => client.ping());

  await step('a tool that is no task here', async () => {
    assertSays(await call('greet', { name: 'World' }), 'Hello, World!');
    assert.notEqual((await call('slow_compute', { seconds: 0, label: 'now' })).isError, true);
  });
  if (modern) await tasks(client, transport);
  await step('close', () => client.close());
});

/** The tasks extension, which has no legacy form here. */
async function tasks(client, transport) {
  assert.ok(client.getServerCapabilities().extensions?.[TASKS], 'the server does not offer tasks');
  const session = createTaskSessionFromClient(client, {
    endpointId: 'fixture',
    rawDispatch: rawDispatch(transport),
    v2RequestFraming: { protocolVersion: protocol, clientInfo: CLIENT_INFO, clientCapabilities: { ...CAPABILITIES, extensions: { [TASKS]: {} } } },
    tools: { currentTool: () => undefined },
    onInputRequest: createApplicationInputHandler({
      elicitation: ({ params }) => ({ action: 'accept', content: fill(params) }),
      sampling: () => assert.fail('no task asks a model'),
      roots: () => ({ roots: ROOTS }),
    }),
  });
  const settled = async (name, args) => {
    const execution = await session.callTool(name, args);
    assert.equal(execution.kind, 'task', `${name} made no task`);
    return (await execution.settle()).outcome;
  };
  await step('a task', async () => assertSays(resultFromTaskOutcome(await settled('slow_compute', { seconds: 1, label: 'later' }))));
  await step('a task whose tool fails', async () => {
    const outcome = await settled('failing_job', {});
    assert.equal(outcome.status, 'completed');
    assert.equal(outcome.result.isError, true);
  });
  await step('a task that fails', async () => assert.equal((await settled('protocol_error_job', {})).status, 'failed'));
  await step('tasks that ask', async () => {
    assert.equal((await settled('confirm_delete', { filename: 'a.txt' })).status, 'completed');
    assert.equal((await settled('multi_input', {})).status, 'completed');
    assertSays(resultFromTaskOutcome(await settled('test_tool_with_task', {})), 'Alice');
  });
  await step('a task that is cancelled', async () => {
    const execution = await session.callTool('slow_compute', { seconds: 60, label: 'never' });
    await execution.cancel();
    assert.equal((await execution.settle()).outcome.status, 'cancelled');
  });
  await session.close();
}
