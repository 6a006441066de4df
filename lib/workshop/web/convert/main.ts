// The page that converts: files in, an inspection, and for each target the converted files with their certificate.

import { startWorker } from "../page_side.ts";
import { droppedFiles, pickedFiles } from "./given_files.ts";
import type { GivenFile, Offer, Order, Report } from "./messages.ts";

const find = <E extends HTMLElement>(selector: string): E => document.querySelector<E>(selector)!;
const [status, notes, place] = [find(".status"), find(".notes"), find("#place")];
const [inspection, offers, certificate] = [
  find("#inspection"),
  find(".offers"),
  find("#certificate"),
];
const saveAll = find<HTMLButtonElement>("#save-all");
const [downloads, opened, converted] = [find("#downloads"), find("#opened"), find("#converted")];

/** Addresses of files that are offered; they are let go when others come. */
let addresses: string[] = [];

const { order } = startWorker<Order, Report>("./convert_worker.js", {
  onReport: take,
  onFailure: (message) => {
    opened.hidden = converted.hidden = true; // the model was in the worker
    fail(message);
  },
});

function say(text: string): void {
  status.textContent = text;
  notes.textContent = "";
}

function fail(message: string): void {
  status.textContent = "";
  notes.textContent = message;
  setBusy(false);
}

/** While the worker is busy, nothing else can be asked for. */
function setBusy(isBusy: boolean): void {
  for (const button of offers.querySelectorAll("button")) button.disabled = isBusy;
}

function open(files: readonly GivenFile[]): void {
  opened.hidden = converted.hidden = true;
  if (files.length === 0) {
    return fail(
      "There are no files: drop a folder, or pick its files. Of a folder of links, as Hugging Face's cache has them, " +
        "browsers give none: drop a copy that holds the files, made with cp -rL.",
    );
  }
  say(`Reading ${files.length} ${files.length === 1 ? "file" : "files"}`);
  order({ kind: "open", files });
}

/** A target as a button, or with the reason why it is none. */
function offerElement({ to, reason }: Offer): HTMLElement {
  const line = document.createElement("li");
  if (reason !== undefined) {
    line.textContent = `${to}: not possible. ${reason}`;
    return line;
  }
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = `Convert to ${to}`;
  button.onclick = () => {
    converted.hidden = true;
    setBusy(true);
    say(`Converting to ${to}`);
    order({ kind: "convert", to });
  };
  line.append(button);
  return line;
}

/** A file to be saved. */
function downloadElement({ path, content }: GivenFile): HTMLElement {
  const address = URL.createObjectURL(content);
  addresses.push(address);
  const [line, link] = [document.createElement("li"), document.createElement("a")];
  link.href = address;
  link.download = path;
  link.textContent = path;
  line.append(link, ` ${content.size.toLocaleString("en")} bytes`);
  return line;
}

/** A folder that the user has picked, as some browsers have it. */
interface PickedFolder {
  getFileHandle(name: string, options: { readonly create: true }): Promise<{
    createWritable(): Promise<WritableStream>;
  }>;
}

/** Offers to save all files into a folder, where the browser can. */
function offerFolder(files: readonly GivenFile[]): void {
  const { showDirectoryPicker } = globalThis as {
    showDirectoryPicker?: (options: { readonly mode: "readwrite" }) => Promise<PickedFolder>;
  };
  if (showDirectoryPicker === undefined) return;
  saveAll.hidden = false;
  saveAll.onclick = async () => {
    try {
      const folder = await showDirectoryPicker({ mode: "readwrite" });
      for (const { path, content } of files) {
        const file = await folder.getFileHandle(path, { create: true });
        await content.stream().pipeTo(await file.createWritable());
      }
      say(`Saved ${files.length} files.`);
    } catch (error) {
      fail(`Cannot save the files: ${String(error)}`);
    }
  };
}

function take(report: Report): void {
  switch (report.kind) {
    case "opened":
      say("The model is open.");
      inspection.textContent = report.inspection;
      offers.replaceChildren(...report.offers.map(offerElement));
      opened.hidden = false;
      break;
    case "progress":
      say(
        report.done < report.total
          ? `Writing: ${Math.floor(100 * report.done / report.total)} %`
          : "Comparing what was written with its source",
      );
      break;
    case "converted":
      say(
        report.passed
          ? "Converted: the certificate has passed."
          : "Converted: the certificate has NOT passed.",
      );
      for (const address of addresses) URL.revokeObjectURL(address);
      addresses = [];
      downloads.replaceChildren(...report.files.map(downloadElement));
      offerFolder(report.files);
      certificate.textContent = [report.certificate, ...report.notes].join("\n");
      converted.hidden = false;
      setBusy(false);
      break;
    case "failed":
      fail(report.message);
  }
}

status.textContent = "";
place.ondragover = (event) => {
  event.preventDefault();
  place.classList.add("over");
};
place.ondragleave = () => place.classList.remove("over");
place.ondrop = (event) => {
  event.preventDefault();
  place.classList.remove("over");
  droppedFiles(event.dataTransfer!).then(open, (error) => fail(String(error)));
};
for (const input of place.querySelectorAll("input")) {
  input.onchange = () => {
    open(pickedFiles(input));
    input.value = ""; // so that the same folder can be picked again
  };
}
