// What a model is, of the folder that convert.ts has written, and one of its tensors.

import { openCheckpoint, readTensor } from "@normkit/normkit/checkpoint";
import { inspect, inspectionText, openModel } from "@normkit/normkit/convert";

using model = await openModel("my folder/rms");
console.log(inspectionText(inspect(model)));
using checkpoint = await openCheckpoint("my folder/rms");
const [name] = checkpoint.names;
console.log(name, (await readTensor(checkpoint, name!)).slice(0, 2));
