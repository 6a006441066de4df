/** Text as HTML, and back. */

/**
 * Text with HTML's special characters escaped.
 *
 * @param text Any text.
 * @returns The text, safe inside elements and attributes.
 */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(
    '"',
    "&quot;",
  );
}

/**
 * Text without the escapes of {@link escapeHtml}.
 *
 * @param text Escaped text.
 * @returns The text.
 */
export function unescapeHtml(text: string): string {
  return text.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}
