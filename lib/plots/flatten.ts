/**
 * Observable Plot's SVG tree as lines of plain SVG text.
 *
 * Drops style sheets, classes and style attributes, replaces `currentColor`, rounds coordinates to
 * two decimals and puts one element on a line, so that a figure looks the same in every viewer and
 * a change shows as a short diff.
 */
import { ink } from "./typography.ts";

const droppedAttributes = new Set(["class", "style", "id", "xmlns", "xmlns:xlink", "viewBox"]);
const textAttributes = new Set(["aria-label", "aria-description", "font-family"]);

/**
 * The children of an SVG root as lines of SVG text.
 *
 * @param root The `<svg>` that Plot returned.
 * @returns One element per line, without the root itself.
 */
export function flatten(root: Element): string[] {
  return [...root.children].filter((child) => child.localName !== "style").flatMap(elementLines);
}

/**
 * Text with the characters that XML reserves replaced, and those that XML forbids removed.
 *
 * @param text Any text.
 * @returns Text that is safe between tags and in double-quoted attributes.
 */
export function escapeXml(text: string): string {
  return text
    // deno-lint-ignore no-control-regex
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "")
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function elementLines(element: Element): string[] {
  const name = element.localName;
  const open = `<${name}${attributes(element)}`;
  if (name === "text" || element.children.length === 0) {
    const content = inlineContent(element);
    return [content === "" ? `${open}/>` : `${open}>${content}</${name}>`];
  }
  return [`${open}>`, ...[...element.children].flatMap(elementLines), `</${name}>`];
}

function inlineContent(element: Element): string {
  return [...element.childNodes].map((node) =>
    node.nodeType === 1 ? elementLines(node as Element).join("") : escapeXml(node.textContent ?? "")
  ).join("");
}

function attributes(element: Element): string {
  return [...element.attributes]
    .filter(({ name }) => !droppedAttributes.has(name))
    .map(({ name, value }) => {
      const text = textAttributes.has(name) ? value : roundNumbers(value);
      return ` ${name}="${escapeXml(text.replaceAll("currentColor", ink.text))}"`;
    })
    .join("");
}

function roundNumbers(value: string): string {
  return value.replace(
    /-?\d*\.\d+(?:e[-+]?\d+)?|-?\d+e-\d+/gi,
    (number) => String(Math.round(Number(number) * 100) / 100 + 0),
  );
}
