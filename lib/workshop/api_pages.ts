// The reference of the site: every public name with its documentation, as `deno doc --html` writes it; nothing is loaded from elsewhere.

import type { PageLink } from "./pages/page.ts";
import { checkout } from "./checkout.ts";
import config from "../../deno.json" with { type: "json" };

/** The folder of the reference. */
export const apiFolder = "api";

/** The first page of each entry point. */
export const apiPages: readonly PageLink[] = Object.keys(config.exports).map((entry) => ({
  address: entry === "." ? `${apiFolder}/index.html` : `${apiFolder}/${entry.slice(2)}/index.html`,
  html: `<code>${config.name}${entry.slice(1)}</code>`,
}));

/**
 * Writes the reference of all entry points.
 *
 * @param out The folder of the site; the reference goes into a folder of it.
 * @throws {RangeError} If `deno doc` fails; the message is its own.
 */
export async function writeApi(out: string): Promise<void> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["doc", "--html", "--quiet", "--name=normkit", `--output=${out}/${apiFolder}`],
      ...Object.values(config.exports),
    ],
    cwd: checkout,
  }).output();
  if (code !== 0) {
    throw new RangeError(`Cannot write the reference: ${new TextDecoder().decode(stderr)}`);
  }
}
