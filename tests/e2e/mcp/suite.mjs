// Runs MCP's conformance suite, which knows of no keys, against a host that lets nobody in without one.
//   node suite.mjs SUITE_FOLDER TOKEN ARGUMENTS…
import http from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , folder, token, ...args] = process.argv;
const entry = join(folder, 'dist/index.js');
const undici = await import(pathToFileURL(createRequire(entry).resolve('undici')));

const bearing = (headers) => {
  const bearer = `Bearer ${token}`;
  if (Array.isArray(headers)) return [...headers, 'authorization', bearer];
  return { ...(headers ?? {}), authorization: bearer };
};
const bear = (next) => (request, handler) => next({ ...request, headers: bearing(request.headers) }, handler);
undici.setGlobalDispatcher(undici.getGlobalDispatcher().compose(bear));
// Where it sets headers that fetch wouldn't, it does without undici.
const { request } = http;
http.request = (options, ...rest) => request({ ...options, headers: bearing(options.headers) }, ...rest);

// What it calls as tasks has names that aren't made of a skill's and a tool's: here all of it is the skill `test`.
const tasks = ['greet', 'slow_compute', 'failing_job', 'protocol_error_job', 'confirm_delete', 'multi_input'];
const { fetch } = globalThis;
globalThis.fetch = (url, options) => {
  if (typeof options?.body !== 'string') return fetch(url, options);
  const message = JSON.parse(options.body);
  if (message.method !== 'tools/call' || !tasks.includes(message.params?.name)) return fetch(url, options);
  const headers = new Headers(options.headers);
  const name = `test_${message.params.name}`;
  if (headers.get('mcp-name') === message.params.name) headers.set('mcp-name', name);
  message.params.name = name;
  return fetch(url, { ...options, headers, body: JSON.stringify(message) });
};

process.argv = [process.argv[0], entry, ...args];
await import(pathToFileURL(entry));
