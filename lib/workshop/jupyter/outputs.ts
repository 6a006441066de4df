/**
 * From the kernel's messages to the outputs of a cell, as frontends keep them: streams merged, displays
 * updated in place, cleared when asked.
 */
import { joined, type Output } from "./notebook_file.ts";
import type { Message } from "./wire.ts";

type Content = Record<string, unknown>;

/**
 * Adds an output; printed text joins the text before it.
 *
 * @param outputs The outputs of a cell.
 * @param output The next one.
 */
function append(outputs: Output[], output: Output): void {
  const last = outputs.at(-1);
  const continues = output.output_type === "stream" && last?.output_type === "stream" &&
    last.name === output.name;
  if (continues) last.text = joined(last.text) + joined(output.text);
  else outputs.push(output);
}

/**
 * Moves a cell's error behind what the cell printed before: the kernel sends it past its queue.
 *
 * @param outputs The outputs of a cell, complete; they are reordered in place.
 */
export function errorLast(outputs: Output[]): void {
  const taken = outputs.splice(0);
  const isError = (output: Output): boolean => output.output_type === "error";
  for (const output of taken.filter((output) => !isError(output))) append(outputs, output);
  for (const output of taken.filter(isError)) outputs.push(output);
}

/** Collects the outputs of a notebook's cells, one cell after the other. */
export class OutputCollector {
  readonly #displays = new Map<string, Output[]>();
  #outputs: Output[] = [];
  #clearNext = false;

  /**
   * Starts a cell.
   *
   * @returns Its outputs, which grow as messages come.
   */
  startCell(): Output[] {
    this.#clearNext = false;
    return this.#outputs = [];
  }

  /**
   * Takes one message of the iopub channel; other kinds than outputs are ignored.
   *
   * @param message The message.
   */
  take({ header: { msg_type }, content }: Message): void {
    if (msg_type === "update_display_data") return this.#update(content);
    if (msg_type === "clear_output") {
      if (content.wait === true) this.#clearNext = true;
      else this.#outputs.length = 0;
      return;
    }
    const output = toOutput(msg_type, content);
    if (output === undefined) return;
    if (this.#clearNext) this.#outputs.length = 0;
    this.#clearNext = false;
    append(this.#outputs, output);
    const id = displayId(content);
    if (id === undefined) return;
    const shown = this.#displays.get(id);
    if (shown === undefined) this.#displays.set(id, [output]);
    else shown.push(output);
  }

  #update(content: Content): void {
    for (const output of this.#displays.get(displayId(content) ?? "") ?? []) {
      if ("data" in output) output.data = content.data as Record<string, unknown>;
    }
  }
}

function displayId(content: Content): string | undefined {
  return (content.transient as { display_id?: string } | undefined)?.display_id;
}

function toOutput(type: string, content: Content): Output | undefined {
  const data = content.data as Record<string, unknown>;
  const metadata = (content.metadata ?? {}) as Record<string, unknown>;
  switch (type) {
    case "stream":
      return {
        output_type: type,
        name: content.name as "stdout" | "stderr",
        text: content.text as string,
      };
    case "display_data":
      return { output_type: type, data, metadata };
    case "execute_result":
      return {
        output_type: type,
        data,
        metadata,
        execution_count: content.execution_count as number,
      };
    case "error":
      return {
        output_type: type,
        ename: String(content.ename),
        evalue: String(content.evalue),
        traceback: content.traceback as string[],
      };
    default:
      return undefined;
  }
}
