// Tensors in groups of as many as one program takes.

/** The most tensors of each kind in a program, whatever the device binds: sources stay short. */
const most = 32;

/**
 * A list in groups of equal length, the last of which may be shorter.
 *
 * @param device The device.
 * @param list What each is to be in a group.
 * @param bindings Tensors that a program binds: for each member of its group, and for all of them together.
 * @returns The groups.
 */
export function inGroups<T>(
  { limits }: GPUDevice,
  list: readonly T[],
  { each, common }: { readonly each: number; readonly common: number },
): T[][] {
  const fit = Math.floor((limits.maxStorageBuffersPerShaderStage - common) / each);
  const length = Math.max(1, Math.min(most, fit));
  return Array.from(
    { length: Math.ceil(list.length / length) },
    (_, at) => list.slice(at * length, (at + 1) * length),
  );
}
