// What of each notebook can be tried in the laboratory.

import type { PageLink } from "../pages/page.ts";
import { laboratoryAddress } from "./frame.ts";

const laboratory = (html: string, choices: Readonly<Record<string, string>>): PageLink => ({
  address: laboratoryAddress(choices),
  html,
});

const gallery: PageLink = {
  address: "gallery.html",
  html: "All variants, drawn from their equations",
};

/** What can be tried, by the notebook's name. */
export const trials: Readonly<Record<string, readonly PageLink[]>> = {
  "00_start_here": [
    laboratory("Pre-LN beside Post-LN", { variant: "pre-ln,post-ln", depth: "8" }),
    laboratory("Pre-LN beside DeepNorm", { variant: "pre-ln,deep-norm", depth: "8" }),
    gallery,
  ],
  "01_pre_ln": [
    laboratory("Post-LN without and with warm-up", {
      variant: "post-ln",
      depth: "8",
      rate: "0.01",
      warmup: "1,100",
    }),
    laboratory("Pre-LN beside Post-LN, both without warm-up", {
      variant: "pre-ln,post-ln",
      depth: "8",
      rate: "0.01",
    }),
  ],
  "09_deepnorm": [
    laboratory("DeepNorm beside Post-LN, 18 layers", { variant: "deep-norm,post-ln", depth: "18" }),
  ],
  "02_sub_ln": [
    laboratory("Sub-LN beside Pre-LN, 18 layers", { variant: "sub-ln,pre-ln", depth: "18" }),
  ],
  "03_residual": [
    laboratory("ResiDual beside Post-LN, 12 layers", { variant: "resi-dual,post-ln", depth: "12" }),
    laboratory("ResiDual beside Pre-LN, 12 layers", { variant: "resi-dual,pre-ln", depth: "12" }),
  ],
  "04_pre_rmsnorm": [
    laboratory("LayerNorm beside RMSNorm", { variant: "pre-ln", norm: "layer,rms" }),
    laboratory("RMSNorm beside CRMSNorm", { variant: "pre-ln", norm: "rms,crms" }),
    { address: "convert.html", html: "Convert a checkpoint of your own" },
  ],
  "05_gpas": [
    laboratory("Pre-LN without and with GPAS, 12 layers", {
      variant: "pre-ln",
      gpas: "no,yes",
      depth: "12",
    }),
    laboratory("DeepNorm without and with GPAS, 12 layers", {
      variant: "deep-norm",
      gpas: "no,yes",
      depth: "12",
    }),
  ],
  "06_atlas": [
    gallery,
    laboratory("Mix-LN beside Peri-LN, 12 layers", { variant: "mix-ln,peri-ln", depth: "12" }),
    laboratory("LNS beside Pre-LN, 12 layers", { variant: "lns,pre-ln", depth: "12" }),
  ],
  "07_kernels": [
    laboratory("What a step takes on this machine, LayerNorm beside RMSNorm", {
      variant: "pre-ln",
      norm: "layer,rms",
      size: "medium",
    }),
  ],
  "08_tasks": [
    laboratory("The same designs on the letters of a text", { variant: "pre-ln,peri-ln" }),
  ],
};
