// For browsers without `Symbol.dispose`, as Safari and those of before 2025: the symbols under which esbuild, Rolldown and TypeScript's
// helpers look for what ends an object. Builds for browsers run this before all else.

for (const name of ["dispose", "asyncDispose"] as const) {
  if (Symbol[name] === undefined) {
    Object.defineProperty(Symbol, name, { value: Symbol.for(`Symbol.${name}`) });
  }
}
