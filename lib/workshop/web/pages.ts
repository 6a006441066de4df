// The pages that compute, with the modules, the text and the WebAssembly that they load: files for any file server.

import { mobyDickText } from "../../data/moby_dick.ts";
import { checkout } from "../checkout.ts";
import { bundle } from "../bundle.ts";
import { convertPage } from "./convert/page.ts";
import type { PageNotes } from "./frame.ts";
import { galleryPage } from "./gallery/page.ts";
import { laboratoryPage } from "./laboratory/page.ts";
import { textFile, textLength } from "./laboratory/text.ts";

/** The folder of what pages load. */
export const appFolder = "app";

/** The pages' modules and their workers, by name. */
const modules = {
  laboratory: "laboratory/main.ts",
  laboratory_worker: "laboratory/worker.ts",
  notebook: "notebook/main.ts",
  convert: "convert/main.ts",
  convert_worker: "convert/worker.ts",
};

/**
 * Makes the pages.
 *
 * @param notes What stands at their foot.
 * @returns The content of each file by its name.
 */
export async function buildPages(notes: PageNotes): Promise<Map<string, string | Uint8Array>> {
  const entries = Object.entries(modules).map(([name, path]) =>
    [name, `${checkout}/lib/workshop/web/${path}`] as const
  );
  const { files } = await bundle(Object.fromEntries(entries));
  const text = (await mobyDickText()).slice(0, textLength);
  return new Map<string, string | Uint8Array>([
    ["laboratory.html", await laboratoryPage(notes)],
    ["gallery.html", await galleryPage(notes)],
    ["convert.html", await convertPage(notes)],
    ...[...files].filter(([, bytes]) => bytes.length > 0).map(([name, bytes]) =>
      [`${appFolder}/${name}`, bytes] as const
    ),
    [`${appFolder}/${textFile.slice(2)}`, text],
  ]);
}
