// The gallery, and the links from notebooks into the laboratory.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseHTML } from "linkedom";
import { basename } from "node:path";
import { residuals } from "../../../../lib/residual/mod.ts";
import { checkout } from "../../../../lib/workshop/checkout.ts";
import { listNotebooks } from "../../../../lib/workshop/notebooks.ts";
import { appPages } from "../../../../lib/workshop/web/frame.ts";
import { galleryPage } from "../../../../lib/workshop/web/gallery/page.ts";
import { variantWords } from "../../../../lib/workshop/web/gallery/words.ts";
import { readExperiment } from "../../../../lib/workshop/web/laboratory/address.ts";
import { initialExperiment } from "../../../../lib/workshop/web/laboratory/choices.ts";
import { trials } from "../../../../lib/workshop/web/trials.ts";

/** What the laboratory cannot use of an address. */
const complaintsOf = (address: string): readonly string[] =>
  readExperiment(address.split("?")[1] ?? "", initialExperiment(false)).complaints;

const gallery = parseHTML(await galleryPage({ made: "Made by a test." }))
  .document as unknown as Document;

Deno.test("the gallery has a card of every variant, with equation, drawing, words and a link, and one of GPAS", () => {
  const cards = [...gallery.querySelectorAll(".gallery li")];
  const titles = cards.map((card) => card.querySelector("h2")!.textContent);
  assertEquals(titles, [...residuals.map(({ label }) => label), "GPAS"]);
  assertEquals(Object.keys(variantWords), residuals.map(({ id }) => id));
  cards.forEach((card, at) => {
    const { label = "GPAS", id = "pre-ln" } = residuals[at] ?? {};
    const [drawing] = card.querySelectorAll("img");
    assertStringIncludes(drawing!.getAttribute("alt")!, at < residuals.length ? label : "GPAS");
    assert(at === residuals.length || card.querySelector(".katex") !== null, label);
    assertEquals(card.querySelectorAll("dd").length, 2);
    const address = card.querySelector("a.button")!.getAttribute("href")!;
    assertStringIncludes(address, id);
    assertEquals(complaintsOf(address), []);
  });
  assertEquals(gallery.querySelectorAll(".katex-error").length, 0);
});

Deno.test("every notebook has something to try, and each link leads to choices that there are", async () => {
  const names = (await listNotebooks(`${checkout}/notebooks`)).map((path) =>
    basename(path, ".ipynb")
  );
  assertEquals(Object.keys(trials), names);
  const pages = appPages.map(({ address }) => address);
  for (const { address, html } of Object.values(trials).flat()) {
    assert(pages.includes(address.split("?")[0]!), address);
    assertEquals(complaintsOf(address), [], html);
  }
});
