// Settings as JSON has them: objects in each other, whose places have names such as `schedule.peak`.

/** Settings as JSON has them. */
export type Json = { [key: string]: unknown };

/**
 * Whether a value is an object with keys.
 *
 * @param value Anything.
 * @returns Whether it is one; lists and null are none.
 */
export const isJsonObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Settings with others over them, key by key.
 *
 * @param one The settings; they stay as they are.
 * @param other Those over them.
 * @returns Both.
 */
export function merged(one: Json, other: Json): Json {
  const entries = Object.entries(other).map(([key, value]) => {
    const own = Object.hasOwn(one, key) ? one[key] : undefined;
    return [key, isJsonObject(own) && isJsonObject(value) ? merged(own, value) : value];
  });
  return { ...one, ...Object.fromEntries(entries) };
}

/**
 * Settings with one value.
 *
 * @param place Where it stands, such as `schedule.peak`.
 * @param value The value.
 * @returns The settings.
 */
export const settingAt = (place: string, value: unknown): Json =>
  place.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Json;

/**
 * The value at a place of settings.
 *
 * @param settings The settings.
 * @param place Where it stands, such as `schedule.peak`.
 * @returns The value; undefined where there is none.
 */
export const valueAt = (settings: unknown, place: string): unknown =>
  place.split(".").reduce<unknown>(
    (one, key) => isJsonObject(one) && Object.hasOwn(one, key) ? one[key] : undefined,
    settings,
  );
