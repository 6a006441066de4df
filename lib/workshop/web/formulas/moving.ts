// Figures of a page that move by their sliders. What draws them is loaded when one is first moved. The address holds where the sliders
// of the last one stand: `?figure=ID&NAME=VALUE…`.

import { excerpt } from "../../../core/excerpt.ts";

/** The name in the address of the figure that was moved. */
export const figureName = "figure";

/** The values that a slider can have, as they are written in an address. */
const valuesOf = (slider: HTMLInputElement): string[] => slider.dataset["values"]!.split(" ");

const valueOf = (slider: HTMLInputElement): string => valuesOf(slider)[slider.valueAsNumber]!;

class Moving {
  readonly #section: HTMLElement;
  readonly #sliders: readonly HTMLInputElement[];
  #isWaiting = false;

  constructor(section: HTMLElement) {
    this.#section = section;
    const form = section.querySelector("form")!;
    this.#sliders = [...form.querySelectorAll("input")];
    form.hidden = false;
    form.onsubmit = (event) => event.preventDefault();
    form.oninput = () => {
      history.replaceState(null, "", `${this.#query()}#${section.id}`);
      this.#show();
    };
  }

  get id(): string {
    return this.#section.id.replace("figure:", "");
  }

  #query(): string {
    const places = this.#sliders.map((one) => [one.name, valueOf(one)]);
    return `?${new URLSearchParams([[figureName, this.id], ...places])}`;
  }

  /** Says where the sliders stand, and draws the figure soon. */
  #show(): void {
    for (const slider of this.#sliders) {
      slider.setAttribute("aria-valuetext", valueOf(slider));
      slider.nextElementSibling!.textContent = valueOf(slider);
    }
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    requestAnimationFrame(() => void this.#draw());
  }

  async #draw(): Promise<void> {
    try {
      const { drawMoving } = await import("./draw_moving.ts");
      this.#isWaiting = false;
      const places = this.#sliders.map((one) => [one.name, Number(valueOf(one))]);
      drawMoving(this.id, this.#section.querySelector(".chart")!, Object.fromEntries(places));
    } catch (error) {
      this.#isWaiting = false;
      this.#say(`Cannot draw the figure: ${String(error)}`);
    }
  }

  #say(text: string): void {
    this.#section.querySelector(".notes")!.textContent = text;
  }

  /** Takes what a shared address says of the sliders. */
  take(places: URLSearchParams): void {
    const wrong: string[] = [];
    for (const [name, value] of places) {
      const slider = this.#sliders.find((one) => one.name === name);
      const at = slider === undefined ? -1 : valuesOf(slider).indexOf(value);
      if (at >= 0) slider!.value = String(at);
      else {
        const allowed = slider === undefined
          ? `sliders are ${this.#sliders.map((one) => one.name).join(", ")}`
          : `it must be one of ${valuesOf(slider).join(", ")}`;
        wrong.push(`Cannot use ${excerpt(name)} = ${excerpt(value)}: ${allowed}.`);
      }
    }
    this.#say(wrong.join(" "));
    this.#show();
    this.#section.scrollIntoView();
  }
}

/**
 * Lets the figures of this page move, as its address says.
 *
 * @returns What of the address names no figure of this page, in a sentence; undefined where nothing is wrong.
 */
export function startMoving(): string | undefined {
  const all = [...document.querySelectorAll<HTMLElement>(".moving")].map((one) => new Moving(one));
  const shared = new URLSearchParams(location.search);
  const id = shared.get(figureName);
  if (id === null) return undefined;
  shared.delete(figureName);
  const figure = all.find((one) => one.id === id);
  if (figure === undefined) return `This page has no figure ${excerpt(id)} that moves.`;
  figure.take(shared);
  return undefined;
}
