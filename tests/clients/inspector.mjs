// @modelcontextprotocol/inspector's command line: one process a request, the tokens in a folder between them.
// Argument: the protocol era, `legacy` (its default) or `auto`.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { join } from 'node:path';
import * as common from './common.mjs';
import { installedFile } from './installed.mjs';

const era = process.argv[2] ?? 'legacy';
const storage = join(common.home, 'inspector');

// Its own callback port is fixed; another makes two runs at a time possible.
const callbackUrl = `http://127.0.0.1:${await common.freePort()}/oauth/callback`;

async function inspect(method, ...more) {
  const args = [
    installedFile('@modelcontextprotocol/inspector/clients/launcher/build/index.js'), '--cli', common.url,
    '--transport', 'http', '--protocol-era', era, '--callback-url', callbackUrl, '--format', 'json', '--method', method, ...more,
  ];
  // Without a terminal it opens a browser only when told to, and without a keychain it forgets its tokens.
  const env = { ...process.env, MCP_STORAGE_DIR: storage, MCP_AUTO_OPEN_ENABLED: 'true', MCP_INSPECTOR_SECRET_STORE: 'file' };
  // A tool's error is both a result and a failure: the result says more.
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env }).catch((failure) => failure);
  if (!stdout) throw new Error(`inspector ${method}: ${stderr}`);
  const answer = JSON.parse(stdout);
  return answer.result ?? answer;
}

const call = async (tool, args, ...more) => common.result(
  await inspect('tools/call', '--tool-name', tool, '--tool-args-json', JSON.stringify(args), ...more),
);

// As its user does who is shown the error.
const anew = (tool, args) => call(tool, args, '--relogin');

await common.run(async () => {
  const { protocolVersion } = await inspect('initialize');
  if (common.stepUp) {
    return common.stepsUp({ client: 'inspector', protocol: protocolVersion, ways: { itself: call, anew } });
  }
  const { tools } = await inspect('tools/list');
  return common.exercise({
    client: 'inspector',
    protocol: protocolVersion,
    tools: tools.map((tool) => tool.name),
    call,
    token: () => common.accessTokenIn(join(storage, 'secrets.json')),
  });
});
