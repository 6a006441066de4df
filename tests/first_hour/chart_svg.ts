// Draws a chart into an SVG file.

import { lossCurves, saveFigure } from "@normkit/normkit/plots";

const rows = [0, 10, 20].flatMap((step) => [
  { variant: "post-ln", step, loss: 3 - step / 50 },
  { variant: "pre-ln", step, loss: 3 - step / 20 },
]);
const figure = lossCurves(rows, { title: "Pre-LN learns faster" });
await saveFigure(figure, "my folder/loss.svg");
console.log(figure.description);
