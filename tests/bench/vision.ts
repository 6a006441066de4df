// Jiang et al.'s vision Transformers: a forward pass of Pre-LN, Pre-RMSNorm, Pre-CRMSNorm and a twin without norms, fused and composed.

import { type ModelName, models } from "./contestants/normkit_model.ts";
import { visionRunner, type VisionSize } from "./contestants/vision_model.ts";
import { run } from "./group.ts";
import { type Session, sizesFor } from "./session.ts";

/** ViT-Ti/16 on an image of 224 × 224 pixels, and a narrower one on a batch. */
const sizes: readonly VisionSize[] = [
  { width: 192, depth: 12, heads: 3, imageSize: 224, patchSize: 16, rows: 1 },
  { width: 64, depth: 12, heads: 2, imageSize: 64, patchSize: 8, rows: 16 },
];

/** Times vision Transformers of several sizes. */
export async function runVision(session: Session): Promise<void> {
  for (const size of sizesFor(session, sizes)) {
    await run(session, {
      facts: { ...size },
      baselines: ["Pre-LN, fused", "no norm, fused", "Pre-LN, composed"],
      contestants: (["fused", "composed"] as const).flatMap((kernels) =>
        (Object.keys(models) as ModelName[]).map((name) => ({
          task: "inference",
          name: `${name}, ${kernels}`,
          kernels,
          setup: () => visionRunner(name, size),
        }))
      ),
    });
  }
}
