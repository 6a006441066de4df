/**
 * Notebooks from outside the kernel: execution, type checks, pages, JupyterLab. No Python but for JupyterLab itself.
 *
 * @module
 */

export { executeNotebook, type ExecuteOptions, NotebookError } from "./execute.ts";
export { type Execution, Kernel, KernelError, type KernelOptions } from "./kernel.ts";
export { LabError, type LabOptions, runLab, writeKernelspec } from "./lab.ts";
export {
  type Bundle,
  type Cell,
  joined,
  type Notebook,
  type Output,
  readNotebook,
  writeNotebook,
} from "./notebook_file.ts";
export { notebookPage, type PageLink, type PageOptions } from "./page.ts";
export { buildSite, siteAddress, type SiteNotebook, type SiteOptions } from "./site.ts";
export type { Header, Message } from "./wire.ts";
export { checkNotebook, describeFinding, type Finding } from "./typecheck.ts";
