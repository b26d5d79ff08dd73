// Markdown to HTML that is safe to show, and what a document holds: headings and links.

import MarkdownIt from "markdown-it";
import { s, tool } from "skep";
import { filterXSS } from "xss";

const document = s.string({ description: "the text, in CommonMark with tables and strikethrough" });

tool({
  name: "render",
  description: "Turns Markdown into HTML. Links that run scripts are never made.",
  input: s.object({
    markdown: document,
    html: s.optional(
      s.enum(["escape", "sanitise", "keep"], {
        description:
          "HTML in the text: shown as text (escape, the default), kept where harmless (sanitise), kept as it is (keep: only for text that you trust)",
      }),
    ),
    breaks: s.optional(s.boolean({ description: "each line break is a <br>" })),
    linkify: s.optional(s.boolean({ description: "bare addresses become links" })),
    typographer: s.optional(s.boolean({ description: "quotes and dashes as printers set them" })),
  }),
  output: s.object({ html: s.string() }),
  run({ markdown, html = "escape", breaks = false, linkify = false, typographer = false }) {
    const made = new MarkdownIt({ html: html !== "escape", breaks, linkify, typographer }).render(markdown);
    return { html: html === "sanitise" ? filterXSS(made) : made };
  },
});

tool({
  name: "outline",
  description: "Lists the headings and links of a Markdown document, with their lines.",
  input: s.object({ markdown: document }),
  output: s.object({
    headings: s.array(s.object({ level: s.integer(), text: s.string(), line: s.integer() })),
    links: s.array(s.object({ text: s.string(), url: s.string(), line: s.integer() })),
  }),
  run({ markdown }) {
    const blocks = new MarkdownIt({ linkify: true }).parse(markdown, {});
    const headings = [];
    const links = [];
    for (const [at, block] of blocks.entries()) {
      if (block.type !== "inline") continue;
      const line = block.map[0] + 1;
      const before = blocks[at - 1];
      if (before?.type === "heading_open") {
        headings.push({ level: Number(before.tag.slice(1)), text: plain(block.children), line });
      }
      links.push(...linksOf(block.children).map((link) => ({ ...link, line })));
    }
    return { headings, links };
  },
});

function plain(tokens) {
  return tokens.map((token) => (token.children ? plain(token.children) : token.content || (token.type.endsWith("break") ? " " : ""))).join("");
}

/** The links of a paragraph: what stands between each opening and its end. */
function linksOf(tokens) {
  const links = [];
  for (const [at, token] of tokens.entries()) {
    if (token.type !== "link_open") continue;
    const end = tokens.findIndex((other, index) => index > at && other.type === "link_close");
    links.push({ text: plain(tokens.slice(at + 1, end)), url: token.attrGet("href") });
  }
  return links;
}
