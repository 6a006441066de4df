// Pieces of WGSL source that every program needs: the declarations of its bindings, and the index of its workgroup.

/** The bindings of a program, by name and in the order of a launch, with the types of their elements. */
export interface Bindings {
  /** Tensors that are read: `{ x: "vec4f" }` declares `x: array<vec4f>`. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Tensors that are written. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Names of the uniforms: `u32` declares `uniforms.name: u32`. */
  readonly uniforms?: { readonly u32?: readonly string[]; readonly f32?: readonly string[] };
}

/**
 * The declarations of a program's bindings.
 *
 * @param bindings Names and element types.
 * @returns WGSL source.
 */
export function declare({ inputs, outputs, uniforms }: Bindings): string {
  const storage = [
    ...Object.entries(inputs).map(([name, type]) => ["read", name, type] as const),
    ...Object.entries(outputs).map(([name, type]) => ["read_write", name, type] as const),
  ];
  const lines = storage.map(([access, name, type], at) =>
    `@group(0) @binding(${at}) var<storage, ${access}> ${name}: array<${type}>;`
  );
  if (uniforms !== undefined) {
    const fields = [
      ...(uniforms.u32 ?? []).map((name) => `${name}: u32`),
      ...(uniforms.f32 ?? []).map((name) => `${name}: f32`),
    ];
    lines.push(
      `struct Uniforms { ${fields.join(", ")} }`,
      `@group(0) @binding(${storage.length}) var<uniform> uniforms: Uniforms;`,
    );
  }
  return `${lines.join("\n")}\n`;
}

/**
 * `group_index(id, count)`: the index of a workgroup launched by number, from the builtins `workgroup_id` and
 * `num_workgroups`. It may exceed the number asked for by less than a row of 65535; the program leaves those out.
 */
export const groupIndex = `
fn group_index(id: vec3u, count: vec3u) -> u32 { return id.y * count.x + id.x; }
`;

/**
 * Whether a number is NaN, by its bits: compilers may take `x != x` for false, and drop NaN from comparisons and bounds.
 *
 * @param x A WGSL expression of an f32.
 * @returns A WGSL expression of a bool.
 */
export const isNan = (x: string): string => `((bitcast<u32>(${x}) & 0x7fffffffu) > 0x7f800000u)`;
