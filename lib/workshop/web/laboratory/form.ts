// The laboratory as HTML, and its form: the choices of an experiment as controls.

import { escapeHtml } from "../../pages/html.ts";
import { type Choice, designChoices, type Experiment, sharedChoices } from "./choices.ts";

/** One choice as a control with its words. */
function control(name: string, choice: Choice): string {
  const { label, initial } = choice;
  const words = `<span>${escapeHtml(label)}</span>`;
  if (choice.kind === "word") {
    const options = Object.entries(choice.words).map(([word, text]) =>
      `<option value="${word}"${word === initial ? " selected" : ""}>${escapeHtml(text)}</option>`
    );
    return `<label>${words}<select name="${name}">${options.join("")}</select></label>`;
  }
  const step = choice.kind === "whole" ? "1" : "any";
  return `<label>${words}<input name="${name}" type="number" value="${initial}" min="${choice.min}" max="${choice.max}" step="${step}" inputmode="decimal"></label>`;
}

const controls = (choices: Readonly<Record<string, Choice>>): string =>
  Object.entries(choices).map(([name, choice]) => control(name, choice)).join("\n");

/** The controls of both designs and of what they have in common, as HTML. */
function choicesHtml(): string {
  return [
    ...["A", "B"].map((name) =>
      `<fieldset class="design"><legend>Design ${name}</legend>\n${
        controls(designChoices)
      }\n</fieldset>`
    ),
    `<fieldset class="shared"><legend>Both</legend>\n${controls(sharedChoices)}\n</fieldset>`,
  ].join("\n");
}

/**
 * The laboratory before anything has trained, as HTML: its form, its messages, and the places of charts and numbers.
 *
 * @param isFolded Whether the choices are folded away.
 */
export function laboratoryHtml(isFolded: boolean): string {
  const charts = ["loss", "variance", "gradient"].map((name) =>
    `<figure class="chart" data-shows="${name}"></figure>`
  );
  return `<form autocomplete="off" novalidate>
<details${isFolded ? "" : " open"}><summary>Designs and settings</summary>
<div class="choices">
${choicesHtml()}
</div></details>
<p class="actions"><button type="submit">Start</button><button type="button" class="stop" disabled>Stop</button></p>
</form>
<div class="notes" role="alert"></div>
<p class="status" role="status"></p>
<section class="results" aria-label="What is seen" hidden>
<div class="charts">
${charts.join("\n")}
<div class="scroll"><table><thead><tr><th scope="col">Number</th><th scope="col">Design A</th><th scope="col">Design B</th></tr></thead>
<tbody class="numbers"></tbody></table>
<p><a class="button save" download="normkit-laboratory.json" hidden>Save the numbers</a></p></div>
</div>
</section>`;
}

type Control = HTMLSelectElement | HTMLInputElement;

/** The controls of a part of the form. */
const controlsIn = (part: Element): Control[] => [
  ...part.querySelectorAll<Control>("select, input"),
];

/** The parts of the form: both designs, and what they have in common. */
function partsOf(form: HTMLFormElement): [designs: Element[], shared: Element] {
  return [[...form.querySelectorAll(".design")], form.querySelector(".shared")!];
}

/**
 * Shows an experiment in the form.
 *
 * @param form The form.
 * @param experiment The experiment.
 */
export function fillForm(form: HTMLFormElement, { designs, shared }: Experiment): void {
  const [parts, common] = partsOf(form);
  const fill = (part: Element, values: object): void => {
    for (const one of controlsIn(part)) {
      one.value = String((values as Record<string, unknown>)[one.name]);
    }
  };
  parts.forEach((part, at) => fill(part, designs[at]!));
  fill(common, shared);
}

/**
 * What stands in the form, as the query of an address.
 *
 * @param form The form.
 * @returns The query, whatever was typed.
 */
export function formQuery(form: HTMLFormElement): string {
  const [parts, common] = partsOf(form);
  const designs = parts.map(controlsIn);
  const query = new URLSearchParams();
  designs[0]!.forEach(({ name, value }, at) => {
    query.set(name, `${value.replaceAll(",", ".")},${designs[1]![at]!.value.replaceAll(",", ".")}`);
  });
  for (const { name, value } of controlsIn(common)) query.set(name, value);
  return query.toString();
}
