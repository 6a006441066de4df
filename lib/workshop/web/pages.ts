// The pages that compute, with the modules, the text and the WebAssembly that they load: files for any file server.

import { readdir } from "node:fs/promises";
import { basename } from "node:path";
import { mobyDickText } from "../../data/moby_dick.ts";
import { exists } from "../../platform/files.ts";
import { readTextFile } from "../../platform/text_file.ts";
import { checkout } from "../checkout.ts";
import { bundle } from "../bundle.ts";
import { readRuns } from "../../train/read_runs.ts";
import { figures } from "../figures/registry.ts";
import { convertPage } from "./convert/page.ts";
import { figuresPage, gridFile, type RecordedGrids } from "./figures/page.ts";
import type { PageNotes } from "./frame.ts";
import { galleryPage } from "./gallery/page.ts";
import { gridsOf } from "./grids/grid.ts";
import { laboratoryPage } from "./laboratory/page.ts";
import { textFile, textLength } from "./laboratory/text.ts";

/** The folder of what pages load. */
export const appFolder = "app";

/** The pages' modules and their workers, by name. */
const modules = {
  laboratory: "laboratory/main.ts",
  laboratory_worker: "laboratory/worker.ts",
  figures: "figures/main.ts",
  notebook: "notebook/main.ts",
  convert: "convert/main.ts",
  convert_worker: "convert/worker.ts",
};

/** What was recorded on a grid: studies, and figures of notebooks, each by its folder and its title. */
async function recordedTitles(): Promise<(readonly [folder: string, title: string])[]> {
  const studies = (await readdir(`${checkout}/data/studies`)).filter((file) =>
    file.endsWith(".json")
  );
  return [
    ...await Promise.all(
      studies.toSorted().map(async (file) => {
        const { title } = JSON.parse(await readTextFile(`${checkout}/data/studies/${file}`));
        return [`studies/${basename(file, ".json")}`, String(title)] as const;
      }),
    ),
    ...figures.map(({ id, title }) => [`runs/${id}`, title] as const),
  ];
}

/**
 * What was recorded on a grid, as far as it has runs.
 *
 * @returns Studies first, then the figures of notebooks in their order.
 */
export async function recordedGrids(): Promise<RecordedGrids[]> {
  const recorded: RecordedGrids[] = [];
  for (const [folder, title] of await recordedTitles()) {
    if (!await exists(`${checkout}/data/${folder}/manifests.jsonl`)) continue;
    const grids = gridsOf(await readRuns(`${checkout}/data/${folder}`));
    if (grids.length > 0) recorded.push({ id: folder.replace("/", "-"), folder, title, grids });
  }
  return recorded;
}

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
  const recorded = await recordedGrids();
  return new Map<string, string | Uint8Array>([
    ["figures.html", await figuresPage(recorded, notes)],
    ...recorded.flatMap(({ id, grids }) =>
      grids.map((grid, at) => [gridFile(id, at), JSON.stringify(grid)] as const)
    ),
    ["laboratory.html", await laboratoryPage(notes)],
    ["gallery.html", await galleryPage(notes)],
    ["convert.html", await convertPage(notes)],
    ...[...files].filter(([, bytes]) => bytes.length > 0).map(([name, bytes]) =>
      [`${appFolder}/${name}`, bytes] as const
    ),
    [`${appFolder}/${textFile.slice(2)}`, text],
  ]);
}
