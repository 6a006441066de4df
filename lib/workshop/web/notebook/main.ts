// A notebook's page: its figures move by their sliders, and below each chart of a training a button opens the laboratory with the
// chart's settings, and starts it. One is open at a time. The laboratory is loaded with the first click. The address holds what is open: `?chart=ID&variant=…`.

import { excerpt } from "../../../core/excerpt.ts";
import { startMoving } from "../formulas/moving.ts";
import type { Laboratory } from "../laboratory/laboratory.ts";
import { sayAtTop } from "../notes.ts";

/** A chart's button, and what it opens. */
interface Trial {
  /** The cell of the chart. */
  readonly id: string;
  readonly button: HTMLButtonElement;
  /** The chart's settings, as the query of an address. */
  readonly query: string;
  /** The panel, while it is open. */
  panel?: HTMLElement;
  laboratory?: Laboratory;
}

/** The name in the address of the cell whose chart trains. */
const place = "chart";

function remember(trial: Trial, query: string): void {
  const name = `${place}=${encodeURIComponent(trial.id)}`;
  history.replaceState(null, "", `?${name}&${query.slice(1)}#${trial.button.closest(".cell")!.id}`);
}

function close(trial: Trial): void {
  trial.laboratory?.close();
  trial.panel?.remove();
  delete trial.panel;
  delete trial.laboratory;
  trial.button.ariaExpanded = "false";
}

/** Opens a chart's panel with choices, which are folded away where they are to train at once. */
async function open(trial: Trial, query: string, isFolded: boolean): Promise<void> {
  for (const other of trials) close(other);
  const panel = document.createElement("section");
  panel.className = "panel";
  panel.ariaLabel = trial.button.textContent;
  panel.innerHTML = '<p role="status">Loading</p>';
  trial.button.parentElement!.after(panel);
  trial.panel = panel;
  trial.button.ariaExpanded = "true";
  try {
    const { Laboratory } = await import("../laboratory/laboratory.ts");
    if (trial.panel !== panel) return; // closed meanwhile
    trial.laboratory = new Laboratory(panel, {
      ...{ query, isFolded },
      onChoose: (query) => remember(trial, query),
    });
  } catch (error) {
    panel.textContent = `Cannot load what trains: ${String(error)}`;
  }
}

async function toggle(trial: Trial): Promise<void> {
  if (trial.panel !== undefined) {
    close(trial);
    history.replaceState(null, "", location.href.replace(/\?[^#]*/, ""));
    return;
  }
  await open(trial, trial.query, true);
  trial.laboratory?.start();
}

/** Puts a button in the place of a chart's link. */
function trialOf(link: HTMLAnchorElement): Trial {
  const button = document.createElement("button");
  button.type = "button";
  button.className = link.className;
  button.textContent = link.textContent;
  button.ariaExpanded = "false";
  const id = link.closest(".cell")!.id.replace(/^cell-id=/, "");
  const trial: Trial = { id, button, query: new URL(link.href).search };
  button.onclick = () => void toggle(trial);
  link.replaceWith(button);
  return trial;
}

const trials = [...document.querySelectorAll<HTMLAnchorElement>(".trial > a")].map(trialOf);

/** Opens what a shared address names. */
async function openShared(): Promise<void> {
  const shared = new URLSearchParams(location.search);
  const id = shared.get(place);
  if (id === null) return;
  shared.delete(place);
  const trial = trials.find((one) => one.id === id);
  if (trial === undefined) return sayAtTop(`This page has no chart ${excerpt(id)} that trains.`);
  await open(trial, `${trial.query}&${shared}`, false);
  trial.panel?.scrollIntoView({ block: "center" });
}

void openShared();
const wrong = startMoving();
if (wrong !== undefined) sayAtTop(wrong);
