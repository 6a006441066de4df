// The work of `work.ts` as a program: the golden model and the folder are its words, the report is its last line.

import { argv } from "node:process";
import { work } from "./work.ts";

console.log(JSON.stringify(await work(argv[2]!, argv[3]!)));
