// Browsers without what others have, made of one that has it.

/**
 * Takes from a page what Safari and browsers of before 2024 do not have. It runs in the page, before everything else.
 */
export function makeOlder(): void {
  const { Symbol: own } = globalThis;
  const older = function (description?: string) {
    return own(description);
  };
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(own))) {
    if (["dispose", "asyncDispose", "name", "length"].includes(name)) continue;
    Object.defineProperty(older, name, descriptor);
  }
  Object.assign(globalThis, { Symbol: older });
  const newer: readonly (readonly [of: object | undefined, names: readonly string[]])[] = [
    [globalThis, ["Float16Array", "Iterator", "DisposableStack", "SuppressedError"]],
    [Array, ["fromAsync"]],
    [Map, ["groupBy"]],
    [Object, ["groupBy"]],
    [Math, ["f16round", "sumPrecise"]],
    [Promise, ["try", "withResolvers"]],
    [RegExp, ["escape"]],
    [Uint8Array, ["fromBase64", "fromHex"]],
    [Uint8Array.prototype, ["toBase64", "toHex"]],
    [Set.prototype, ["union", "difference", "intersection", "isSubsetOf", "symmetricDifference"]],
    [Map.prototype, ["getOrInsert", "getOrInsertComputed"]],
    [Object.getPrototypeOf(Object.getPrototypeOf([].values())), ["map", "filter", "take", "drop"]],
    [globalThis, ["requestIdleCallback", "scheduler"]],
  ];
  for (const [of, names] of newer) {
    for (const name of names) if (of !== undefined) Reflect.deleteProperty(of, name);
  }
}

/** Takes from a page or a worker the streams into the browser's own files, which Safari has since version 26. */
export function writeInPlace(): void {
  Reflect.deleteProperty(FileSystemFileHandle.prototype, "createWritable");
}
