// A stand-in for the model behind claude-code: a loopback HTTP server that speaks the Messages API and, whatever it
// is told, asks for one scripted tool call after the other. No account and no key are needed: nothing leaves the machine.
import { createServer } from 'node:http';

const MESSAGE = { id: 'msg_scripted', type: 'message', role: 'assistant', model: 'scripted', stop_sequence: null };
const USAGE = { input_tokens: 1, output_tokens: 1 };

const bodyOf = async (request) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body ? JSON.parse(body) : {};
};

/** The results of the tool calls so far, by the call's id. */
function resultsIn(messages) {
  const blocks = messages.flatMap(({ content }) => (Array.isArray(content) ? content : []));
  return new Map(blocks.filter(({ type }) => type === 'tool_result').map((block) => [block.tool_use_id, block]));
}

function stream(reply, block, stopReason) {
  const send = (event) => reply.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  const delta = block.type === 'tool_use'
    ? { type: 'input_json_delta', partial_json: JSON.stringify(block.input) }
    : { type: 'text_delta', text: block.text };
  reply.writeHead(200, { 'content-type': 'text/event-stream' });
  send({ type: 'message_start', message: { ...MESSAGE, content: [], stop_reason: null, usage: USAGE } });
  send({ type: 'content_block_start', index: 0, content_block: block.type === 'tool_use' ? { ...block, input: {} } : { ...block, text: '' } });
  send({ type: 'content_block_delta', index: 0, delta });
  send({ type: 'content_block_stop', index: 0 });
  send({ type: 'message_delta', delta: { stop_reason: stopReason, stop_sequence: null }, usage: USAGE });
  send({ type: 'message_stop' });
  reply.end();
}

/**
 * Starts the server. `calls` are `[tool, arguments]`; afterwards `tools` names the tools the model was offered and
 * `results` holds a `tool_result` block for each call.
 */
export async function scriptedModel(calls) {
  const model = { tools: [], results: [] };
  const server = createServer(async (request, reply) => {
    const { messages = [], tools = [], stream: streamed } = await bodyOf(request);
    if (request.method !== 'POST' || !request.url.startsWith('/v1/messages?') && request.url !== '/v1/messages') {
      reply.writeHead(404, { 'content-type': 'application/json' });
      reply.end(JSON.stringify({ type: 'error', error: { type: 'not_found_error', message: 'not scripted' } }));
      return;
    }
    const results = resultsIn(messages);
    if (tools.length) model.tools = tools.map(({ name }) => name);
    model.results = calls.map((_, index) => results.get(`toolu_${index}`)).filter(Boolean);
    const next = model.results.length;
    const call = tools.length ? calls[next] : undefined;
    const block = call
      ? { type: 'tool_use', id: `toolu_${next}`, name: call[0], input: call[1] }
      : { type: 'text', text: 'done' };
    const stopReason = call ? 'tool_use' : 'end_turn';
    if (streamed) return stream(reply, block, stopReason);
    reply.writeHead(200, { 'content-type': 'application/json' });
    reply.end(JSON.stringify({ ...MESSAGE, content: [block], stop_reason: stopReason, usage: USAGE }));
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return Object.assign(model, { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() });
}
