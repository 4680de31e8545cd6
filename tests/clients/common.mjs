// What the Node.js clients share: the calls, the browser and the line of the answer.
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const url = process.env.MCP_URL;
export const home = process.env.LOGIN_DIR;
export const reloginWaitMs = Number(process.env.RELOGIN_WAIT ?? 0) * 1000;

/** The three calls of every client: the key in the answer, the tool, its arguments. */
export const calls = (client) => [
  ['time', 'get_current_time', {}],
  ['search', 'web_search', { query: '서울 여행', display: 3 }],
  ['schedule', 'create_calendar_schedule', {
    title: `다리 시험 ${client}`,
    start_datetime: '2026-10-18 15:30',
    end_datetime: '2026-10-18 16:30',
    description: `${client} 클라이언트가 만든 일정`,
    location: '서울',
  }],
];

const lines = (name) => {
  const file = join(home, name);
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
};

/** How many times a browser was opened. */
export const opened = () => lines('opened').length;

/** What a stored JSON file holds, at whatever depth, under the key `access_token`. */
export function accessTokenIn(file) {
  const search = (value) => {
    if (typeof value === 'string' && value.startsWith('{')) return search(JSON.parse(value));
    if (value === null || typeof value !== 'object') return undefined;
    for (const [key, inner] of Object.entries(value)) {
      const found = ['access_token', 'accessToken'].includes(key) && typeof inner === 'string' ? inner : search(inner);
      if (found) return found;
    }
    return undefined;
  };
  const found = existsSync(file) && search(JSON.parse(readFileSync(file, 'utf8')));
  if (!found) throw new Error(`no access token in ${file}`);
  return found;
}

/** A tool's structured result, or its text where it has none. */
export function result({ content = [], structuredContent, isError }) {
  const text = content.filter(({ type }) => type === 'text').map((block) => block.text).join('\n');
  if (isError) throw new Error(`the tool answered with an error: ${text}`);
  return structuredContent ?? text;
}

/** Waits for the access token to expire where asked to, does `again` and tells whether the token was refreshed. */
export async function refreshes(token, again) {
  if (!reloginWaitMs) return false;
  const before = { token: await token(), opened: opened() };
  await sleep(reloginWaitMs);
  await again();
  return (await token()) !== before.token && opened() === before.opened;
}

/** Makes the three calls, and one more after the token expired; `call(name, arguments)` gives the tool's result. */
export async function exercise({ client, protocol, tools, call, token }) {
  const answer = { client, protocol, tools: tools.toSorted() };
  for (const [key, name, args] of calls(client)) answer[key] = await call(name, args);
  answer.refreshed = await refreshes(token, () => call('get_current_time', {}));
  return answer;
}

/** The ways to a schedule that STEP_UP names, in order; none: the user permits everything at once. */
export const stepUp = process.env.STEP_UP?.split(',');

/**
 * Asks for a schedule that the user did not permit, in one way after the other until one helps: `ways` are functions
 * of a tool's name and its arguments. The answer has the way that helped, and what each before it said.
 */
export async function stepsUp({ client, protocol, ways }) {
  const [, ...request] = calls(client).find(([key]) => key === 'schedule');
  const answer = { client, protocol, said: {} };
  for (const way of stepUp) {
    try {
      return { ...answer, schedule: await ways[way](...request), way };
    } catch (error) {
      answer.said[way] = messages(error).join('; ');
    }
  }
  return answer;
}

function messages(error) {
  return error ? [`${error.name}: ${error.message}`, ...messages(error.cause)] : [];
}

/** Prints what `main` returns as the one line of stdout; its failure is the exit code. */
export async function run(main) {
  try {
    if (!url) throw new Error('MCP_URL is not set');
    const answer = await main();
    // The client may be done before the browser has closed.
    const deadline = Date.now() + 10_000;
    while (lines('logins.jsonl').length < opened() && Date.now() < deadline) await sleep(100);
    answer.logins = lines('logins.jsonl').map((line) => JSON.parse(line));
    console.log(JSON.stringify(answer));
    process.exit(0);
  } catch (error) {
    console.error(messages(error).join('\n'));
    process.exit(1);
  }
}

/** Opens the browser, as a desktop would. */
export const openBrowser = (address) => { spawn(process.env.BROWSER, [address], { stdio: 'ignore' }); };

/** A loopback listener for authorization responses, for SDKs that leave it to their user; `next` waits for one. */
export async function callback() {
  const arrived = new EventEmitter();
  const server = createServer((request, reply) => {
    const target = new URL(request.url, 'http://localhost');
    reply.end('logged in\n');
    if (target.pathname === '/callback') arrived.emit('response', target.searchParams);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    redirectUri: `http://localhost:${server.address().port}/callback`,
    next: async (state) => {
      const [parameters] = await once(arrived, 'response');
      if (parameters.get('state') !== state) throw new Error('the redirect has another state');
      if (parameters.has('error')) throw new Error(`the login was refused: ${parameters.get('error')}: ${parameters.get('error_description')}`);
      return parameters;
    },
  };
}

/** A port that is free now, for a client that wants to be told one. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}
