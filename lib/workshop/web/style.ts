// The style of what computes, on top of that of all pages.

/** The laboratory's, wherever it stands. */
export const laboratoryStyle = `
form summary { margin: .25rem 0 .5rem; font: 600 .9rem/1.5 var(--sans); cursor: pointer; }
.choices { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr)); gap: 1rem; font: .9rem/1.4 var(--sans); }
fieldset { margin: 0; padding: .6rem 1rem 1rem; border: 1px solid var(--line); border-radius: 10px; background: var(--box); min-width: 0; }
legend { padding: 0 .4rem; font-weight: 700; }
[hidden] { display: none !important; }
fieldset label { display: grid; grid-template-columns: 8.5rem minmax(0, 1fr); align-items: center; gap: .5rem; margin-top: .5rem; }
select, input, button { font: inherit; color: inherit; }
select, input:not([type="range"]) { width: 100%; min-height: 2.2rem; padding: .25rem .5rem; border: 1px solid var(--field); border-radius: 6px; background: var(--page); }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0 0; }
.actions button, .offers button, .button { min-height: 2.6rem; padding: .4rem 1.4rem; border: 1px solid var(--field); border-radius: 6px; background: var(--box); font: 600 .95rem/1.4 var(--sans); cursor: pointer; }
.actions button[type="submit"] { background: var(--accent); border-color: var(--accent); color: var(--page); }
button:disabled { opacity: .5; cursor: default; }
.notes { color: var(--red); font: .9rem/1.5 var(--sans); }
.notes:empty { display: none; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(25rem, 100%), 1fr)); gap: 1rem; align-items: start; }
.charts .chart { margin: 0; min-height: 12rem; }
.charts .card { width: auto; }
.card svg { display: block; width: 100%; height: auto; }
[role="status"] { min-height: 3em; font: .9rem/1.5 var(--sans); color: var(--soft); white-space: pre-line; }
.button { display: inline-flex; align-items: center; color: inherit; text-decoration: none; }
td, th { font-variant-numeric: tabular-nums; }
`;

/** That of figures that move, and of recorded grids. */
export const movingStyle = `
.moving { margin: 1.5rem 0 2.5rem; }
.moving .source, .moving ~ section .source { margin: 0; color: var(--soft); font: .8rem/1.5 var(--sans); }
.sliders { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(18rem, 100%), 1fr)); gap: .25rem 1.5rem; font: .9rem/1.4 var(--sans); }
.sliders label { display: grid; grid-template-columns: 7rem minmax(0, 1fr) 3.5rem; align-items: center; gap: .75rem; min-height: 2.2rem; }
.sliders input { accent-color: var(--accent); min-height: 0; padding: 0; border: 0; background: none; }
.sliders output { font-variant-numeric: tabular-nums; text-align: right; }
.grid caption { width: max-content; max-width: 80vw; padding: .25rem 0; color: var(--soft); font: .85rem/1.5 var(--sans); text-align: left; }
.grid table { width: auto; font: .85rem/1.4 var(--sans); }
.grid th { padding-right: 1rem; white-space: nowrap; vertical-align: middle; }
.grid thead th + th { padding-right: .7rem; text-align: right; }
.grid thead [scope="colgroup"] { padding-left: .7rem; text-align: left; border-bottom: 0; }
.grid colgroup + colgroup { border-left: .75rem solid var(--page); } /* over the cells' color, which reaches below it */
.grid .point { padding: 0; border: 2px solid var(--page); background: color-mix(in oklab, #d9e8fb, #f4b9a7 var(--bad)); color: #1c1f24; text-align: right; font-variant-numeric: tabular-nums; }
.grid .point:not(:has(button)) { padding: .45rem .7rem; }
.grid .point button { width: 100%; min-height: 2.2rem; padding: .2rem .7rem; border: 0; background: none; color: inherit; font: inherit; text-align: right; cursor: pointer; }
.grid .point button[aria-pressed="true"] { outline: 3px solid #1c1f24; outline-offset: -3px; font-weight: 700; }
`;

/** That of pages which only compute or show what does. */
export const appStyle: string = `${laboratoryStyle}
main { max-width: 72rem; }
.layout { display: block; }
.layout main { margin: 0 auto; }
.intro { max-width: 46rem; }
#place { padding: 1.5rem; border: 2px dashed var(--field); border-radius: 10px; background: var(--box); text-align: center; }
#place.over { border-color: var(--accent); }
#place p { margin-top: 0; }
#place .button { position: relative; margin: .25rem; overflow: clip; }
#place .button:focus-within { outline: 2px solid var(--accent); outline-offset: 2px; }
#place input { position: absolute; inset: 0; opacity: 0; cursor: pointer; }
.offers { padding: 0; list-style: none; }
.offers li { margin: .5rem 0; }
#inspection, #certificate { border: 1px solid var(--line); border-radius: 6px; background: var(--box); }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(24rem, 100%), 1fr)); gap: 1.5rem; list-style: none; margin: 2rem 0; padding: 0; }
.gallery li { display: flex; flex-direction: column; min-width: 0; padding: 1.1rem 1.25rem; border: 1px solid var(--line); border-radius: 10px; background: var(--box); font-size: .95rem; line-height: 1.5; }
.gallery h2 { margin: 0; padding: 0; border: 0; }
.gallery .source { margin: 0; color: var(--soft); font: .8rem/1.5 var(--sans); }
.gallery dl { display: grid; grid-template-columns: auto 1fr; gap: .35rem .75rem; margin: .75rem 0; }
.gallery dt { font: 600 .8rem/1.9 var(--sans); }
.gallery dd { margin: 0; }
.gallery li > p:last-child { margin: auto 0 0; }
.gallery .chart { margin: .25rem 0; }
`;
