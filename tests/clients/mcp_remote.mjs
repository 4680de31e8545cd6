// mcp-remote: a stdio server that is a proxy to the remote one. This speaks to it as a desktop program would.
// Argument: which era it speaks to the remote server, `legacy` (its default) or `auto`; its own side is 2025-11-25.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as common from './common.mjs';
import { installedFile } from './installed.mjs';

const PROTOCOL = '2025-11-25';
const mode = process.argv[2] ?? 'legacy';
const storage = join(common.home, 'mcp-auth');

function startProxy() {
  const child = spawn(process.execPath, [installedFile('mcp-remote/dist/proxy.js'), common.url, '--protocol', mode], {
    env: { ...process.env, MCP_REMOTE_CONFIG_DIR: storage },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const pending = new Map();
  let last = 0;
  const remote = { protocol: PROTOCOL };
  createInterface({ input: child.stderr }).on('line', (line) => {
    console.error(line);
    // It answers our `initialize` itself where the remote side is of another era: only its log tells which.
    remote.protocol = /Remote server speaks MCP (\S+);/.exec(line)?.[1] ?? remote.protocol;
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line);
    const waiting = pending.get(message.id);
    if (!waiting || message.method) return;
    pending.delete(message.id);
    if (message.error) waiting.reject(new Error(`JSON-RPC error ${message.error.code}: ${message.error.message}`));
    else waiting.resolve(message.result);
  });
  child.on('exit', (code) => {
    for (const { reject } of pending.values()) reject(new Error(`mcp-remote ended with exit code ${code}`));
  });
  const send = (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  return {
    notify: (method) => send({ method }),
    request: (method, params) => new Promise((resolve, reject) => {
      last += 1;
      pending.set(last, { resolve, reject });
      send({ id: last, method, params });
    }),
    remote,
    stop: async () => {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

// Its store names the file by a hash of the URL and the options.
function token() {
  const file = readdirSync(storage, { recursive: true }).find((path) => path.endsWith('tokens.json'));
  if (!file) throw new Error(`mcp-remote stored no tokens in ${storage}`);
  return common.accessTokenIn(join(storage, file));
}

await common.run(async () => {
  const proxy = startProxy();
  try {
    await proxy.request('initialize', {
      protocolVersion: PROTOCOL,
      capabilities: {},
      clientInfo: { name: 'mcp-remote-user', version: '1.0.0' },
    });
    proxy.notify('notifications/initialized');
    const { tools } = await proxy.request('tools/list', {});
    const { protocol } = proxy.remote;
    const call = async (name, args) => common.result(await proxy.request('tools/call', { name, arguments: args }));
    if (common.stepUp) return await common.stepsUp({ client: 'mcp-remote', protocol, ways: { itself: call } });
    return await common.exercise({ client: 'mcp-remote', protocol, tools: tools.map(({ name }) => name), call, token });
  } finally {
    await proxy.stop();
  }
});
