// Claims as notebooks state them: a table for readers, data for the generator, refusals with reasons.

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type Claim, claim, jupyterDisplay } from "@normkit/normkit/notebook";
import { claimType, type Verdict, verdicts } from "../../../lib/notebook/claims.ts";

const one: Claim = {
  id: "xiong-warmup",
  paper: "Xiong et al. 2020",
  claim: "Without warm-up Post-LN fails where $x + f(x)$ trains",
  setting: "8 layers | 3 seeds",
  ours: 0.57512,
  spread: 0.01234567,
  papers: "34.2 against 33.0 BLEU",
  verdict: "reproduced",
};

Deno.test("claim() shows a table row with both numbers and the verdict", () => {
  const bundle = claim(one)[jupyterDisplay]();
  assertEquals(
    bundle["text/markdown"],
    "| paper | claim | paper's number | ours | setting | verdict |\n" +
      "| --- | --- | --- | --- | --- | --- |\n" +
      "| Xiong et al. 2020 | Without warm-up Post-LN fails where $x + f(x)$ trains | 34.2 against 33.0 BLEU | " +
      "0.5751 (0.01235) | 8 layers \\| 3 seeds | **reproduced** |",
  );
  assertEquals(bundle["text/plain"], bundle["text/markdown"]);
});

Deno.test("claim() leaves the claims themselves in the output", () => {
  const other: Claim = { ...one, id: "other", verdict: "contradicted" };
  assertEquals(claim(one, other)[jupyterDisplay]()[claimType], [one, other]);
});

Deno.test("claim() takes each verdict, and a claim without spread and paper's number", () => {
  const { spread: _spread, papers: _papers, ...bare } = one;
  for (const verdict of Object.keys(verdicts) as Verdict[]) {
    const text = claim({ ...bare, verdict })[jupyterDisplay]()["text/markdown"];
    assertStringIncludes(String(text), `| 0.5751 | 8 layers \\| 3 seeds | **${verdict}** |`);
  }
});

Deno.test("claim() refuses what readers could not use", () => {
  const refused = (change: Record<string, unknown>, message: string): void => {
    assertThrows(() => claim({ ...one, ...change }), RangeError, message);
  };
  refused({ id: "Xiong Warmup" }, "lower case");
  refused({ id: "" }, "lower case");
  refused({ paper: " " }, "its paper is blank");
  refused({ claim: "" }, "its claim is blank");
  refused({ setting: "\n" }, "its setting is blank");
  refused({ ours: NaN }, "its ours is NaN");
  refused({ ours: "" }, "its ours is blank");
  refused({ spread: Infinity }, "its spread is Infinity");
  refused({ papers: " " }, "its papers is blank");
  refused({ verdict: "proved" }, 'its verdict is "proved"');
  assertThrows(() => claim(), RangeError, "at least one");
  assertThrows(() => claim(one, one), RangeError, "twice");
});

Deno.test("claim() looks at each claim once, however many there are", () => {
  let reads = 0;
  const claims = Array.from({ length: 300 }, (_, index): Claim => ({
    ...one,
    get id() {
      reads++;
      return `claim-${index}`;
    },
  }));
  claim(...claims);
  assertEquals(reads < 10 * claims.length, true, `${reads} reads`);
});
