// The web's globals next to Node's own: the same answer to each row.

import assert from "node:assert/strict";
import { test } from "node:test";
import { structuredClone } from "../library/web/clone";
import { URLSearchParams } from "../library/web/search-params";
import { decode, encode, TextDecoder, TextEncoder } from "../library/web/text";
import { URL } from "../library/web/url";

const node = globalThis as any;

/** The answer, or that there is none. */
function outcome<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    return `fails: ${(error as Error).constructor.name}`;
  }
}

const TEXTS = ["", "plain", "Zürich", "€", "😀", "a\0b", "\ufeffmark", "\ud800", "a\udc00b", "\ud83d", "ÿ߿ࠀ￿𐀀\u{10ffff}", "x".repeat(9000)];

const BYTES = [
  [], [0x61], [0xef, 0xbb, 0xbf, 0x61], [0xef, 0xbb], [0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf], [0xff, 0x61], [0xc3], [0xc3, 0x28],
  [0xc0, 0x80], [0xe0, 0x80, 0x80], [0xe2, 0x82], [0xe2, 0x82, 0x61], [0xed, 0xa0, 0x80], [0xed, 0x9f, 0xbf], [0xf0, 0x9f, 0x98, 0x80],
  [0xf0, 0x9f, 0x98], [0xf0, 0x80, 0x80, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf4, 0x8f, 0xbf, 0xbf], [0xf5, 0x80], [0x80, 0xbf], [0xf0, 0x90, 0xc3, 0xa4],
];

test("text becomes the same bytes", () => {
  for (const text of TEXTS) {
    assert.deepEqual(new TextEncoder().encode(text), new node.TextEncoder().encode(text), text);
    for (const room of [0, 1, 2, 3, 5]) {
      const [ours, theirs] = [new Uint8Array(room), new Uint8Array(room)];
      assert.deepEqual(new TextEncoder().encodeInto(text, ours), new node.TextEncoder().encodeInto(text, theirs));
      assert.deepEqual(ours, theirs);
    }
    assert.equal(decode(encode(text)), text.toWellFormed());
  }
});

test("bytes become the same text, in one piece and byte by byte", () => {
  for (const row of BYTES) {
    const bytes = new Uint8Array(row);
    for (const options of [{}, { fatal: true }, { ignoreBOM: true }, { fatal: true, ignoreBOM: true }]) {
      const [ours, theirs] = [new TextDecoder("utf-8", options), new node.TextDecoder("utf-8", options)];
      const whole = (decoder: any) => outcome(() => decoder.decode(bytes));
      assert.equal(whole(ours), whole(theirs), `${row} ${JSON.stringify(options)}`);
      const parts = (decoder: any) => {
        const said = row.map((_, at) => outcome(() => decoder.decode(bytes.subarray(at, at + 1), { stream: true })));
        return [...said, outcome(() => decoder.decode())];
      };
      const [a, b] = [new TextDecoder("utf-8", options), new node.TextDecoder("utf-8", options)];
      assert.deepEqual(parts(a), parts(b), `${row} ${JSON.stringify(options)} in parts`);
    }
  }
  assert.throws(() => new TextDecoder("latin1"), RangeError);
  assert.equal(new TextDecoder("UTF8").decode(new Uint8Array([0x61]).buffer), "a");
});

// url, base
const URLS: [string, string?][] = [
  ["https://example.com"], ["https://example.com/"], ["HTTPS://EXAMPLE.com:443/a/../b/./c?x=1#y"], ["http://a:80/"], ["http://a:81/"], ["http://a:/x"],
  ["http://user:pass@host:8080/p"], ["http://user@host"], ["http://:pass@host"], ["http://a@b@c/"], ["http://u:p:q@h/"], ["http://@h/"], ["http://u@/"],
  ["http:example.com"], ["http:/example.com"], ["http:\\\\example.com\\a\\b"], ["https:////example.com///a"], ["  http://a/ \n"], ["ht\ntp://a\t/b"],
  ["http://a/ b?c d#e f"], ["http://a/\"<>`{}|?\"<>'`#\"<>`"], ["http://a/ö?ö#ö"], ["http://a/%zz%41"], ["http://a/?q=a+b&c"], ["http://a?x"], ["http://a#x"], ["http://a/?#"],
  ["http://a/%2e%2E/b/%2e/c"], ["http://a/b/.."], ["http://a/b/."], ["http://a/../../x"], ["http://a/b//c"], ["http://a/..//"],
  ["http://1.2.3.4/"], ["http://0x7f.1/"], ["http://017700000001/"], ["http://256.1.1.1/"], ["http://1.2.3.4.5/"], ["http://1.2.3.4./"], ["http://0x/"], ["http://4294967296/"], ["http://a.1/"], ["http://09.1/"], ["http://1..2/"],
  ["http://[::1]/"], ["http://[1:2:0:0:3:0:0:0]/"], ["http://[::ffff:1.2.3.4]/"], ["http://[1::2::3]/"], ["http://[1:2:3:4:5:6:7]/"], ["http://[1:2:3:4:5:6:7:8]:99/"], ["http://[::]/"], ["http://[1:2:3:4:5:6:7::]/"], ["http://[g::]/"], ["http://[::1"], ["http://[10:0:0:1:0:0:0:1]/"], ["http://[1:0:10:0:0:0:0:5]/"], ["http://[1.2.3.4::]/"], ["http://[::1.2.3.256]/"],
  ["http://a b/"], ["http://a%20b/"], ["http://a%41b/"], ["http://a^b/"], ["http://a<b/"], ["http:///"], ["http://"], ["http://?"], ["http://a:99999/"], ["http://a:x/"], ["http://a:0/"], ["http://a:00080/"],
  ["mailto:ann@example.com?subject=hi there#x"], ["data:text/plain,hello world"], ["javascript:alert('x')"], ["urn:a:b"], ["foo://host/a/../b"], ["foo://HOST:80/"], ["foo:///a"], ["foo:/a"], ["foo://"], ["foo:/.//a"], ["foo://h o/"], ["foo://u:p@h:1?q"], ["foo:\\a"], ["blob:https://a.b/c"],
  ["file:///etc/passwd"], ["file:/etc/passwd"], ["file://localhost/x"], ["file://host/x"], ["file:x"], ["file://h:1/"],
  ["wss://a:443/x"], ["ftp://a:21/"], ["1http://a"], ["//a"], ["a"], [""], ["http"], ["/x"],
  ["b", "http://a/c/d"], ["../b", "http://a/c/d/e"], ["/b", "http://a/c"], ["?q", "http://a/c?r#s"], ["#f", "http://a/c?r#s"], ["", "http://a/c?r#s"], ["//b/x", "https://a/c"], ["http:b", "http://a/c/d"], ["https:b", "http://a/c"], ["\\b", "http://a/c"], ["..\\b", "http://a/c/d"], ["b?a\\b", "http://a/c"],
  ["#f", "mailto:x"], ["b", "mailto:x"], ["b", "foo://h/c/d"], ["b", "foo:/c/d"], ["//x", "foo:/c"], ["x", "file:///a/b"], ["//h/y", "file:///a"], ["a", "nonsense"],
];

const PARTS = ["href", "origin", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"] as const;
const parts = (url: any) => Object.fromEntries(PARTS.map((part) => [part, url[part]]));

test("urls are taken apart alike", () => {
  for (const [url, base] of URLS) {
    const ours = outcome(() => parts(new URL(url, base)));
    const theirs = outcome(() => parts(new node.URL(url, base)));
    assert.deepEqual(ours, theirs, `${JSON.stringify(url)} on ${base}`);
    assert.equal(URL.canParse(url, base), node.URL.canParse(url, base));
  }
});

test("a host beyond ASCII is refused with the way out", () => {
  assert.throws(() => new URL("http://zürich.example"), /xn--/);
});

const CHANGES: [string, (typeof PARTS)[number], string][] = [
  ["http://a/b", "protocol", "https"], ["http://a:443/", "protocol", "https:"], ["http://a/", "protocol", "foo"], ["foo://a/", "protocol", "http"], ["http://a/", "protocol", "f1le:"],
  ["http://a/", "username", "me@x"], ["http://a/", "password", "p:w"], ["file:///a", "username", "me"], ["mailto:x", "username", "me"],
  ["http://a:1/", "host", "b"], ["http://a:1/", "host", "b:2"], ["http://a:1/", "host", "b c"], ["http://a:1/", "host", ""], ["http://a/", "hostname", "b:2"], ["http://a:1/", "hostname", "C"], ["http://a:1/", "hostname", "[::1]"], ["mailto:x", "host", "b"],
  ["http://a/", "port", "81"], ["http://a:1/", "port", "80"], ["http://a:1/", "port", ""], ["http://a:1/", "port", "x"], ["http://a:1/", "port", "9x"], ["http://a:1/", "port", "99999"],
  ["http://a/b?c", "pathname", "x/../y z"], ["http://a/b", "pathname", ""], ["http://a/b", "pathname", "/?#"], ["mailto:x", "pathname", "y"],
  ["http://a/?b", "search", "c d"], ["http://a/?b", "search", "?c=1'"], ["http://a/?b", "search", ""], ["http://a/", "hash", "#x y"], ["http://a/#x", "hash", ""],
  ["http://a/", "href", "https://b/?c"],
];

test("parts of urls are changed alike", () => {
  for (const [url, part, value] of CHANGES) {
    const [ours, theirs] = [new URL(url) as any, new node.URL(url)];
    ours[part] = value;
    theirs[part] = value;
    assert.deepEqual(parts(ours), parts(theirs), `${url} ${part} = ${value}`);
    assert.equal(String(ours.searchParams), String(theirs.searchParams));
  }
  const url = new URL("http://a/?x=1");
  url.searchParams.append("y", "a b");
  assert.equal(`${url}`, "http://a/?x=1&y=a+b");
  url.searchParams.delete("x");
  url.searchParams.delete("y");
  assert.equal(JSON.stringify({ url }), '{"url":"http://a/"}');
});

test("queries are read and written alike", () => {
  const inits: any[] = ["", "?a=1&b=2", "a=1&a=2&&=x&y", "a=b=c&%61=%zz+d&ö=%F0%9F%98%80", "a%", { a: "1 2", ö: "&=" }, [["a", "b"], ["a", "~*-._'()"]], new Map([["x", "\ud800"]])];
  const work = (params: any) => {
    params.append("n", 1);
    params.set("a", "new");
    params.delete("b");
    params.delete("y", "none");
    const before = [...params];
    params.sort();
    return [before, [...params.keys()], [...params.values()], params.get("a"), params.getAll("n"), params.has("a", "new"), params.has("z"), params.size, `${params}`];
  };
  for (const init of inits) {
    const [ours, theirs] = [new URLSearchParams(init), new node.URLSearchParams(init)];
    assert.equal(String(ours), String(theirs));
    assert.deepEqual(work(ours), work(theirs), JSON.stringify(init));
  }
  assert.throws(() => new URLSearchParams([["a"]] as any), TypeError);
});

test("clones are equal and share nothing", () => {
  const buffer = new ArrayBuffer(8);
  const value: any = {
    text: "a", none: null, missing: undefined, big: 1n, when: new Date(0), rule: /a/gi, list: [1, , 3], nested: { a: [{}] },
    map: new Map<unknown, unknown>([[{ k: 1 }, new Set([1])]]), views: [new Uint8Array(buffer, 2, 3), new DataView(buffer)], boxed: Object("s"),
    error: new RangeError("no", { cause: { a: 1 } }),
  };
  value.self = value;
  const [ours, theirs] = [structuredClone(value), node.structuredClone(value)];
  for (const name of Object.keys(value).filter((name) => name !== "self")) assert.deepEqual(ours[name], theirs[name], name);
  assert.equal(ours.self, ours);
  assert.equal(ours.views[0].buffer, ours.views[1].buffer);
  assert.notEqual(ours.nested.a, value.nested.a);
  for (const bad of [() => {}, Symbol("s"), { f() {} }, new WeakMap(), Promise.resolve()]) {
    const name = (clone: (value: unknown) => unknown) => {
      try {
        return clone(bad);
      } catch (error) {
        return (error as Error).name;
      }
    };
    assert.deepEqual([name(structuredClone), name(node.structuredClone)], ["DataCloneError", "DataCloneError"]);
  }
});
