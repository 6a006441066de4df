// What a head makes of the rows that it reads.

import type { Interpreter } from "./interpreter.ts";
import type { Head, Pool } from "./spec.ts";
import { runSublayer } from "./sublayer.ts";

/** Another map, a function, and a norm, as far as there are. */
function transformed<T>(engine: Interpreter<T>, { transform }: Head, x: T): T {
  if (transform === undefined) return x;
  const { linear, activation, norm } = transform;
  const mapped = engine.linear(x, linear);
  const bent = activation === undefined ? mapped : engine.activate(mapped, activation);
  return norm === undefined ? bent : engine.norm(bent, norm);
}

/** One row of all: what a learned query finds, and what a network adds to it. */
function pooled<T>(engine: Interpreter<T>, { probe, attention, norm, network }: Pool, x: T): T {
  const query = engine.vectors(probe, attention.heads * attention.headWidth);
  const options = { label: "pool", memories: { rows: x }, inner: undefined };
  const found = runSublayer(engine, { ...attention, memory: "rows" }, query, options);
  return engine.add(found, runSublayer(engine, network, engine.norm(found, norm), options));
}

/**
 * The outputs of a head.
 *
 * @param engine What executes it.
 * @param head The head.
 * @param rows The rows of a final norm that it reads.
 * @returns Its outputs.
 */
export function runHead<T>(engine: Interpreter<T>, head: Head, rows: T): T {
  const { linear, pool, plusSum, activation, scale, softcap } = head;
  const x = head.norm === undefined ? rows : engine.norm(rows, head.norm);
  if (pool !== undefined) return pooled(engine, pool, x);
  const read = plusSum === true ? engine.addSum(x, 1) : transformed(engine, head, x);
  const mapped = engine.linear(read, linear);
  const y = activation === undefined ? mapped : engine.activate(mapped, activation);
  const scaled = scale === undefined ? y : engine.scale(scale, y);
  return softcap === undefined ? scaled : engine.softcap(scaled, softcap);
}
