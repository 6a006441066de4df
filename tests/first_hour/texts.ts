// The texts that packages hold.

import { cldrPhrases, mobyDick } from "@normkit/normkit/data";

console.log((await mobyDick()).tokenizer.characters.slice(0, 9));
console.log((await cldrPhrases("en", "de")).train.examples[0]);
