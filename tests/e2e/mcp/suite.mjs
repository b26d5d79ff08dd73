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

process.argv = [process.argv[0], entry, ...args];
await import(pathToFileURL(entry));
