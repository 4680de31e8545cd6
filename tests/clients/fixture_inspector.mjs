// The command line of MCP Inspector, a process a request, on what it can reach of the conformance fixture: it has nobody
// who would answer a question, and no method to complete, subscribe or cancel. Arguments: see fixture.mjs.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CONTENTS, PROMPT_MESSAGES, READS, assertPrompts, assertRead, assertResources, assertSays, assertTemplates, assertToolError,
  assertTools, mode, modern, protocol, run, step, target, text, url,
} from './fixture.mjs';
import { installedFile } from './installed.mjs';

const home = mkdtempSync(join(tmpdir(), 'dari-inspector.'));
process.on('exit', () => rmSync(home, { recursive: true, force: true }));

// A command's own options would be taken for Inspector's: a file tells them apart.
const config = join(home, 'mcp.json');
writeFileSync(config, JSON.stringify({ mcpServers: { fixture: { command: target[0], args: target.slice(1), protocolEra: mode } } }));
const server = url ? [url.href, '--transport', 'http'] : ['--config', config, '--server', 'fixture'];

/** One request; the answer, or the error that was answered instead. */
function inspect(method, ...more) {
  const args = [
    installedFile('@modelcontextprotocol/inspector/clients/launcher/build/index.js'), '--cli', ...server,
    '--protocol-era', mode, '--format', 'json', '--method', method, ...more,
  ];
  const env = { ...process.env, HOME: home, MCP_STORAGE_DIR: home, NO_COLOR: '1' };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { env, timeout: 30_000 }, (_, stdout, stderr) => {
      // A tool's error is both an answer and a failure: the answer says more.
      const line = stdout.trim() || stderr.trim().split('\n').findLast((candidate) => candidate.startsWith('{'));
      if (!line) return reject(new Error(`no answer to ${method}: ${stderr}`));
      const answer = JSON.parse(line);
      return resolve(answer.result ?? answer);
    });
  });
}
const call = (tool, args = {}) => inspect('tools/call', '--tool-name', tool, '--tool-args-json', JSON.stringify(args));

const steps = [
  ['initialize', async () => {
    const { protocolVersion, serverInfo, capabilities } = await inspect('initialize');
    assert.equal(protocolVersion, protocol);
    assert.ok(serverInfo.name && capabilities.tools && capabilities.resources && capabilities.prompts, JSON.stringify(capabilities));
  }],
  ['tools/list', async () => assertTools((await inspect('tools/list')).tools)],
  ...Object.entries(CONTENTS).map(([name, check]) => [name, async () => check(await call(name))]),
  ['test_error_handling', async () => assertToolError(await call('test_error_handling'))],
  ['a missing argument', async () => {
    const result = await call('test_sampling');
    assert.equal(result.isError, true);
    assert.match(text(result), /prompt/);
  }],
  ['test_custom_header', async () => assertSays(await call('test_custom_header', { value: '한글 값' }), '한글 값')],
  ['test_tool_with_progress', async () => assertSays(await call('test_tool_with_progress'))],
  ['test_tool_with_logging', async () => assertSays(await call('test_tool_with_logging'))],
  ['greet', async () => assertSays(await call('greet', { name: 'World' }), 'Hello, World!')],
  ['slow_compute', async () => assertSays(await call('slow_compute', { seconds: 1, label: 'inspected' }))],
  ['resources/list', async () => assertResources((await inspect('resources/list')).resources)],
  ['resources/templates/list', async () => assertTemplates((await inspect('resources/templates/list')).resourceTemplates)],
  ...Object.keys(READS).map((uri) => [`read ${uri}`, async () => assertRead(uri, await inspect('resources/read', '--uri', uri))]),
  ['prompts/list', async () => assertPrompts((await inspect('prompts/list')).prompts)],
  ...Object.entries(PROMPT_MESSAGES).map(([name, [args, check]]) => [name, async () => {
    const pairs = Object.entries(args ?? {}).map(([key, value]) => `${key}=${value}`);
    check((await inspect('prompts/get', '--prompt-name', name, ...(pairs.length > 0 ? ['--prompt-args', ...pairs] : []))).messages);
  }]),
];
if (modern) {
  // It declares the tasks extension, and waits for the end of a task by itself.
  steps.push(['failing_job', async () => assert.equal((await call('failing_job')).isError, true)]);
} else {
  steps.push(['logging/setLevel', async () => assert.deepEqual(await inspect('logging/setLevel', '--log-level', 'debug'), {})]);
}

await run('inspector', async () => {
  const worker = async () => {
    for (let next = steps.shift(); next; next = steps.shift()) await step(next[0], next[1], 40);
  };
  // A process a request is slow: as many at a time as there are processors.
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
});
