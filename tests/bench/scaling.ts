// How the cost of a training step grows with depth, width and tokens: fused, without norms, composed, and in PyTorch.

import { type ModelSize, modelSize } from "./contestants/batch.ts";
import { run } from "./group.ts";
import { normkitModels } from "./models.ts";
import type { Session } from "./session.ts";

/** Each series changes one number of a small decoder. */
const series: Readonly<Record<string, readonly ModelSize[]>> = {
  depth: [2, 4, 8, 12].map((depth) => modelSize({ width: 128, depth, rows: 4 })),
  width: [64, 128, 256, 512].map((width) => modelSize({ width, depth: 4, rows: 4 })),
  rows: [1, 4, 16, 64].map((rows) => modelSize({ width: 128, depth: 4, rows })),
};

/** Times training steps along each series. */
export async function runScaling(session: Session): Promise<void> {
  const { quick, torch } = session;
  for (const [along, sizes] of Object.entries(series)) {
    for (const size of quick ? sizes.slice(0, 2) : sizes) {
      await run(session, {
        facts: { along, ...size },
        tokens: size.rows * size.tokens,
        baselines: ["Pre-LN, fused", "Pre-LN, composed"],
        contestants: [
          ...normkitModels("training", size, "fused", ["Pre-LN", "no norm"]),
          ...torch.contestants("training", { what: "model", size }, "Pre-LN, ").slice(0, 1),
          ...normkitModels("training", size, "composed", ["Pre-LN"]),
        ],
      });
    }
  }
}
