/**
 * Charts of training runs: rows in, one standalone SVG figure out.
 *
 * {@link lossCurves}, {@link depthProfile} and {@link gradientHeatmap} return a {@link Figure} that a
 * notebook shows when it is the last expression of a cell, and that {@link saveFigure} writes as SVG
 * or PNG. Every variant has one fixed color, marker and label; GPAS is dashed; theory is gray.
 *
 * @example Two variants
 * ```ts
 * import { lossCurves } from "@normkit/normkit/plots";
 *
 * const figure = lossCurves([
 *   { variant: "post-ln", step: 0, loss: 4.6 },
 *   { variant: "post-ln", step: 100, loss: 3.1 },
 *   { variant: "pre-ln", step: 0, loss: 4.6 },
 *   { variant: "pre-ln", step: 100, loss: 2.8 },
 * ], { title: "Pre-LN learns faster", subtitle: "6 layers, width 64" });
 * console.log(figure.description);
 * ```
 *
 * @module
 */
export { angleHeatmap, type AngleHeatmapRow } from "./angle_heatmap.ts";
export { armCurves, type ArmOptions, type ArmRow } from "./arm_curves.ts";
export type { CardOptions } from "./card.ts";
export { type DepthOptions, depthProfile, type DepthRow, type Theory } from "./depth_profile.ts";
export { Figure, type FigureBundle, jupyterDisplay } from "./figure.ts";
export {
  gradientHeatmap,
  type GradientHeatmapRow,
  type GradientOptions,
} from "./gradient_heatmap.ts";
export { histogram, type HistogramOptions, type HistogramRow } from "./histogram.ts";
export { type BarOptions, type BarRow, kernelBars } from "./kernel_bars.ts";
export { lossCurves, type LossOptions, type LossRow, type Reference } from "./loss_curves.ts";
export { orderVariants, paletteIds, type VariantStyle, variantStyle } from "./palette.ts";
export { phaseMap, type PhaseOptions, type PhaseRow } from "./phase_map.ts";
export { type PngOptions, toPng } from "./png.ts";
export { saveFigure } from "./save.ts";
export { type Prediction, sweepChart, type SweepOptions, type SweepRow } from "./sweep_chart.ts";
export { type PointOptions, type PointRow, variantPoints } from "./variant_points.ts";
export { wiringDiagram, type WiringOptions } from "./wiring_diagram.ts";
export { wiringSheet } from "./wiring_sheet.ts";
