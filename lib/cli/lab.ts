// `deno task lab`: JupyterLab on the notebooks.

import { LabError, runLab } from "../jupyter/lab.ts";
import { checkout } from "./checkout.ts";

if (import.meta.main) {
  const setupOnly = Deno.args.includes("--setup-only");
  const args = Deno.args.filter((arg) => arg !== "--setup-only");
  try {
    Deno.exit(await runLab({ root: checkout, args, setupOnly }));
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}
