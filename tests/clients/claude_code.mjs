// Claude Code: `claude mcp add`, `login` and `list`, which need no account, then one `claude -p` whose model is
// scripted_model.mjs, so that the real program calls the tools without an account either.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as common from './common.mjs';
import { installedFile } from './installed.mjs';
import { scriptedModel } from './scripted_model.mjs';

const SERVER = 'dari';
const program = installedFile('@anthropic-ai/claude-code/bin/claude.exe');
const debugLog = join(common.home, 'claude-debug.log');

async function run(command, args, environment = {}) {
  const env = {
    ...process.env,
    TERM: 'xterm',
    DISABLE_TELEMETRY: '1',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    ...environment,
  };
  const started = promisify(execFile)(command, args, { env, cwd: common.home, maxBuffer: 1 << 26 });
  started.child.stdin.end();
  try {
    return (await started).stdout;
  } catch (error) {
    throw new Error(`${[command, ...args].join(' ')}: ${error.stderr || ''}${error.stdout || error.message}`);
  }
}

const claude = (...args) => run(program, args);

// Its login waits for a pasted URL beside the callback, and so refuses to start without a terminal: script(1) gives it one.
const login = () => run('script', ['-qefc', `'${program}' mcp login ${SERVER}`, '/dev/null']);

async function connected(...more) {
  const health = await claude(...more, 'mcp', 'list');
  if (!/✔ Connected/.test(health)) throw new Error(`claude mcp list: ${health}`);
}

/** Its log tells the era, no more: both eras' sessions look alike from outside. */
function protocol() {
  return readFileSync(debugLog, 'utf8').includes('on a modern connection') ? '2026-07-28' : '2025-11-25';
}

/** Lets it call the tools, one after the other, as the scripted model asks. */
async function callTools(calls) {
  const prefix = `mcp__${SERVER}__`;
  const model = await scriptedModel(calls.map(([, name, args]) => [prefix + name, args]));
  try {
    await run(program, ['-p', 'Call the tools.', '--tools', '', '--allowedTools', `${prefix}*`, '--output-format', 'json'], {
      ANTHROPIC_BASE_URL: model.url,
      ANTHROPIC_API_KEY: 'none-is-needed',
      // Offers every tool at once, instead of a search for tools.
      ENABLE_TOOL_SEARCH: 'false',
    });
  } finally {
    model.close();
  }
  if (model.results.length !== calls.length) throw new Error(`claude -p called ${model.results.length} of ${calls.length} tools`);
  const results = model.results.map(({ content, is_error: isError }) => {
    const text = typeof content === 'string' ? content : content.map((block) => block.text ?? '').join('\n');
    if (isError) throw new Error(`the tool answered with an error: ${text}`);
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  });
  const tools = model.tools.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  return { tools, results };
}

await common.run(async () => {
  await claude('mcp', 'add', '--transport', 'http', SERVER, common.url);
  await login();
  await connected('--debug-file', debugLog);
  const calls = common.calls('claude-code');
  if (common.stepUp) {
    const call = async (...request) => (await callTools([['schedule', ...request]])).results[0];
    // As its user does who is shown the error. It gives its tokens back first.
    const anew = async (...request) => { await login(); return call(...request); };
    return common.stepsUp({ client: 'claude-code', protocol: protocol(), ways: { itself: call, anew } });
  }
  const { tools, results } = await callTools(calls);
  return {
    client: 'claude-code',
    protocol: protocol(),
    tools: tools.toSorted(),
    ...Object.fromEntries(calls.map(([key], index) => [key, results[index]])),
    refreshed: await common.refreshes(
      () => common.accessTokenIn(join(common.home, '.claude/.credentials.json')),
      () => callTools(calls.slice(0, 1)),
    ),
  };
});
