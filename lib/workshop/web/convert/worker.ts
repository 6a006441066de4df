// The worker that opens and converts models. Files are read where they are, and what is made stays in the page until it is saved.

import { certificateText } from "../../../convert/certificate_text.ts";
import { type Target, targets } from "../../../convert/convert.ts";
import { inspect, inspectionText } from "../../../convert/inspect.ts";
import { collect } from "../../../core/collections.ts";
import { Queue } from "../../../core/queue.ts";
import { version } from "../../../core/version.ts";
import { writeConverted } from "../../../export/converted_folder.ts";
import { take } from "../../../export/steps.ts";
import { type OpenModel, openModel } from "../../../families/open.ts";
import { platform } from "../../../platform/mod.ts";
import { listFiles, mountFolder } from "../../../platform/page_folders.ts";
import { messageOf, report, takeOrders } from "../worker_side.ts";
import type { GivenFile, Order, Report } from "./messages.ts";
import { linksLeftOut, modelIn, withoutPlace } from "./model_in.ts";

/** Where the files given last lie, and the model among them. Each folder of the worker's has a number. */
let [place, model] = ["", ""];
let count = 0;

/** What the library says, with the paths that the user knows. */
const said = (text: string, made = place): string =>
  [place, made].reduce((words, folder) => withoutPlace(words, folder), text);

const tell = (told: Report): void => report(told);

async function open(files: readonly GivenFile[]): Promise<void> {
  const paths = files.map(({ path }) => path);
  const why = linksLeftOut(paths);
  if (why !== undefined) throw new RangeError(why);
  place = `/model-${++count}`;
  await mountFolder(place, files.map(({ path, content }) => [path, content]));
  model = [place, modelIn(paths)].filter((part) => part !== "").join("/");
  using opened = await openModel(model);
  const inspection = inspect(opened);
  tell({
    kind: "opened",
    inspection: said(inspectionText(inspection)),
    offers: targets.map((to) => {
      const { reason } = inspection.targets[to];
      return { to, ...(reason === undefined ? {} : { reason: said(reason) }) };
    }),
  });
}

/** Does the step that `normkit convert` does, and writes the same folder. */
async function write(source: OpenModel, to: Target): Promise<void> {
  const out = `/converted-${++count}`;
  const step = { command: "convert", to, tied: "untie", normkit: version } as const;
  const { model: made } = await take(source, step);
  const { certificate, notes } = await writeConverted(source, made, out, {
    certificate: { backend: "wasm" },
    onProgress: (done, total) => tell({ kind: "progress", done, total }),
  });
  const files = (await collect(listFiles(out))).map(([path, content]) => ({ path, content }));
  tell({
    kind: "converted",
    files: files.toSorted((a, b) => a.path < b.path ? -1 : 1),
    notes: notes.map((note) => said(note, out)),
    certificate: said(certificateText(certificate!), out),
    passed: certificate!.passed,
  });
  await platform.removeAll(out);
}

async function convert(to: Target): Promise<void> {
  using source = await openModel(model);
  await write(source, to);
}

const orders = new Queue();

takeOrders<Order>((order) => {
  const work = order.kind === "open" ? () => open(order.files) : () => convert(order.to);
  orders.run(work).catch((error) => tell({ kind: "failed", message: said(messageOf(error)) }));
});
