// Draws a chart into a PNG file.

import { lossCurves, saveFigure } from "@normkit/normkit/plots";

const rows = [0, 10, 20].map((step) => ({ variant: "pre-ln", step, loss: 3 - step / 20 }));
const figure = lossCurves(rows, { title: "Pre-LN" });
await saveFigure(figure, "my folder/loss.png");
console.log(figure.description);
