/**
 * What a page may do, whatever stands on it: the scripts and styles that are its own, by their hashes, and pictures and fonts that it
 * carries. A browser refuses all else, so that a hole in the sanitizer is no hole in the page.
 */

/** What a page that computes may do besides: run modules beside it and WebAssembly, in workers too, and read files beside it. */
const computing = {
  script: " 'self' 'wasm-unsafe-eval'",
  rules: ["worker-src 'self' blob:", "connect-src 'self'"],
} as const;

/**
 * A page's content security policy.
 *
 * @param scripts The page's scripts, each as it stands between its tags.
 * @param styles The page's style sheets, likewise.
 * @param computes Whether it has modules beside it that compute; none by default. Other hosts it reaches in no case.
 * @returns The policy; attributes named `style` are allowed, since formulas are set with them, and can load nothing.
 */
export async function securityPolicy(
  scripts: readonly string[],
  styles: readonly string[],
  computes = false,
): Promise<string> {
  return [
    "default-src 'none'",
    `script-src ${await sources(scripts)}${computes ? computing.script : ""}`,
    ...(computes ? computing.rules : []),
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
