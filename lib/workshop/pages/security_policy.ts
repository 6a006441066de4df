/**
 * What a page may do, whatever stands on it: the scripts and styles that are its own, by their hashes, and pictures and fonts that it
 * carries. A browser refuses all else, so that a hole in the sanitizer is no hole in the page.
 */

/**
 * A page's content security policy.
 *
 * @param scripts The page's scripts, each as it stands between its tags.
 * @param styles The page's style sheets, likewise.
 * @returns The policy; attributes named `style` are allowed, since formulas are set with them, and can load nothing.
 */
export async function securityPolicy(
  scripts: readonly string[],
  styles: readonly string[],
): Promise<string> {
  return [
    "default-src 'none'",
    `script-src ${await sources(scripts)}`,
    "style-src 'unsafe-inline'", // where a browser does not know the next two
    `style-src-elem ${await sources(styles)}`,
    "style-src-attr 'unsafe-inline'",
    "img-src data:",
    "font-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

async function sources(texts: readonly string[]): Promise<string> {
  return (await Promise.all(texts.map(hashOf))).join(" ");
}

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `'sha256-${new Uint8Array(digest).toBase64()}'`;
}
