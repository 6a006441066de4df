// Names that nothing else has.

/** @returns Eight random hexadecimal digits; `crypto.randomUUID()` is missing from pages that are not served securely. */
export const randomName = (): string =>
  crypto.getRandomValues(new Uint32Array(1))[0]!.toString(16).padStart(8, "0");
