// The training that a notebook's chart shows, read from the chart.

import { assert, assertEquals } from "@std/assert";
import { checkout } from "../../../../lib/workshop/checkout.ts";
import { readNotebook } from "../../../../lib/workshop/jupyter/notebook_file.ts";
import { listNotebooks } from "../../../../lib/workshop/notebooks.ts";
import { renderNotebook } from "../../../../lib/workshop/pages/render.ts";
import { readExperiment } from "../../../../lib/workshop/web/laboratory/address.ts";
import { initialExperiment } from "../../../../lib/workshop/web/laboratory/choices.ts";
import { chartTrial } from "../../../../lib/workshop/web/notebook/chart_trial.ts";

/** A chart with lines of these names. */
const chart = (x: string, y: string, words: string, ...names: string[]) => ({
  url: "",
  alternative: words,
  marks: { size: [1, 1], x, y, series: names.map((name) => ({ name, points: "" })) },
});

const loss = "Validation loss (nats per token)";

Deno.test("a chart's words tell variants, gates, depth, rate and warm-up", () => {
  const cases: [ReturnType<typeof chart>, ReturnType<typeof chartTrial>][] = [
    [
      chart("Step", loss, "Four\n8 layers, learning rate 0.003, warm-up 100", "Post-LN", "Pre-LN"),
      { variant: "post-ln,pre-ln", gpas: "no", depth: "8", rate: "0.003", warmup: "100" },
    ],
    [
      chart(
        "Step",
        loss,
        "x\n8 layers, rate 0.003",
        "DeepNorm, warm-up 50",
        "DeepNorm, no warm-up",
      ),
      { variant: "deep-norm", gpas: "no", depth: "8", rate: "0.003", warmup: "50,1" },
    ],
    [
      chart(
        "Layer",
        "Stream variance",
        "LNS beside GPAS\n12 layers, 800 AdamW steps at 0.001",
        ...["Pre-LN", "Pre-LN + GPAS", "LNS"],
      ),
      { variant: "pre-ln,lns", gpas: "yes,no", depth: "12", rate: "0.001", warmup: "1" },
    ],
    [
      chart("Layer", "‖∂L/∂W²‖", "One alone", "Pre-LN"),
      { variant: "pre-ln,post-ln", gpas: "no", warmup: "1" },
    ],
    [chart("Step", loss, "No variants", "fused", "composed"), undefined],
    [chart("Step", loss, "A variant beside none", "Pre-LN", "pre-rmsnorm"), undefined],
    [chart("Step", "|Δ loss| (nats)", "Differences", "Post-LN", "Pre-LN"), undefined],
    [chart("Learning rate", loss, "Sweep", "Post-LN", "Pre-LN"), undefined],
    [chart("Layer", "Share of the mean", "Other", "Post-LN", "Pre-LN"), undefined],
    [{ url: "", alternative: "" } as ReturnType<typeof chart>, undefined],
  ];
  for (const [picture, choices] of cases) assertEquals(chartTrial(picture), choices);
});

Deno.test("charts of the notebooks train, each with choices that the laboratory takes", async () => {
  let trained = 0;
  for (const path of await listNotebooks(`${checkout}/notebooks`)) {
    const { pictures } = renderNotebook(await readNotebook(path));
    for (const picture of pictures) {
      const choices = chartTrial(picture);
      if (choices === undefined) continue;
      trained++;
      const query = `${new URLSearchParams(choices)}`;
      const { complaints } = readExperiment(query, initialExperiment(false));
      assertEquals(complaints, [], picture.alternative);
    }
  }
  assert(trained >= 12, `${trained} charts train`);
});
