/**
 * The Jupyter wire protocol 5.3: messages to signed frames and back. It knows neither sockets nor
 * kernels.
 */
import { createHmac } from "node:crypto";

/** One Jupyter message, whichever channel it travels on. */
export interface Message {
  /** Who sent it, and what kind it is. */
  header: Header;
  /** Header of the request it belongs to; empty when there is none. */
  parentHeader: Partial<Header>;
  /** Its payload, by the protocol's definition of the kind. */
  content: Record<string, unknown>;
}

/** The header of a {@linkcode Message}. */
export interface Header {
  /** Unique name of this message. */
  msg_id: string;
  /** Kind, for example `execute_request`. */
  msg_type: string;
  /** Unique name of the sender's session. */
  session: string;
  /** Name of the sender. */
  username: string;
  /** ISO 8601 time of sending. */
  date: string;
  /** Version of the protocol. */
  version: string;
}

const delimiter = "<IDS|MSG>";

/**
 * A request with a fresh identifier.
 *
 * @param type Kind of the message.
 * @param content Its payload.
 * @returns The message.
 */
export function request(type: string, content: Record<string, unknown>): Message {
  const header: Header = {
    msg_id: crypto.randomUUID(),
    msg_type: type,
    session: crypto.randomUUID(),
    username: "normkit",
    date: new Date().toISOString(),
    version: "5.3",
  };
  return { header, parentHeader: {}, content };
}

/**
 * The frames of a message, signed with HMAC-SHA256.
 *
 * @param message What to send.
 * @param key Key of the connection.
 * @returns Frames for one multipart send.
 */
export function encode(message: Message, key: string): string[] {
  const parts = [message.header, message.parentHeader, {}, message.content]
    .map((part) => JSON.stringify(part));
  return [delimiter, signature(parts, key), ...parts];
}

/**
 * The message in received frames.
 *
 * @param frames Frames of one multipart receive, routing prefix included.
 * @param key Key of the connection.
 * @returns The message.
 * @throws {TypeError} If the frames hold no message or the signature does not fit.
 */
export function decode(frames: readonly string[], key: string): Message {
  const start = frames.indexOf(delimiter);
  const parts = frames.slice(start + 2, start + 6);
  if (start < 0 || parts.length < 4) {
    throw new TypeError(
      `Cannot decode a Jupyter message of ${frames.length} frames: a delimiter and five frames after it are needed`,
    );
  }
  if (frames[start + 1] !== signature(parts, key)) {
    throw new TypeError("Cannot trust a Jupyter message: its signature does not match the key");
  }
  const [header, parentHeader, , content] = parts.map((part) => JSON.parse(part));
  return { header, parentHeader, content };
}

function signature(parts: readonly string[], key: string): string {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex");
}
