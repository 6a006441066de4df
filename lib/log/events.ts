// TensorBoard's event files: messages of protocol buffers, each framed by its length and masked CRC-32C (TFRecord). No package writes
// them outside of TensorFlow's own; the few fields that are needed are written here by their numbers in tensorboard/compat/proto.

import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import crc32c from "crc-32/crc32c.js";
import type { Row } from "../train/record.ts";
import type { Cell } from "./table.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Fill = (writer: BinaryWriter) => void;

const bytesOf = (fill: Fill): Bytes => {
  const writer = new BinaryWriter();
  fill(writer);
  return writer.finish();
};

/** A field that is a message of its own. */
function message(writer: BinaryWriter, field: number, fill: Fill): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  fill(writer);
  writer.join();
}

const text = (writer: BinaryWriter, field: number, value: string): void =>
  void writer.tag(field, WireType.LengthDelimited).string(value);

const integer = (writer: BinaryWriter, field: number, value: number): void =>
  void writer.tag(field, WireType.Varint).int64(value);

/** TFRecord's checksum. */
function maskedCrc(bytes: Bytes): number {
  const crc = crc32c.buf(bytes);
  return ((crc >>> 15 | crc << 17) + 0xa282ead8) >>> 0;
}

function recordOf(content: Bytes): Bytes {
  const record = new Uint8Array(content.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(content.length), true);
  view.setUint32(8, maskedCrc(record.subarray(0, 8)), true);
  record.set(content, 12);
  view.setUint32(12 + content.length, maskedCrc(content), true);
  return record;
}

/** When something was, in seconds since 1970, and at which step. */
interface Moment {
  readonly time: number;
  readonly step?: number;
}

/** An event: a moment and what was then. */
function eventOf({ time, step }: Moment, fill: Fill): Bytes {
  return recordOf(bytesOf((event) => {
    event.tag(1, WireType.Bit64).double(time);
    if (step !== undefined) integer(event, 2, step);
    fill(event);
  }));
}

/** The numbers of a row that say where it belongs, where it has no name. */
const placeKeys = ["layer", "from", "to"] as const;

/** What its values are called in front of their own names. */
function tagOf({ kind, name, ...row }: Row): string {
  const keys: readonly string[] = name === undefined ? placeKeys : ["head"];
  const places = keys.filter((key) => key in row).map((key) => `${key} ${row[key]}`);
  return [kind, name ?? [], places.join(" ")].flat().filter((part) => part !== "").join("/");
}

const withoutValues: readonly string[] = [...placeKeys, "head", "step", "kind", "name"];

/** Text as the plugin of texts has it: a tensor of strings. */
function textValue(value: BinaryWriter, words: string): void {
  message(value, 8, (tensor) => {
    integer(tensor, 1, 7); // DT_STRING
    message(tensor, 2, (shape) => message(shape, 2, (dimension) => integer(dimension, 1, 1)));
    text(tensor, 8, words);
  });
  message(value, 9, (metadata) => message(metadata, 1, (plugin) => text(plugin, 1, "text")));
}

/** A value of a summary: a number in single precision, as TensorBoard keeps it, or a text. */
function valueOf(summary: BinaryWriter, tag: string, cell: Cell): void {
  message(summary, 1, (value) => {
    text(value, 1, tag);
    if (typeof cell === "number") value.tag(2, WireType.Bit32).float(Math.fround(cell));
    else textValue(value, cell ?? "");
  });
}

/** A number or a text as `google.protobuf.Value`. */
function looseValue(writer: BinaryWriter, cell: Cell): void {
  if (typeof cell === "number") writer.tag(2, WireType.Bit64).double(cell);
  else text(writer, 3, cell ?? "");
}

/** Its first event: the version of the format, from which on a restart takes events back. */
export const firstEvent = (time: number): Bytes =>
  eventOf({ time }, (event) => text(event, 3, "brain.Event:2"));

/**
 * Takes back all events from a step on, as the run went back behind it.
 *
 * @param moment When that was, and the first step that is made anew.
 * @returns The record.
 */
export const restartEvent = (moment: Required<Moment>): Bytes =>
  eventOf(moment, (event) => message(event, 7, (session) => integer(session, 1, 1)));

/**
 * What a row says: each of its values as `kind/name/value`.
 *
 * @param row The row.
 * @param time When it was made, in seconds since 1970.
 * @returns The record.
 */
export function rowEvent(row: Row, time: number): Bytes {
  const tag = tagOf(row);
  return eventOf({ time, step: row.step }, (event) =>
    message(event, 5, (summary) => {
      for (const [key, value] of Object.entries(row)) {
        if (!withoutValues.includes(key)) valueOf(summary, `${tag}/${key}`, value);
      }
    }));
}

/**
 * A text at a step.
 *
 * @param moment When and where.
 * @param tag What it is called.
 * @param words The text, as Markdown.
 * @returns The record.
 */
export const textEvent = (moment: Moment, tag: string, words: string): Bytes =>
  eventOf(moment, (event) => message(event, 5, (summary) => valueOf(summary, tag, words)));

/**
 * The settings of a run, for TensorBoard's table of hyperparameters.
 *
 * @param settings The settings by their places.
 * @param time When the run began, in seconds since 1970.
 * @returns The record.
 */
export function settingsEvent(settings: ReadonlyMap<string, Cell>, time: number): Bytes {
  const content = bytesOf((data) =>
    message(data, 3, (start) => {
      for (const [place, cell] of settings) {
        message(start, 1, (entry) => {
          text(entry, 1, place);
          message(entry, 2, (value) => looseValue(value, cell));
        });
      }
      start.tag(5, WireType.Bit64).double(time);
    })
  );
  return eventOf(
    { time },
    (event) =>
      message(event, 5, (summary) =>
        message(summary, 1, (value) => {
          text(value, 1, "_hparams_/session_start_info");
          message(value, 8, (tensor) => {
            integer(tensor, 1, 1); // DT_FLOAT
            message(tensor, 2, (shape) => message(shape, 2, () => {})); // of no number
          });
          message(value, 9, (metadata) =>
            message(metadata, 1, (plugin) => {
              text(plugin, 1, "hparams");
              plugin.tag(2, WireType.LengthDelimited).bytes(content);
            }));
        })),
  );
}
