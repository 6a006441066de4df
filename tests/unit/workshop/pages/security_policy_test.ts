// The policy of every page: its own scripts and styles by their hashes, and nothing else.

import { assert, assertEquals } from "@std/assert";
import { parseHTML } from "linkedom";
import { notebookPage } from "../../../../lib/workshop/pages/page.ts";
import { code, notebook, prose } from "../jupyter/notebooks.ts";

const chart = {
  ...code("1"),
  outputs: [{
    output_type: "display_data" as const,
    data: { "image/png": "AAAA", "text/plain": "A chart" },
    metadata: {},
  }],
};

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `'sha256-${new Uint8Array(digest).toBase64()}'`;
}

Deno.test("a page's policy names each of its scripts and styles, and comes before them", async () => {
  for (const cells of [[prose("# A")], [prose("# $x$"), chart]]) {
    const html = await notebookPage(notebook(...cells));
    const { document } = parseHTML(html);
    const meta = document.querySelector('meta[http-equiv="Content-Security-Policy"]')!;
    const policy = new Map(
      meta.getAttribute("content")!.split("; ").map((rule) => {
        const [name, ...sources] = rule.split(" ");
        return [name!, sources];
      }),
    );
    const within = async (tag: "script" | "style"): Promise<string[]> =>
      await Promise.all(
        [...html.matchAll(new RegExp(`<${tag}>([^]*?)</${tag}>`, "g"))].map(([, text]) =>
          hashOf(text!)
        ),
      );
    assertEquals(policy.get("script-src"), await within("script"));
    assertEquals(policy.get("style-src-elem"), await within("style"));
    assertEquals(policy.get("default-src"), ["'none'"]);
    for (const name of ["base-uri", "form-action"]) assertEquals(policy.get(name), ["'none'"]);
    for (const name of ["img-src", "font-src"]) assertEquals(policy.get(name), ["data:"]);
    assert(html.indexOf("Content-Security-Policy") < html.search(/<(?:script|style|link)/));
  }
});
