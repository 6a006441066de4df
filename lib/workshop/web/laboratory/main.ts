// The laboratory: two designs train side by side, each in a worker, and are watched while they do.

import { startWorker } from "../page_side.ts";
import { showFigure } from "../figure_view.ts";
import { queryOf, readExperiment } from "./address.ts";
import { chartsOf, numbersOf, type Runs, stylesOf } from "./charts.ts";
import { type Experiment, initialExperiment } from "./choices.ts";
import { fillForm, formQuery } from "./form.ts";
import type { Order, Report } from "./messages.ts";
import { after, newRun } from "./run.ts";

/** Milliseconds between two drawings of the charts. */
const pause = 300;

const find = <E extends HTMLElement>(selector: string): E => document.querySelector<E>(selector)!;
const form = find<HTMLFormElement>("#choices");
const [notes, status, numbers] = [find("#notes"), find("#status"), find("#numbers")];
const stop = find<HTMLButtonElement>("#stop");
const save = find<HTMLAnchorElement>("#save");

const isSmall = innerWidth < 700 || navigator.hardwareConcurrency < 4;
const read = readExperiment(location.search, initialExperiment(isSmall));

let experiment: Experiment = read.experiment;
let runs: Runs | undefined;
let runNumber = 0;
let drawing: ReturnType<typeof setTimeout> | undefined;
const workers: ((order: Order) => void)[] = [];

function complain(complaints: readonly string[]): void {
  notes.replaceChildren(...complaints.map((text) => {
    const line = document.createElement("p");
    line.textContent = text;
    return line;
  }));
}

const isOver = (of: Runs): boolean =>
  of.every(({ state }) => state === "ended" || state === "failed");

/** Says how the runs are, where that has changed: a status is read out. */
function sayStatus(of: Runs): void {
  const words = of.map(({ state, device, message, style: { label } }) => {
    if (state === "waiting") return `${label}: loading`;
    if (state === "training") return `${label}: training on ${device}`;
    const why = message === undefined ? "" : `. ${message}`;
    return `${label}: ${state === "ended" ? `ended, on ${device}` : "failed"}${why}`;
  });
  const text = words.join("\n");
  if (status.innerText !== text) status.innerText = text;
}

/** Writes the numbers of both runs into the table. */
function writeNumbers(of: Runs): void {
  const [a, b] = of.map((run) => Object.values(numbersOf(run)));
  const names = Object.keys(numbersOf(of[0]));
  numbers.innerHTML = names.map((name, at) =>
    `<tr><th scope="row">${name}</th><td>${a![at]}</td><td>${b![at]}</td></tr>`
  ).join("");
}

function draw(): void {
  drawing = undefined;
  if (runs === undefined) return;
  sayStatus(runs);
  writeNumbers(runs);
  const holders = [...document.querySelectorAll<HTMLElement>(".charts .chart")];
  const width = Math.round(Math.min(640, Math.max(400, holders[0]!.clientWidth)));
  const charts = chartsOf(runs, experiment.shared.steps, width);
  for (const holder of holders) {
    const figure = charts[holder.id as keyof typeof charts];
    if (figure !== undefined) showFigure(holder, figure, isOver(runs));
  }
  stop.disabled = isOver(runs);
  if (isOver(runs)) offerNumbers(runs);
}

/** Offers what was seen as a file. */
function offerNumbers(of: Runs): void {
  const numbers = of.map(({ style: { label }, state: _, message: __, ...seen }) => ({
    label,
    ...seen,
  }));
  const text = JSON.stringify({ experiment, runs: numbers });
  save.href = `data:application/json;charset=utf-8,${encodeURIComponent(text)}`;
  save.hidden = false;
}

function drawSoon(): void {
  drawing ??= setTimeout(draw, pause);
}

/** Takes what a worker told of the run that is under way. */
function take(side: number, { run, ...told }: Report): void {
  if (runs === undefined || run !== runNumber) return;
  runs = runs.map((one, at) => at === side ? after(one, told) : one) as unknown as Runs;
  drawSoon();
}

/** The worker of a side, started when it is first asked for. */
function workerOf(side: number): (order: Order) => void {
  return workers[side] ??= startWorker<Order, Report>("./laboratory_worker.js", {
    onReport: (report) => take(side, report),
    onFailure: (message) => take(side, { run: runNumber, kind: "failed", message }),
  });
}

/** Takes the form's choices, unless one is not allowed. */
function takeForm(): boolean {
  const { experiment: chosen, complaints } = readExperiment(formQuery(form), experiment);
  complain(complaints);
  if (complaints.length > 0) return false;
  experiment = chosen;
  history.replaceState(null, "", queryOf(experiment));
  return true;
}

function start(): void {
  if (!takeForm()) return;
  const styles = stylesOf(experiment);
  const { designs, shared } = experiment;
  runNumber++;
  runs = designs.map((design, at) => newRun(design, styles[at]!)) as unknown as Runs;
  find("#results").hidden = false;
  save.hidden = true;
  stop.disabled = false;
  sayStatus(runs);
  designs.forEach((design, side) =>
    workerOf(side)({ kind: "train", run: runNumber, design, shared })
  );
}

form.onsubmit = (event) => {
  event.preventDefault();
  start();
};
form.onchange = () => void takeForm();
stop.onclick = () => workers.forEach((order) => order({ kind: "stop" }));
fillForm(form, experiment);
status.textContent = "";
complain(read.complaints);
