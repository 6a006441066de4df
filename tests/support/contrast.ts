/** Contrast as WCAG 2 defines it. */

type Color = readonly [red: number, green: number, blue: number];

/** The parts of `#rgb` or `#rrggbb`, 0 to 255. */
export function colorOf(hex: string): Color {
  const digits = hex.slice(1).length === 3 ? hex.slice(1).replaceAll(/./g, "$&$&") : hex.slice(1);
  const [red, green, blue] = [0, 2, 4].map((at) => parseInt(digits.slice(at, at + 2), 16));
  return [red!, green!, blue!];
}

/** A color under a film of another one. */
export function under(color: Color, film: Color, opacity: number): Color {
  const mixed = (at: 0 | 1 | 2): number => (1 - opacity) * color[at] + opacity * film[at];
  return [mixed(0), mixed(1), mixed(2)];
}

function luminance(color: Color): number {
  const [red, green, blue] = color.map((part) => {
    const share = part / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

/** The contrast of two colors, 1 to 21. */
export function contrast(a: Color, b: Color): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light! + 0.05) / (dark! + 0.05);
}
