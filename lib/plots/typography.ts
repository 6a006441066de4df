/**
 * Typeface, colors and text measures shared by every chart.
 *
 * Widths are those of Arial and its metric twins (Arimo, Liberation Sans), which browsers and the
 * PNG writer use, so that margins and line breaks hold wherever a figure is shown.
 */

/** Font stack of every figure; Arimo is the one embedded when a PNG is drawn. */
export const fontFamily = "Arimo, Arial, Helvetica, Liberation Sans, sans-serif";

/** Colors of everything that is not data. */
export const ink = {
  text: "#1f2328",
  muted: "#59616b",
  guide: "#6b7280",
  grid: "#e5e7ea",
  axis: "#868e97",
  card: "#ffffff",
} as const;

const narrow = new Set("fijlrtI.,:;|!'`()[]{}/\\- ");
const wide = new Set("mwMW@%+=<>−–—→…");
const averages = { narrow: 0.32, wide: 0.86, capital: 0.69, other: 0.557 } as const;

/**
 * Width of a line of text, in pixels; a slight overestimate for ordinary labels.
 *
 * @param text One line of text.
 * @param fontSize Font size in pixels.
 * @returns The estimated width in pixels.
 */
export function textWidth(text: string, fontSize: number): number {
  let ems = 0;
  for (const letter of text) {
    if (narrow.has(letter)) ems += averages.narrow;
    else if (wide.has(letter)) ems += averages.wide;
    else if (letter >= "A" && letter <= "Z") ems += averages.capital;
    else ems += averages.other;
  }
  return ems * fontSize;
}

/**
 * Text broken into lines at spaces, each at most `width` pixels wide where words allow it.
 *
 * @param text Text to break; runs of white space count as one space.
 * @param width Width of a line in pixels.
 * @param fontSize Font size in pixels.
 * @returns The lines, none for blank text.
 */
export function wrapText(text: string, width: number, fontSize: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    const last = lines.at(-1);
    const joined = last === undefined ? word : `${last} ${word}`;
    if (last !== undefined && textWidth(joined, fontSize) <= width) {
      lines[lines.length - 1] = joined;
    } else lines.push(shortenText(word, width, fontSize));
  }
  return lines;
}

/**
 * Text with its middle replaced by an ellipsis where it is wider than `width` pixels.
 *
 * @param text One line of text.
 * @param width Width to fit in pixels.
 * @param fontSize Font size in pixels.
 * @returns The text itself, or its two ends around an ellipsis.
 */
export function shortenText(text: string, width: number, fontSize: number): string {
  const letters = [...text];
  let shown = text;
  for (let kept = letters.length - 1; kept > 1 && textWidth(shown, fontSize) > width; kept--) {
    const head = Math.ceil(kept / 2);
    shown = `${letters.slice(0, head).join("")}…${
      letters.slice(letters.length - kept + head).join("")
    }`;
  }
  return shown;
}
