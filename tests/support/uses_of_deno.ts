// Imports a module and writes which properties of the global Deno are read meanwhile, by others than Deno's own implementation of Node.

import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";

const deno = Deno;
const [module = ""] = deno.args;

/** Whether Deno's own code asks: the frame behind the trap's. */
function asksItself(): boolean {
  const [, , , caller = ""] = (new Error().stack ?? "").split("\n");
  return /\b(?:ext|node):/.test(caller);
}

const uses: string[] = [];
Object.defineProperty(globalThis, "Deno", {
  configurable: true,
  value: new Proxy({}, {
    get: (_, key) => {
      if (!asksItself()) uses.push(String(key));
      return Reflect.get(deno, key);
    },
    has: (_, key) => {
      uses.push(String(key));
      return Reflect.has(deno, key);
    },
  }),
});

await import(isAbsolute(module) ? pathToFileURL(module).href : module);
console.log(JSON.stringify({ imported: true, uses }));
