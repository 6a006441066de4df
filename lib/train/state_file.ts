// A state on the disk: `step-N.safetensors`, and last `step-N.json`, which names the tensors and the rows by their hashes and is hashed
// itself. A state without its JSON is none, so that a process that is killed at any moment leaves a state or none.

import { SafetensorsError } from "../checkpoint/error.ts";
import { requireInteger, requireNumber } from "../core/check.ts";
import { canonicalJson, jsonText, parseJson, reviveNumber } from "../core/json.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { Random } from "../core/random.ts";
import { version } from "../core/version.ts";
import { readParameters, writeParameters } from "../decoder/parameters.ts";
import { writeAtomically } from "../platform/files.ts";
import { requireSha256, sha256Of, sha256OfFile } from "../platform/hash.ts";
import { platform } from "../platform/mod.ts";
import { readTextFile } from "../platform/text_file.ts";
import { mostReturns } from "./divergence.ts";
import { prefixOf } from "./row_log.ts";
import { partedState, type StateNumbers, type StateTensors, type TrainingState } from "./state.ts";

/**
 * A training cannot be gone on with from what is on the disk.
 *
 * Cause: its state or its rows were damaged or changed, are of another training or of a later version, or another process is at it.
 * Remedy: go on with the settings, the data and the backend that it began with; else begin anew in another folder.
 */
export class StateError extends RangeError {
  /** The name of the class, for messages. */
  override readonly name = "StateError";
}

/** Of a state that is whole, and of another training or a newer program: the older ones are so as well, and none is to be removed. */
class ForeignStateError extends StateError {}

/** The version of the files. */
const format = 1;

/** What of a run is the same in all of its states. */
export interface RunIdentity {
  /** The hash of all that determines it. */
  readonly determines: string;
  /** When it began, in ISO 8601. */
  readonly started: string;
}

/** What a state says of itself. */
export interface StateFacts extends RunIdentity {
  readonly format: number;
  /** The version of normkit that wrote it. */
  readonly normkit: string;
  /** How long the run took until then. */
  readonly seconds: number;
  readonly state: StateNumbers;
  /** The SHA-256 of the rows until then. */
  readonly rows: string;
  /** The SHA-256 of the tensors. */
  readonly tensors: string;
}

const factKinds: OptionKinds<StateFacts> = {
  format: "number",
  normkit: "string",
  determines: "string",
  started: "string",
  seconds: "number",
  state: "object",
  rows: "string",
  tensors: "string",
};

const numberKinds: OptionKinds<StateNumbers> = {
  step: "number",
  rows: "number",
  batches: "object",
  looked: "number?",
  heldOut: "number?",
  measured: "number?",
  losses: "list",
  warned: "list",
  returns: "number",
};

/** Where a state of a step is. */
const filesOf = (
  folder: string,
  step: number,
): { readonly json: string; readonly tensors: string } => ({
  json: `${folder}/step-${step}.json`,
  tensors: `${folder}/step-${step}.safetensors`,
});

/** The rows of the run, in the folder of its states. */
export const rowsIn = (folder: string): string => `${folder}/rows.jsonl`;

/**
 * The steps of which a folder has states.
 *
 * @param folder The folder.
 * @param ending Of which files.
 * @returns The steps in ascending order.
 */
export async function stepsIn(
  folder: string,
  ending: "json" | "safetensors" = "json",
): Promise<number[]> {
  const pattern = new RegExp(`^step-(\\d{1,15})\\.${ending}$`);
  const steps: number[] = [];
  for await (const { name } of platform.readDir(folder)) {
    const digits = pattern.exec(name)?.[1];
    if (digits !== undefined) steps.push(Number(digits));
  }
  return steps.sort((a, b) => a - b);
}

/**
 * Writes a state.
 *
 * @param folder Where; its rows are there.
 * @param state The state; its tensors are read.
 * @param run What run it is of, and how long that took.
 */
export async function writeState<P>(
  folder: string,
  state: TrainingState<P>,
  run: Pick<StateFacts, "determines" | "started" | "seconds">,
): Promise<void> {
  const { tensors, numbers } = partedState(state);
  const files = filesOf(folder, numbers.step);
  await writeParameters(files.tensors, tensors);
  const facts: StateFacts = {
    format,
    normkit: version,
    ...run,
    state: numbers,
    rows: (await prefixOf(rowsIn(folder), numbers.rows))!.sha256,
    tensors: await sha256OfFile(files.tensors),
  };
  const check = sha256Of(canonicalJson(facts));
  await writeAtomically(files.json, `${jsonText({ ...facts, check }, 2)}\n`);
}

/** Removes a state; what is left of it where that ends in between is none. */
export async function removeState(folder: string, step: number): Promise<void> {
  const { json, tensors } = filesOf(folder, step);
  for (const path of [json, tensors]) await platform.remove(path).catch(() => {});
}

/** What a file says of a state, as far as it can be checked without the others. */
async function factsIn(path: string): Promise<StateFacts> {
  const found = parseJson(await readTextFile(path), path, reviveNumber);
  const { check, ...facts } = Object(found) as StateFacts & { readonly check?: unknown };
  const { format: written, normkit } = facts;
  if (Number.isInteger(written) && written > format) {
    throw new ForeignStateError(
      `normkit ${normkit} wrote it, and this is ${version}, which is older`,
    );
  }
  if (check !== sha256Of(canonicalJson(facts))) throw new StateError("it is damaged");
  requireOptions("a state", facts, factKinds);
  requireNumber("seconds", facts.seconds, { min: 0 });
  if (Number.isNaN(Date.parse(facts.started))) throw new StateError("it began at no time");
  requireNumbers(facts.state);
  return facts;
}

function requireNumbers(state: StateNumbers): void {
  requireOptions("a state's numbers", state, numberKinds);
  for (const name of ["step", "rows"] as const) requireInteger(name, state[name], { min: 0 });
  requireInteger("returns", state.returns, { min: 0, max: mostReturns });
  for (const name of ["looked", "measured"] as const) {
    requireInteger(name, state[name] ?? 0, { min: 0, max: state.step });
  }
  new Random(0).goOn(state.batches);
  for (const loss of state.losses) requireNumber("a loss", loss);
  if (state.warned.every((gate) => typeof gate === "string")) return;
  throw new StateError("what it warned of must be texts");
}

/**
 * What a state has besides its tensors.
 *
 * @param folder Where.
 * @param step Of which step.
 * @returns Its numbers; none where it is damaged.
 */
export async function numbersOf(folder: string, step: number): Promise<Partial<StateNumbers>> {
  return await factsIn(filesOf(folder, step).json).then(({ state }) => state, () => ({}));
}

/** A state that was read, and where its rows end. */
export interface ReadState<P> {
  readonly state: TrainingState<P>;
  readonly facts: StateFacts;
  /** The length of its rows. */
  readonly bytes: number;
}

/** Reads a state and requires that it is whole, and of this run. */
async function requireState<P>(
  folder: string,
  step: number,
  like: StateTensors<P>,
  determines: string,
): Promise<ReadState<P>> {
  const files = filesOf(folder, step);
  const facts = await factsIn(files.json);
  if (facts.state.step !== step) {
    throw new StateError(`it is the state of step ${facts.state.step}`);
  }
  if (facts.determines !== determines) {
    throw new ForeignStateError(
      "it is of another training: settings, data, backend or start differ",
    );
  }
  const rows = await prefixOf(rowsIn(folder), facts.state.rows);
  if (rows?.sha256 !== facts.rows) {
    throw new StateError(`${rowsIn(folder)} does not have the rows that were there`);
  }
  await requireSha256(files.tensors, facts.tensors);
  const tensors = await readParameters(files.tensors, like);
  return { state: { ...tensors, ...facts.state }, facts, bytes: rows.bytes };
}

const isRefusal = (error: unknown): error is Error =>
  error instanceof RangeError || error instanceof SyntaxError ||
  error instanceof SafetensorsError || platform.faultOf(error) !== undefined;

/**
 * Reads a state.
 *
 * @param folder Where.
 * @param step Of which step.
 * @param like Tensors of the shapes that it must have; they are not freed.
 * @param determines The hash of all that determines the run.
 * @returns The state; the caller frees its tensors.
 * @throws {StateError} If it is damaged, of another run, or of a newer version; the message says what can be done.
 */
export async function readState<P>(
  folder: string,
  step: number,
  like: StateTensors<P>,
  determines: string,
): Promise<ReadState<P>> {
  try {
    return await requireState(folder, step, like, determines);
  } catch (cause) {
    if (!isRefusal(cause)) throw cause;
    const { json } = filesOf(folder, step);
    const help = cause instanceof ForeignStateError
      ? "it goes on with what it began with"
      : await helpFor(folder, step);
    throw new StateError(`Cannot resume from ${json}: ${cause.message}; ${help}`, { cause });
  }
}

/** What can be done about a damaged state. */
async function helpFor(folder: string, step: number): Promise<string> {
  const older = (await stepsIn(folder)).filter((other) => other < step).at(-1);
  return older === undefined
    ? `without ${folder} the training begins anew`
    : `without this file it goes on from step ${older}`;
}
