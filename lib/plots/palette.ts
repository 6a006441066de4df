/**
 * The fixed look of every residual variant: color, marker, dash and label by identity.
 *
 * A style never depends on which other variants are drawn, so a variant keeps its color in every
 * chart. Each color has a contrast of at least 3 with the card, on pages in the dark too. The list is append-only; an id that is not in it is drawn in a neutral dark gray.
 */

/** How one variant is drawn and called in every chart. */
export interface VariantStyle {
  /** Name shown in charts, for example `Pre-LN + GPAS`. */
  readonly label: string;
  /** Stroke color as `#rrggbb`. */
  readonly color: string;
  /** SVG path of the marker, centered on the origin, about 7 pixels wide. */
  readonly marker: string;
  /** SVG `stroke-dasharray`, or `undefined` for a solid line. */
  readonly dash: string | undefined;
  /** Color inside the marker: the line's own, or white with GPAS. */
  readonly markerFill: string;
}

/** An id with gates: its base, and the words for what differs from the paper's gates, such as `tanh-site`. */
const gatedId = /^(.*)\+gpas(?:-(.+))?$/;

/** An id in its parts; `gates` is absent where it has none, and empty where they are the paper's. */
function partsOf(id: string): { readonly base: string; readonly gates?: string } {
  const [, base, gates = ""] = gatedId.exec(id) ?? [];
  return base === undefined ? { base: id } : { base, gates };
}

const markers = {
  circle: "M3.2,0A3.2,3.2 0 1 1 -3.2,0A3.2,3.2 0 1 1 3.2,0Z",
  square: "M-2.8,-2.8H2.8V2.8H-2.8Z",
  diamond: "M0,-4L3.4,0L0,4L-3.4,0Z",
  triangleUp: "M0,-3.8L3.6,2.6H-3.6Z",
  triangleDown: "M0,3.8L3.6,-2.6H-3.6Z",
  star: "M0,-4.2L1.1,-1.3L4,-1.3L1.7,0.5L2.5,3.4L0,1.7L-2.5,3.4L-1.7,0.5L-4,-1.3L-1.1,-1.3Z",
  hourglass: "M-3.2,-3.2H3.2L-3.2,3.2H3.2Z",
  plus: "M-3.8,0H3.8M0,-3.8V3.8",
  times: "M-3,-3L3,3M-3,3L3,-3",
  asterisk: "M0,-3.8V3.8M-3.3,-1.9L3.3,1.9M-3.3,1.9L3.3,-1.9",
  pentagon: "M0,-3.8L3.6,-1.2L2.2,3.1H-2.2L-3.6,-1.2Z",
  bar: "M-3.6,-1.6H3.6V1.6H-3.6Z",
} as const;

interface Identity {
  readonly label: string;
  readonly color: string;
  readonly marker: string;
}

const identities: ReadonlyMap<string, Identity> = new Map([
  ["post-ln", { label: "Post-LN", color: "#4269d0", marker: markers.circle }],
  ["pre-ln", { label: "Pre-LN", color: "#c27d00", marker: markers.square }],
  ["sub-ln", { label: "Sub-LN", color: "#e8452c", marker: markers.diamond }],
  ["deep-norm", { label: "DeepNorm", color: "#109b80", marker: markers.triangleUp }],
  ["sandwich-ln", { label: "Sandwich-LN", color: "#4a8a1e", marker: markers.triangleDown }],
  ["resi-dual", { label: "ResiDual", color: "#e4559b", marker: markers.star }],
  ["mix-ln", { label: "Mix-LN", color: "#a463f2", marker: markers.hourglass }],
  ["lns", { label: "LNS", color: "#1b98cf", marker: markers.plus }],
  ["lns-gain", { label: "LNS, trained gain", color: "#8a5638", marker: markers.times }],
  ["peri-ln", { label: "Peri-LN", color: "#868b94", marker: markers.asterisk }],
  ["res-post-norm", { label: "Res-Post-Norm", color: "#9a8a1f", marker: markers.pentagon }],
]);

/** Ids that have a color of their own, in the order in which charts list them. */
export const paletteIds: readonly string[] = [...identities.keys()];

/**
 * Whether an id is that of a variant with a color of its own, with gates or without.
 *
 * @param id Any id.
 * @returns Whether {@link variantStyle} knows it.
 */
export function hasOwnStyle(id: string): boolean {
  return identities.has(partsOf(id).base);
}

/**
 * The style of a variant.
 *
 * A `+gpas` suffix keeps the base's color and marker, dashes the line, hollows the marker and adds
 * `+ GPAS` to the label; gates other than the paper's (`+gpas-tanh-site`) have shorter dashes and are named there.
 *
 * @param id Registry id such as `pre-ln` or `pre-ln+gpas`, or any id of your own.
 * @returns The fixed style; neutral dark gray with the id as label where the id is unknown.
 */
export function variantStyle(id: string): VariantStyle {
  const { base, gates } = partsOf(id);
  const gated = gates !== undefined;
  const identity = identities.get(base) ??
    { label: base, color: "#45484d", marker: markers.bar };
  return {
    label: `${identity.label}${gated ? " + GPAS" : ""}${gates ? ` (${gates})` : ""}`,
    color: identity.color,
    marker: identity.marker,
    dash: gated ? gates === "" ? "5 3" : "2 2" : undefined,
    markerFill: gated ? "#ffffff" : identity.color,
  };
}

/**
 * Variant ids in the order of {@link paletteIds}, each base before its GPAS form; unknown ids keep
 * their order and come last.
 *
 * @param ids Ids in any order, repeats allowed.
 * @returns Each id once, ordered.
 */
export function orderVariants(ids: Iterable<string>): string[] {
  const rank = (id: string): number => {
    const { base, gates } = partsOf(id);
    const place = paletteIds.indexOf(base);
    const form = gates === undefined ? 0 : gates === "" ? 1 : 2;
    return place < 0 ? Infinity : 3 * place + form;
  };
  return [...new Set(ids)].sort((a, b) => rank(a) === rank(b) ? 0 : rank(a) - rank(b));
}

const arms: readonly Omit<VariantStyle, "label">[] = [
  { color: "#1b4f8f", marker: markers.circle, dash: undefined, markerFill: "#1b4f8f" },
  { color: "#11705c", marker: markers.triangleUp, dash: undefined, markerFill: "#11705c" },
  { color: "#a8321c", marker: markers.square, dash: "6 3", markerFill: "#ffffff" },
  { color: "#6b2f9c", marker: markers.diamond, dash: "2 2", markerFill: "#ffffff" },
  { color: "#7a5200", marker: markers.triangleDown, dash: "8 2 2 2", markerFill: "#7a5200" },
  { color: "#3d4450", marker: markers.star, dash: "4 2", markerFill: "#ffffff" },
];

/** How many arms of an experiment a chart can tell apart. */
export const mostArms: number = arms.length;

/**
 * The style of an arm of an experiment that is not a residual variant: darker than any variant's, with a marker and a dash of its
 * own.
 *
 * @param label The arm's name.
 * @param place Its place among the arms of the chart, from 0 to {@link mostArms} − 1.
 * @returns The style.
 */
export function armStyle(label: string, place: number): VariantStyle {
  return { ...arms[place]!, label };
}
