// What messages show of values that may be of any length.

/** The most characters of a value in a message. */
const most = 80;

/**
 * The start of a text.
 *
 * @param text The text, of any length.
 * @returns It, or its first 80 characters with an ellipsis.
 */
export function cut(text: string): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/**
 * A text for a message: quoted, and cut where it is long.
 *
 * @param text The text, of any length.
 * @returns At most some 80 characters.
 */
export function excerpt(text: string): string {
  return JSON.stringify(cut(text));
}
