// The WebGPU adapter that the library finds, in words; nothing where there is none.

import { findWebGpu } from "../../lib/backend/mod.ts";

const found = await findWebGpu();
if (found !== undefined) console.log(`${found.adapter}, f16: ${found.f16}`);
