// The page of figures that move.

import { startMoving } from "../formulas/moving.ts";
import { startGrids } from "../grids/open_grid.ts";
import { sayAtTop } from "../notes.ts";

startGrids();
const wrong = startMoving();
if (wrong !== undefined) sayAtTop(wrong);
