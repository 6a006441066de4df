// Events are, byte for byte, what TensorBoard's own package writes.

import { assertEquals } from "@std/assert";
import { firstEvent, restartEvent, rowEvent, settingsEvent } from "../../lib/log/events.ts";
import golden from "./events.json" with { type: "json" };

const time = 1000.5;

const events: Readonly<Record<keyof typeof golden, Uint8Array>> = {
  first: firstEvent(time),
  step: rowEvent(
    { kind: "step", step: 300, loss: 0.1, rate: Infinity, gradientNorm: NaN },
    time,
  ),
  named: rowEvent(
    { kind: "stream", name: "blocks.1.resid_pre", layer: 0, rms: 1.5, step: 2 },
    time,
  ),
  head: rowEvent(
    { kind: "attention", name: "blocks.1.attn.pattern", layer: 1, head: 3, entropy: -2.5, step: 2 },
    time,
  ),
  places: rowEvent({ kind: "angle", from: 0, to: 1, cosine: 0.25, step: 2 }, time),
  warning: rowEvent({ kind: "warning", step: 2, message: "ä gate" }, time),
  restart: restartEvent({ time, step: 12 }),
  settings: settingsEvent(
    new Map<string, string | number>([["model.norm", "rms"], ["schedule.peak", 0.001]]),
    time,
  ),
};

for (const [name, bytes] of Object.entries(events)) {
  Deno.test(`the event "${name}" has the bytes that TensorBoard writes`, () => {
    const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    assertEquals(digits, golden[name as keyof typeof golden]);
  });
}
