// Colors of pages: every text has a contrast of 4.5 with what it stands on, light and dark (WCAG 2, AA).

import { assert, assertEquals } from "@std/assert";
import hljs from "highlight.js";
import { pageStyle } from "../../../../lib/workshop/pages/page_style.ts";
import { colorOf, contrast } from "../../../support/contrast.ts";

/** The colors of a scheme by their names. */
function scheme(place: 1 | 2): Map<string, string> {
  const pairs = pageStyle.matchAll(/--(\w+): light-dark\((#\w+), (#\w+)\)/g);
  return new Map([...pairs].map((pair) => [pair[1]!, pair[place + 1]!]));
}

/** The variables that color highlighted code, by the classes. */
const highlighted = new Map(
  [...pageStyle.matchAll(/^(\.hljs-[^{]+)\{[^}]*color: var\(--(\w+)\)/gm)].flatMap((
    [, selector, name],
  ) => selector!.split(",").map((one) => [one.trim(), name!] as const)),
);

for (const [name, place] of [["light", 1], ["dark", 2]] as const) {
  Deno.test(`texts of ${name} pages have a contrast of at least 4.5`, () => {
    const colors = scheme(place);
    const texts = new Set(["ink", "soft", "accent", "red", ...highlighted.values()]);
    for (const text of texts) {
      for (const ground of ["page", "box", "mark"]) {
        const found = contrast(colorOf(colors.get(text)!), colorOf(colors.get(ground)!));
        assert(found >= 4.5, `${text} on ${ground}: ${found.toFixed(2)}`);
      }
    }
  });
}

Deno.test("links below charts can be read on their cards", () => {
  for (const [place, card] of [[1, "#ffffff"], [2, "#efeff0"]] as const) {
    assert(contrast(colorOf(scheme(place).get("cardlink")!), colorOf(card)) >= 4.5, card);
  }
});

Deno.test("highlighted code has colors of its own, all of them named", () => {
  assertEquals(highlighted.get(".hljs-comment"), "comment");
  assert(highlighted.size >= 8, [...highlighted.keys()].join());
  const { value } = hljs.highlight('// a\nconst b = "c" + 1;', { language: "typescript" });
  for (const [, word] of value.matchAll(/class="(hljs-\w+)"/g)) {
    assert(highlighted.has(`.${word}`), word);
  }
});

Deno.test("no text of a page has a color beside the named ones", () => {
  const named = pageStyle.slice(pageStyle.indexOf("}"));
  const colors = [...named.matchAll(/[^-]color: (?!var\(|inherit)([^;}]+)/g)].map(([, text]) =>
    text
  );
  assertEquals(colors, ["#1f2328"], "the tip's text, on white");
});
