// A user in front of a real Chromium: opens an authorization URL, consents, logs in, grants the calendar
// permission and lands on the client's redirect. Pages are told apart by their elements, in whatever order they come.
//
//   browser.mjs URL [--user NAME] [--password PW] [--calendar yes|no] [--deny]
//                   [--screenshots DIR] [--locale ko-KR] [--print-only]
//
// stdout: {"steps":["consent","login","permission"],"final":"http://localhost:4711/callback","error":null,"scope":"calendar",
// "client":"…"}: `error` is the OAuth error code in the redirect, `scope` and `client` are what the client asked for and as whom. Exit 0 once the redirect was delivered, else 1 and the reason.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { requireInstalled } from './installed.mjs';

const { chromium } = requireInstalled('playwright-core');

const LIMIT_MS = 30_000;
const POLL_MS = 50;
const ACTION_MS = 10_000;
// A page that is none of a login's: the pages need no script, so what is not there soon will not come.
const SETTLE_MS = 5_000;
const CHROMIUM_ARGUMENTS = [
  '--headless', '--no-sandbox', '--disable-quic', '--disable-background-networking', '--no-first-run',
  '--disable-component-update', '--disable-sync', '--disable-gpu',
];
// A server other than Dari has other consent buttons.
const APPROVE = process.env.CONSENT_SELECTOR ?? 'button[name=decision][value=approve]';
const DENY = process.env.DENY_SELECTOR ?? 'button[name=decision][value=deny]';

const originAndPath = (url) => { const { origin, pathname } = new URL(url); return origin + pathname; };

class Stuck extends Error {}

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      user: { type: 'string', default: process.env.LOGIN_USER },
      password: { type: 'string', default: process.env.LOGIN_PASSWORD },
      calendar: { type: 'string', default: process.env.LOGIN_CALENDAR },
      deny: { type: 'boolean', default: process.env.LOGIN_DENY === '1' },
      screenshots: { type: 'string', default: process.env.LOGIN_SCREENSHOTS },
      locale: { type: 'string', default: process.env.LOGIN_LOCALE ?? 'ko-KR' },
      'print-only': { type: 'boolean', default: false },
    },
  });
  if (positionals.length !== 1) throw new Stuck('usage: browser.mjs URL [options]');
  if (![undefined, '', 'yes', 'no'].includes(values.calendar)) throw new Stuck('--calendar is yes or no');
  const url = new URL(positionals[0]);
  const redirect = url.searchParams.get('redirect_uri');
  if (!redirect) throw new Stuck(`no redirect_uri in ${originAndPath(url)}: is this an authorization URL?`);
  const asked = { scope: url.searchParams.get('scope'), client: url.searchParams.get('client_id') };
  return { ...values, url: url.href, redirect: originAndPath(redirect), asked };
}

/** What a user does on each kind of page; the first whose element is there is the page's kind. */
const pages = [
  {
    kind: 'consent',
    element: APPROVE,
    act: (page, { deny }) => page.click(deny ? DENY : APPROVE),
  },
  {
    kind: 'login',
    element: '#login',
    act: async (page, { user, password }) => {
      if (!user || !password) throw new Stuck('the login page asks for a user: give --user and --password');
      await page.fill('input[name=id]', user);
      await page.fill('input[name=password]', password);
      await page.click('#login');
    },
  },
  {
    kind: 'permission',
    element: '#agree',
    act: async (page, { calendar }) => {
      if (calendar) await page.setChecked('input[name=calendar]', calendar === 'yes');
      await page.click('#agree');
    },
  },
];

async function describe(page) {
  const text = await page.evaluate(() => document.body?.innerText ?? '').catch(() => '');
  return `"${await page.title().catch(() => '')}" (${originAndPath(page.url())}): ${text.slice(0, 300)}`;
}

/** Follows the main frame's documents: which one is shown, and whether the redirect was delivered to the client. */
function watch(page, redirect) {
  const seen = { document: 0, status: 0, method: '', since: 0, landed: undefined, refused: undefined };
  const isDocument = (request) => request.isNavigationRequest() && request.frame() === page.mainFrame();
  const isRedirect = (request) => originAndPath(request.url()) === redirect;
  const land = (request) => { seen.landed = new URL(request.url()); };
  page.on('response', (response) => {
    const request = response.request();
    if (!isDocument(request)) return;
    if (isRedirect(request)) return land(request);
    if (response.status() >= 300 && response.status() < 400) return;
    seen.status = response.status();
    seen.method = request.method();
    seen.since = Date.now();
    seen.document += 1;
  });
  page.on('requestfailed', (request) => {
    if (!isDocument(request) || seen.landed) return;
    const reason = request.failure()?.errorText ?? 'unknown';
    // A client may close the connection as soon as it has read the code; then the redirect did arrive.
    if (isRedirect(request) && !reason.includes('REFUSED')) land(request);
    else seen.refused = `${originAndPath(request.url())} did not answer: ${reason}`;
  });
  return seen;
}

async function shot(page, { screenshots }, number, kind) {
  if (!screenshots) return;
  await mkdir(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${number}-${kind}.png`), fullPage: true });
}

async function kindOf(page) {
  for (const candidate of pages) {
    if (await page.locator(candidate.element).count()) return candidate;
  }
  return undefined;
}

async function behaveAsUser(page, option) {
  const seen = watch(page, option.redirect);
  const steps = [];
  let done = 0;
  let trouble = '';
  page.setDefaultTimeout(ACTION_MS);
  const deadline = Date.now() + LIMIT_MS;
  // What matters is told by the events above: a client may never finish answering its redirect.
  page.goto(option.url, { timeout: LIMIT_MS }).catch(() => {});
  while (!seen.landed) {
    if (seen.refused) throw new Stuck(seen.refused);
    if (Date.now() > deadline) throw new Stuck(`after ${LIMIT_MS / 1000} s and ${JSON.stringify(steps)} stuck${trouble} on page ${await describe(page)}`);
    await sleep(POLL_MS);
    if (seen.landed || seen.document === done) continue;
    const number = seen.document;
    try {
      await page.waitForLoadState('domcontentloaded');
      const found = await kindOf(page);
      if (number !== seen.document) continue;
      if (!found && seen.status < 400 && Date.now() - seen.since < SETTLE_MS) continue;
      await shot(page, option, number, found?.kind ?? 'error');
      if (!found) throw new Stuck(`after ${JSON.stringify(steps)} HTTP ${seen.status}: page ${await describe(page)}`);
      if (option['print-only']) return { steps: [found.kind], final: originAndPath(page.url()), page: await describe(page) };
      // The answer to the form is the form: something in it was wrong. Whoever was sent to a login once more is asked for
      // a permission once more.
      if (steps.at(-1) === found.kind && seen.method === 'POST') throw new Stuck(`the ${found.kind} page came back: ${await describe(page)}`);
      steps.push(found.kind);
      done = number;
      // A click waits for the page it leads to, which the client may keep open: do not.
      found.act(page, option).catch((error) => {
        if (error instanceof Stuck) seen.refused = error.message;
        else trouble = ` (${error.message.split('\n')[0]})`;
      });
    } catch (error) {
      // The page went on while it was looked at: look at the next one.
      if (error instanceof Stuck || !/navigation|context was destroyed/i.test(error.message)) throw error;
    }
  }
  // Let the client's page arrive: leaving at once would cut the connection before it has read the request.
  await page.waitForLoadState('domcontentloaded', { timeout: 1_000 }).catch(() => {});
  await shot(page, option, seen.document + 1, 'final').catch(() => {});
  return { steps, final: originAndPath(seen.landed.href), error: seen.landed.searchParams.get('error'), ...option.asked };
}

try {
  const option = options();
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: CHROMIUM_ARGUMENTS });
  try {
    const page = await browser.newPage({ locale: option.locale });
    console.log(JSON.stringify(await behaveAsUser(page, option)));
  } finally {
    await browser.close();
  }
} catch (error) {
  console.error(`browser.mjs: ${error instanceof Stuck ? error.message : error.stack}`);
  process.exitCode = 1;
}
