// The laboratory in an element of a page: two designs train side by side, each in a worker, and are watched while they do.

import { type PageWorker, startWorker } from "../page_side.ts";
import { chartWidth, showFigure } from "../figure_view.ts";
import { queryOf, readExperiment } from "./address.ts";
import { chartsOf, numbersOf, type Runs, stylesOf } from "./charts.ts";
import { type Experiment, initialExperiment } from "./choices.ts";
import { fillForm, formQuery, laboratoryHtml } from "./form.ts";
import type { Order, Report } from "./messages.ts";
import { after, newRun } from "./run.ts";

/** Milliseconds between two drawings of the charts. */
const pause = 300;

/** What a laboratory begins with. */
export interface LaboratoryOptions {
  /** Choices as the query of an address; a later one of a name goes before an earlier one. */
  readonly query: string;
  /** Whether the form's choices are folded away; they stand open by default. */
  readonly isFolded?: boolean;
  /** Is told the choices, as a query, whenever they change. */
  readonly onChoose: (query: string) => void;
}

const isOver = (of: Runs): boolean =>
  of.every(({ state }) => state === "ended" || state === "failed");

/** How the runs are, a line each. */
function statusOf(of: Runs): string {
  const words = of.map(({ state, device, message, style: { label } }) => {
    if (state === "waiting") return `${label}: loading`;
    if (state === "training") return `${label}: training on ${device}`;
    const why = message === undefined ? "" : `. ${message}`;
    return `${label}: ${state === "ended" ? `ended, on ${device}` : "failed"}${why}`;
  });
  return words.join("\n");
}

/** Two designs, the form in which they are chosen, and what is seen of them. */
export class Laboratory {
  readonly #root: HTMLElement;
  readonly #form: HTMLFormElement;
  readonly #onChoose: (query: string) => void;
  readonly #workers: PageWorker<Order>[] = [];
  #experiment: Experiment;
  #runs: Runs | undefined;
  #runNumber = 0;
  #drawing: ReturnType<typeof setTimeout> | undefined;

  /**
   * Shows the form with its choices; nothing trains yet.
   *
   * @param root Where the laboratory stands; what is in it is replaced.
   * @param options What it begins with.
   */
  constructor(root: HTMLElement, { query, isFolded = false, onChoose }: LaboratoryOptions) {
    this.#root = root;
    root.innerHTML = laboratoryHtml(isFolded);
    this.#form = this.#find<HTMLFormElement>("form");
    this.#onChoose = onChoose;
    const isSmall = innerWidth < 700 || navigator.hardwareConcurrency < 4;
    const { experiment, complaints } = readExperiment(query, initialExperiment(isSmall));
    this.#experiment = experiment;
    fillForm(this.#form, experiment);
    this.#complain(complaints);
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      this.start();
    };
    this.#form.onchange = () => void this.#takeForm();
    this.#find(".stop").onclick = () => this.#workers.forEach((one) => one.order({ kind: "stop" }));
  }

  /** Trains what the form says, unless a choice is not allowed. */
  start(): void {
    if (!this.#takeForm()) return;
    const styles = stylesOf(this.#experiment);
    const { designs, shared } = this.#experiment;
    const run = ++this.#runNumber;
    this.#runs = designs.map((design, at) => newRun(design, styles[at]!)) as unknown as Runs;
    this.#find(".results").hidden = false;
    this.#find(".save").hidden = true;
    this.#find<HTMLButtonElement>(".stop").disabled = false;
    this.#sayStatus(this.#runs);
    designs.forEach((design, side) =>
      this.#worker(side).order({ kind: "train", run, design, shared })
    );
  }

  /** Ends what trains, and frees it. */
  close(): void {
    clearTimeout(this.#drawing);
    this.#runs = undefined;
    for (const worker of this.#workers) worker.end();
    this.#workers.length = 0;
  }

  #find<E extends HTMLElement>(selector: string): E {
    return this.#root.querySelector<E>(selector)!;
  }

  #complain(complaints: readonly string[]): void {
    this.#find(".notes").replaceChildren(...complaints.map((text) => {
      const line = document.createElement("p");
      line.textContent = text;
      return line;
    }));
  }

  /** Takes the form's choices, unless one is not allowed. */
  #takeForm(): boolean {
    const { experiment, complaints } = readExperiment(formQuery(this.#form), this.#experiment);
    this.#complain(complaints);
    if (complaints.length > 0) return false;
    this.#experiment = experiment;
    this.#onChoose(queryOf(experiment));
    return true;
  }

  /** Says how the runs are, where that has changed: a status is read out. */
  #sayStatus(runs: Runs): void {
    const [status, text] = [this.#find(".status"), statusOf(runs)];
    if (status.innerText !== text) status.innerText = text;
  }

  /** The worker of a side, started when it is first asked for. */
  #worker(side: number): PageWorker<Order> {
    return this.#workers[side] ??= startWorker<Order, Report>("./laboratory_worker.js", {
      onReport: (report) => this.#take(side, report),
      onFailure: (message) => this.#take(side, { run: this.#runNumber, kind: "failed", message }),
    });
  }

  /** Takes what a worker told of the run that is under way. */
  #take(side: number, { run, ...told }: Report): void {
    if (this.#runs === undefined || run !== this.#runNumber) return;
    if (told.kind === "failed") this.#workers[side]?.end(); // its device may be lost, its memory full
    const runs = this.#runs.map((one, at) => at === side ? after(one, told) : one);
    this.#runs = runs as unknown as Runs;
    this.#drawing ??= setTimeout(() => this.#draw(), pause);
  }

  #draw(): void {
    this.#drawing = undefined;
    const runs = this.#runs;
    if (runs === undefined) return;
    this.#sayStatus(runs);
    this.#writeNumbers(runs);
    const holders = [...this.#root.querySelectorAll<HTMLElement>(".charts .chart")];
    const charts = chartsOf(runs, this.#experiment.shared, chartWidth(holders[0]!));
    for (const holder of holders) {
      const figure = charts[holder.dataset["shows"] as keyof typeof charts];
      if (figure !== undefined) showFigure(holder, figure, isOver(runs));
    }
    this.#find<HTMLButtonElement>(".stop").disabled = isOver(runs);
    if (isOver(runs)) this.#offerNumbers(runs);
  }

  /** Writes the numbers of both runs into the table. */
  #writeNumbers(runs: Runs): void {
    const [a, b] = runs.map((run) => Object.values(numbersOf(run)));
    const names = Object.keys(numbersOf(runs[0]));
    this.#find(".numbers").innerHTML = names.map((name, at) =>
      `<tr><th scope="row">${name}</th><td>${a![at]}</td><td>${b![at]}</td></tr>`
    ).join("");
  }

  /** Offers what was seen as a file. */
  #offerNumbers(of: Runs): void {
    const runs = of.map(({ style: { label }, state: _, message: __, ...seen }) => ({
      label,
      ...seen,
    }));
    const text = JSON.stringify({ experiment: this.#experiment, runs });
    const save = this.#find<HTMLAnchorElement>(".save");
    save.href = `data:application/json;charset=utf-8,${encodeURIComponent(text)}`;
    save.hidden = false;
  }
}
