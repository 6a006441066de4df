/** Small synthetic runs and an SVG reader that the chart tests share; not a test itself. */
import { parseHTML } from "linkedom";
import type {
  AngleHeatmapRow,
  DepthRow,
  Figure,
  GradientHeatmapRow,
  LossRow,
} from "../../../lib/plots/mod.ts";

export function lossRows(variants: readonly string[], seeds = 1): LossRow[] {
  return variants.flatMap((variant, v) =>
    Array.from({ length: seeds }, (_, seed) =>
      Array.from({ length: 5 }, (_, k) => ({
        variant,
        seed,
        step: 50 * k,
        loss: 2 + v / 8 + seed / 16 + 2 ** (1 - k),
      }))).flat()
  );
}

export function depthRows(variants: readonly string[], depth = 4): DepthRow[] {
  return variants.flatMap((variant, v) =>
    Array.from({ length: depth }, (_, k) => ({
      variant,
      layer: k + 1,
      value: 0.5 * (1 + v / 4) ** (k + 1),
    }))
  );
}

export function gradientRows(variants: readonly string[], depth = 4): GradientHeatmapRow[] {
  return variants.flatMap((variant, v) =>
    Array.from(
      { length: depth },
      (_, k) =>
        ["attention.query", "mlp.in", "norm.gain"].map((parameter, p) => ({
          variant,
          layer: k + 1,
          parameter,
          norm: 0.01 * (v + 1) * 2 ** (k - p),
        })),
    ).flat()
  );
}

/** Every pair of depths of three layers; the layers turn by 0.3, 0.2 and 0.1, and seeds differ by 0.02. */
export function angleRows(variants: readonly string[], seeds = 1): AngleHeatmapRow[] {
  const turns = [0.3, 0.2, 0.1];
  const pairs = [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]] as const;
  return variants.flatMap((variant) =>
    Array.from({ length: seeds }, (_, seed) =>
      pairs.map(([from, to]) => ({
        variant,
        seed,
        from,
        to,
        value: turns.slice(from, to).reduce((sum, turn) => sum + turn) + 0.02 * seed,
      }))).flat()
  );
}

export function readSvg(figure: Figure): Element {
  return parseHTML(figure.svg).document.documentElement as unknown as Element;
}

export function texts(root: Element): string[] {
  return [...root.querySelectorAll("text")].map((node) => node.textContent ?? "");
}

/** The line end whose name is `label`: its stroke color, dash and vertical place. */
export function lineEnd(
  root: Element,
  label: string,
): { color: string | null; dash: string | null; fill: string | null; y: number } {
  const group = root.querySelector('[aria-label="line ends"]')!;
  const text = [...group.children].find((node) => node.textContent === label)!;
  const marker = text.previousElementSibling!;
  const sample = marker.previousElementSibling!;
  return {
    color: sample.getAttribute("stroke"),
    dash: sample.getAttribute("stroke-dasharray"),
    fill: marker.getAttribute("fill"),
    y: Number(text.getAttribute("y")),
  };
}
