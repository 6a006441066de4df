// The list of commands that `normkit` knows, by name.

import type { Command } from "./command.ts";
import { convertCommand } from "./convert.ts";
import { doctor } from "./doctor.ts";
import { exportCommand } from "./export.ts";
import { foldCommand } from "./fold.ts";
import { generateCommand } from "./generate.ts";
import { inspectCommand } from "./inspect.ts";
import { logCommand } from "./log.ts";
import { logitsCommand } from "./logits.ts";
import { sweepCommand } from "./sweep.ts";
import { trainCommand } from "./train.ts";
import { verifyCommand } from "./verify.ts";
import { watchCommand } from "./watch.ts";

/** The commands by name. */
export const commands: ReadonlyMap<string, Command> = new Map([
  ["doctor", doctor],
  ["train", trainCommand],
  ["watch", watchCommand],
  ["log", logCommand],
  ["sweep", sweepCommand],
  ["generate", generateCommand],
  ["inspect", inspectCommand],
  ["convert", convertCommand],
  ["fold", foldCommand],
  ["export", exportCommand],
  ["verify", verifyCommand],
  ["logits", logitsCommand],
]);
