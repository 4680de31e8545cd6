// @modelcontextprotocol/client, the MCP TypeScript SDK. Argument: `auto` (probes 2026-07-28 first) or `legacy` (default).
import { randomUUID } from 'node:crypto';
import * as common from './common.mjs';
import { requireInstalled } from './installed.mjs';

const { Client, StreamableHTTPClientTransport, UnauthorizedError } = requireInstalled('@modelcontextprotocol/client');

const mode = process.argv[2] ?? 'legacy';
const NAME = 'ts-client';

class Provider {
  #client;
  #tokens;
  #verifier;
  #discovery;
  #state = randomUUID();

  constructor(redirectUri) { this.redirectUrl = redirectUri; }

  get clientMetadata() {
    return {
      client_name: NAME,
      redirect_uris: [this.redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    };
  }

  get clientMetadataUrl() { return process.env.CLIENT_METADATA_URL; }

  state() { return this.#state; }
  clientInformation() { return this.#client; }
  saveClientInformation(client) { this.#client = client; }
  tokens() { return this.#tokens; }
  saveTokens(tokens) { this.#tokens = tokens; }
  saveCodeVerifier(verifier) { this.#verifier = verifier; }
  codeVerifier() { return this.#verifier; }
  saveDiscoveryState(state) { this.#discovery = state; }
  discoveryState() { return this.#discovery; }
  redirectToAuthorization(address) { common.openBrowser(address.href); }
}

await common.run(async () => {
  const { redirectUri, next } = await common.callback();
  const provider = new Provider(redirectUri);
  const client = new Client({ name: NAME, version: '1.0.0' }, { versionNegotiation: { mode } });
  let transport;

  /** Does `request`; where the server wants a login, at first or for more permissions, once more after it. */
  async function authorized(request) {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) throw error;
      await transport.finishAuth(await next(provider.state()));
      return request();
    }
  }
  const connect = () => {
    transport = new StreamableHTTPClientTransport(new URL(common.url), { authProvider: provider });
    return client.connect(transport);
  };

  await authorized(connect);
  const protocol = client.getNegotiatedProtocolVersion();
  const call = async (name, args) => common.result(await authorized(() => client.callTool({ name, arguments: args })));
  if (common.stepUp) return common.stepsUp({ client: NAME, protocol, ways: { itself: call } });
  const { tools } = await client.listTools();
  return common.exercise({
    client: NAME,
    protocol,
    tools: tools.map((tool) => tool.name),
    call,
    token: () => provider.tokens().access_token,
  });
});
