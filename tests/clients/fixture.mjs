// What the Node.js drivers of the conformance fixture share: where it is, what it must answer, and the line of the answer.
//
// Arguments: the protocol era (`auto` or `legacy`), then the URL of the fixture or the command that speaks it on stdio.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

export const [mode, ...target] = process.argv.slice(2);
export const url = /^https?:/.test(target[0] ?? '') ? new URL(target[0]) : undefined;
export const modern = mode === 'auto';
export const protocol = modern ? '2026-07-28' : '2025-11-25';

export const WATCHED = 'test://watched-resource';
/** What there is, and what its user and model answer: the same for every language's driver. */
export const FIXTURE = JSON.parse(readFileSync(new URL('fixture.json', import.meta.url), 'utf8'));

/** Fills an elicitation's form in: the first of some values, what `FIXTURE.form` has, or anything of its type. */
export function fill({ requestedSchema }) {
  const ANY = { boolean: true, integer: 1, number: 1, string: 'text' };
  const value = (name, { type, items, oneOf, anyOf, enum: values }) => {
    if (type === 'array') return [value(name, items)];
    return (oneOf ?? anyOf)?.[0].const ?? values?.[0] ?? FIXTURE.form[name] ?? ANY[type];
  };
  return Object.fromEntries(Object.entries(requestedSchema.properties).map(([name, schema]) => [name, value(name, schema)]));
}

const begins = (base64, bytes) => Buffer.from(base64, 'base64').subarray(0, bytes.length).equals(Buffer.from(bytes, 'latin1'));
export const assertPng = ({ data, blob, mimeType }) => {
  assert.equal(mimeType, 'image/png');
  assert.ok(begins(data ?? blob, '\x89PNG'), 'the data is no PNG');
};
const assertText = (block, text) => assert.deepEqual([block?.type, block?.text], ['text', text]);
const assertResource = (block, uri, mimeType, text) => {
  assert.equal(block?.type, 'resource');
  const { resource } = block;
  assert.deepEqual([resource.uri, resource.mimeType, resource.text], [uri, mimeType, text]);
};

/** The text of a result that is one block of it. */
export function text(result) {
  assert.equal(result.content?.length, 1, `one block of content: ${JSON.stringify(result)}`);
  assert.equal(result.content[0].type, 'text');
  return result.content[0].text;
}

/** Fails unless the result is no error and its text has all of these in it. */
export function assertSays(result, ...parts) {
  assert.notEqual(result.isError, true, text(result));
  for (const part of parts) assert.ok(text(result).includes(part), `${JSON.stringify(part)} is not in ${JSON.stringify(text(result))}`);
}

/** The tools whose answer is content and nothing else, with what it must be. */
export const CONTENTS = {
  test_simple_text: ({ content }) => {
    assert.equal(content.length, 1);
    assertText(content[0], 'This is a simple text response for testing.');
  },
  test_image_content: ({ content }) => {
    assert.deepEqual(content.map(({ type }) => type), ['image']);
    assertPng(content[0]);
  },
  test_audio_content: ({ content }) => {
    assert.deepEqual(content.map(({ type, mimeType }) => [type, mimeType]), [['audio', 'audio/wav']]);
    assert.ok(begins(content[0].data, 'RIFF'), 'the data is no WAV');
  },
  test_embedded_resource: ({ content }) => {
    assert.equal(content.length, 1);
    assertResource(content[0], 'test://embedded-resource', 'text/plain', 'This is an embedded resource content.');
  },
  test_multiple_content_types: ({ content }) => {
    assert.equal(content.length, 3);
    assertText(content[0], 'Multiple content types test:');
    assert.equal(content[1].type, 'image');
    assertPng(content[1]);
    const { uri, mimeType, text: json } = content[2].resource;
    assert.deepEqual([uri, mimeType, JSON.parse(json)], ['test://mixed-content-resource', 'application/json', { test: 'data', value: 123 }]);
  },
};

export function assertToolError(result) {
  assert.equal(result.isError, true);
  assertText(result.content[0], 'This tool intentionally returns an error for testing');
}

export function assertTools(tools) {
  const names = tools.map(({ name }) => name);
  assert.deepEqual(FIXTURE.tools.filter((name) => !names.includes(name)), [], 'tools that are not listed');
  assert.equal(new Set(names).size, names.length, 'a tool is listed twice');
  for (const { name, description, inputSchema } of tools) {
    assert.ok(description, `${name} has no description`);
    assert.equal(inputSchema.type, 'object', `${name}: its input is no object`);
  }
  const of = (wanted) => tools.find(({ name }) => name === wanted);
  assert.deepEqual(of('json_schema_2020_12_tool').inputSchema, FIXTURE.json_schema_2020_12_tool);
  assert.equal(of('test_custom_header').inputSchema.properties.value['x-mcp-header'], 'Value');
}

export function assertResources(resources) {
  const uris = resources.map(({ uri }) => uri);
  assert.deepEqual(FIXTURE.resources.filter((uri) => !uris.includes(uri)), [], 'resources that are not listed');
  for (const { uri, name } of resources) assert.ok(name, `${uri} has no name`);
}

export function assertTemplates(templates) {
  const found = templates.find(({ uriTemplate }) => uriTemplate === FIXTURE.template);
  assert.ok(found?.name, `${FIXTURE.template} is not listed: ${JSON.stringify(templates)}`);
}

/** What reading these must give. */
export const READS = {
  'test://static-text': ([item]) => {
    assert.deepEqual([item.mimeType, item.text], ['text/plain', 'This is the content of the static text resource.']);
  },
  'test://static-binary': ([item]) => assertPng(item),
  'test://template/123/data': ([item]) => {
    assert.equal(item.mimeType, 'application/json');
    assert.equal(JSON.parse(item.text).id, '123');
  },
  [WATCHED]: ([item]) => assert.ok(item.text, 'no text'),
};
export function assertRead(uri, { contents }) {
  assert.equal(contents.length, 1);
  assert.equal(contents[0].uri, uri);
  READS[uri](contents);
}

export function assertPrompts(prompts) {
  const names = prompts.map(({ name }) => name);
  assert.deepEqual(FIXTURE.prompts.filter((name) => !names.includes(name)), [], 'prompts that are not listed');
  for (const { name, description } of prompts) assert.ok(description, `${name} has no description`);
  const { arguments: args } = prompts.find(({ name }) => name === 'test_prompt_with_arguments');
  assert.deepEqual(args.map(({ name, required }) => [name, required]), [['arg1', true], ['arg2', true]]);
}

/** The prompts that ask nothing back: their arguments and what they must give. */
export const PROMPT_MESSAGES = {
  test_simple_prompt: [undefined, ([message, ...rest]) => {
    assert.deepEqual([message.role, rest], ['user', []]);
    assertText(message.content, 'This is a simple prompt for testing.');
  }],
  test_prompt_with_arguments: [{ arg1: 'hello', arg2: '세계' }, ([message]) => {
    assertText(message.content, "Prompt with arguments: arg1='hello', arg2='세계'");
  }],
  test_prompt_with_embedded_resource: [{ resourceUri: 'test://some-resource' }, ([first, second]) => {
    assertResource(first.content, 'test://some-resource', 'text/plain', 'Embedded resource content for testing.');
    assertText(second.content, 'Please process the embedded resource above.');
  }],
  test_prompt_with_image: [undefined, ([first, second]) => {
    assert.equal(first.content.type, 'image');
    assertPng(first.content);
    assertText(second.content, 'Please analyze the image above.');
  }],
};

let done = 0;
const failed = [];

/** Does one thing in a bounded time. Where it fails the next is done all the same: one run tells of every fault. */
export async function step(name, body, seconds = 15) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`nothing after ${seconds} s`)), seconds * 1000); });
  try {
    await Promise.race([body(), late]);
    done += 1;
  } catch (error) {
    failed.push(`${name}: ${error.stack ?? error}`);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until `condition` holds, for what arrives by itself. */
export async function until(what, condition, seconds = 5) {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `not within ${seconds} s: ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
}

/** Runs the driver: its last line of stdout is the answer, and any failure is the exit code. */
export async function run(client, main) {
  if (!['auto', 'legacy'].includes(mode) || target.length === 0) {
    console.error(`usage: ${client} (auto|legacy) (URL | COMMAND [ARGUMENT…])`);
    process.exit(2);
  }
  try {
    await main();
  } catch (error) {
    failed.push(error.stack ?? error);
  }
  const transport = url ? 'http' : 'stdio';
  for (const failure of failed) console.error(`${client} (${mode}, ${transport}): ${failure}\n`);
  if (failed.length === 0) console.log(JSON.stringify({ client, protocol, transport, steps: done }));
  process.exit(failed.length === 0 ? 0 : 1);
}
