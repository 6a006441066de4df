// A model made of another as a folder of its own: weights, configuration, what lay beside the source's weights, and the certificate.

import type { BackendName } from "../backend/backend.ts";
import type { Certificate } from "../convert/certificate.ts";
import { certificateText } from "../convert/certificate_text.ts";
import { copyCompanions, lostCompanions } from "../convert/companions.ts";
import { streamNorm } from "../convert/convert.ts";
import { keptParameters, keptText } from "../convert/kept_norms.ts";
import { saveModel, type SaveOptions } from "../convert/save.ts";
import { verify, type VerifyOptions } from "../convert/verify.ts";
import { namesText, nameText } from "../core/excerpt.ts";
import { jsonText } from "../core/json.ts";
import { accountOf } from "../families/account.ts";
import { convertedNormsOf } from "../families/converted_norms.ts";
import type { Model } from "../families/model.ts";
import { type OpenModel, openModel } from "../families/open.ts";
import { useBackend } from "../kernels/use_backend.ts";
import { exists, writeFolder } from "../platform/files.ts";
import { platform } from "../platform/mod.ts";
import { saveModeling } from "./modeling.ts";
import { recordedConversion } from "./steps.ts";

/** How a certificate is made. */
export interface CertificateOptions
  extends Pick<VerifyOptions, "sequences" | "seed" | "tolerance"> {
  /** The backend that computes in float32. */
  readonly backend: BackendName | "auto";
}

/** How a folder is written. */
export interface ConvertedOptions extends SaveOptions {
  /** How its certificate is made; none is by default. */
  readonly certificate?: CertificateOptions;
}

/** What was written. */
export interface ConvertedFolder {
  readonly source: string;
  readonly out: string;
  readonly tensors: number;
  readonly bytes: number;
  readonly companions: readonly string[];
  /** Tensors that the source does not have: whatever loads the result must know them. */
  readonly newTensors: readonly string[];
  /** What is to be known of the source. */
  readonly notes: readonly string[];
  readonly certificate?: Certificate;
}

/** Lays a description beside a model that its family's engines do not know. */
async function describeFolder(folder: string): Promise<void> {
  using written = await openModel(folder);
  await saveModeling(folder, written);
}

/** Compares what was written with its source. */
async function certify(
  { backend, ...inputs }: CertificateOptions,
  source: Model,
  folder: string,
): Promise<Certificate> {
  using written = await openModel(folder);
  await useBackend(backend);
  const conversion = await recordedConversion(source, written) ??
    { problem: "the folder that was written does not say what it was made of" };
  return await verify(source, written, { conversion, ...inputs });
}

/**
 * What is to be known of a source: how it was read, what nothing reads, and what cannot be copied.
 *
 * @param source The source.
 * @param made What is made of it.
 * @returns A sentence each.
 */
export async function notesOn(source: OpenModel, made: Model): Promise<string[]> {
  const { unused } = accountOf(source);
  const isFolder = await exists(`${source.path}/config.json`);
  const lost = isFolder ? await lostCompanions(source.path) : [];
  return [
    ...source.notes,
    ...(unused.length === 0 ? [] : [`unused: ${namesText(unused)}`]),
    ...lost.map((name) => `${nameText(name)} is a link to nothing, and is left out`),
    ...(convertedNormsOf(made.config) === undefined ? [] : keptText(keptParameters(made))),
  ];
}

/** Writes the certificate beside a model. */
async function writeCertificate(folder: string, certificate: Certificate): Promise<void> {
  await platform.writeFile(`${folder}/certificate.json`, `${jsonText(certificate, 2)}\n`);
  await platform.writeFile(`${folder}/certificate.txt`, `${certificateText(certificate)}\n`);
}

/**
 * Writes a model made of another into a new folder, with its certificate.
 *
 * @param source The source.
 * @param made What was made of it; its configuration records how.
 * @param out The new folder.
 * @param options How it is stored, and how its certificate is made.
 * @returns What was written.
 * @throws {RangeError} If the folder exists, or the model cannot be stored so.
 */
export async function writeConverted(
  source: OpenModel,
  made: Model,
  out: string,
  { certificate, onProgress, ...stored }: ConvertedOptions = {},
): Promise<ConvertedFolder> {
  const { names } = made.tensors;
  const newTensors = names.filter((name) => !source.tensors.has(name));
  const notes = await notesOn(source, made);
  let written: ConvertedFolder | undefined;
  await writeFolder(out, async (folder) => {
    let bytes = 0;
    await saveModel(folder, made, {
      ...stored,
      onProgress: (done, total, name) => {
        bytes = total;
        onProgress?.(done, total, name);
      },
    });
    const companions = await copyCompanions(source.path, folder);
    const facts = { tensors: names.length, bytes, companions, newTensors, notes };
    written = { source: source.path, out, ...facts };
    if (streamNorm(made) !== streamNorm(source)) await describeFolder(folder);
    if (certificate === undefined) return;
    const certified = await certify(certificate, source, folder);
    await writeCertificate(folder, certified);
    written = { ...written, certificate: certified };
  });
  return written!;
}
