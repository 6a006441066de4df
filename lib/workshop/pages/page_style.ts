/**
 * The style of notebook pages: one quiet column with its contents beside it, light and dark, fit for phones and paper. Pages are
 * dark where the system is, or where the reader chose so; charts keep their white cards.
 */
export const pageStyle = `
:root { color-scheme: light dark;
  --page: light-dark(#fff, #14171c); --ink: light-dark(#1c1f24, #dfe3e8); --soft: light-dark(#59626e, #99a3b0);
  --line: light-dark(#e3e6ea, #2c323b); --field: light-dark(#7b8490, #79828e); --box: light-dark(#f6f7f9, #1b1f26); --accent: light-dark(#2f5fb3, #8ab4f8);
  --mark: light-dark(#fff6d6, #2e2a18); --red: light-dark(#a3261b, #f28b82); --shade: light-dark(transparent, rgb(20 23 28 / .07));
  --keyword: light-dark(#7a3e9d, #c792ea); --string: light-dark(#2c7a3f, #98c379); --number: light-dark(#a05a00, #e5b07b);
  --comment: light-dark(#626b77, #8b95a3); --cardlink: light-dark(#2f5fb3, #24519f);
  --sans: "Inter", "Helvetica Neue", Arial, sans-serif; }
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--page); color: var(--ink); font: 17px/1.6 "Charter", "Bitstream Charter", "Georgia", serif; overflow-wrap: break-word; }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
:target { background: var(--mark); box-shadow: 0 0 0 .5rem var(--mark); border-radius: 2px; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: .5rem; z-index: 3; background: var(--page); padding: .25rem .75rem; }
.bar { display: flex; justify-content: space-between; align-items: center; gap: 1rem; padding: .6rem 1.25rem; border-bottom: 1px solid var(--line); font: .85rem/1.5 var(--sans); }
.bar nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
.bar a { font-weight: 600; text-decoration: none; color: inherit; }
.bar [aria-current] { text-decoration: underline; text-underline-offset: .3em; }
.run { color: var(--soft); font: .85rem/1.6 var(--sans); }
.cite { clear: both; margin-top: 2.5rem; }
.trials { clear: both; margin: 1.25rem 0; padding: .75rem 1.1rem; border: 1px solid var(--line); border-left: 4px solid var(--accent); border-radius: 6px; background: var(--box); font: .9rem/1.5 var(--sans); }
.trials h2 { margin: 0; padding: 0; border: 0; font-size: .95rem; }
.trials ul { margin: .35rem 0 0; padding-left: 1.2rem; }
.theme { display: inline-flex; align-items: center; gap: .4rem; margin-left: auto; padding: .25rem .7rem; border: 1px solid var(--line); border-radius: 2rem; background: var(--box); color: inherit; font: inherit; cursor: pointer; }
.theme[hidden] { display: none; }
main { min-width: 0; max-width: 50rem; margin: 0 auto; padding: 2.5rem 1.25rem 3rem; }
h1, h2, h3 { font-family: var(--sans); line-height: 1.25; text-wrap: balance; }
h1 { font-size: 1.9rem; margin: 0 0 1rem; }
h2 { font-size: 1.3rem; margin: 2.75rem 0 .75rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; }
.anchor { color: var(--soft); font-weight: 400; text-decoration: none; opacity: 0; }
:is(h1, h2, h3, h4, .equation):hover > .anchor, .anchor:focus-visible { opacity: 1; }
.equation { display: flex; align-items: center; }
.equation > .math { flex: 1; min-width: 0; }
.equation > .anchor { padding-left: .35rem; font: 1rem/1.25 var(--sans); }
.fold { margin: 1rem 0; border: 1px solid var(--line); border-radius: 6px; background: var(--box); }
.fold > summary { padding: .55rem 1rem; cursor: pointer; }
.fold > summary > :is(h2, h3, h4, h5, h6) { display: inline; margin: 0; padding: 0; border: 0; font-size: 1rem; }
.fold[open] > summary { border-bottom: 1px solid var(--line); }
.folded { padding: .25rem 1rem; background: var(--page); border-radius: 6px; scroll-margin-top: 3.5rem; }
.folded > .anchor { float: right; margin-left: .5rem; opacity: 1; }
.folded:target { background: var(--page); box-shadow: none; }
.fold:has(> .folded:target) > summary { background: var(--mark); }
p, ul, ol { margin: .75rem 0; }
code, pre { font-family: "JetBrains Mono", "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .77rem; }
p code, li code, td code { background: var(--box); padding: .1em .3em; border-radius: 3px; overflow-wrap: anywhere; }
pre { margin: 0; padding: .8rem 1rem; overflow-x: auto; line-height: 1.5; font-size: .75rem; } /* 100 characters fit */
pre code { padding: 0; background: none; font-size: inherit; overflow-wrap: inherit; }
.code { background: var(--box); border: 1px solid var(--line); border-radius: 6px; margin: 1.1rem 0 .5rem; }
.outputs { margin: .5rem 0 1.4rem; }
.aside { margin: 1rem 0; padding: .1rem 0 .1rem .9rem; border-left: 3px solid var(--accent); color: var(--soft); font: .85rem/1.5 var(--sans); }
.aside p { margin: .3rem 0; }
@media (min-width: 60rem) { .aside { position: relative; z-index: 1; float: right; clear: right; width: 15rem; margin: .35rem 0 .75rem 1.5rem; } }
h2, .code, .outputs, .fold { clear: right; }
.outputs > pre { padding: .3rem 1rem; color: var(--soft); white-space: pre-wrap; overflow-wrap: anywhere; }
.outputs > pre.error { color: var(--red); border-left: 3px solid var(--red); }
.chart { margin: .9rem 0; overflow: auto hidden; border: 1px solid var(--line); border-radius: 8px; background: light-dark(#fff, #efeff0); }
.chart figcaption { position: sticky; left: 0; display: flex; gap: 1.25rem; justify-content: flex-end; padding: .1rem .75rem .35rem; font: .75rem/1.6 var(--sans); }
.chart figcaption :is(a, button) { color: var(--cardlink); }
.chart figcaption button { margin-right: auto; padding: 0; border: 0; background: none; font: inherit; text-decoration: underline; cursor: pointer; }
.chart figcaption button[hidden] { display: none; }
.card { position: relative; max-width: min(40rem, var(--drawn, 40rem)); margin: 0 auto; touch-action: pan-x pan-y pinch-zoom; }
.full .card { width: var(--drawn); max-width: none; }
.card:focus-visible { outline: none; }
.chart:has(.card:focus-visible) { outline: 2px solid var(--accent); outline-offset: 2px; }
.card::after { content: ""; position: absolute; inset: 0; background: var(--shade); pointer-events: none; }
.card img { display: block; width: 100%; height: auto; }
.card i { position: absolute; z-index: 1; width: 11px; height: 11px; margin: -5.5px; border: 2px solid #fff; border-radius: 50%; box-shadow: 0 0 0 1px #1f2328; pointer-events: none; }
.card output { position: absolute; z-index: 2; display: block; width: max-content; max-width: 18rem; padding: .35rem .6rem; border: 1px solid #c9ced6; border-left: 4px solid; border-radius: 5px; background: #fff; color: #1f2328; box-shadow: 0 2px 8px rgb(0 0 0 / .18); font: .75rem/1.4 var(--sans); pointer-events: none; }
.card [hidden] { display: none; }
.card output span { display: block; }
.card output span:first-child { font-weight: 700; }
.cell img { max-width: 100%; height: auto; }
.cell, .contents li, .pager a { position: relative; overflow: clip; overflow-clip-margin: .5rem; } /* no formula lies over its neighbors */
.cell:has(> .aside) { overflow: visible; } /* a note may hang below what it is beside */
:where(.cell:has(> .aside) > *) { overflow: clip; overflow-clip-margin: .5rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: .75rem 0; font-size: .9rem; }
th, td { padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: normal; }
td .katex { white-space: nowrap; }
.scroll:has(td pre) table, .scroll:has(td pre) tbody { display: block; width: auto; max-width: none; }
.scroll:has(td pre) tr { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(19rem, 100%), 1fr)); gap: 0 1rem; }
.scroll:has(td pre) :is(td, th) { min-width: 0; padding: 0; border: 0; }
@media (max-width: 48rem) { .scroll:has(td pre) tr:has(th) { display: none; } }
[align="right"] { text-align: right; }
td[align="right"] { white-space: nowrap; }
.katex { font-size: 1.1em; }
th { font-family: var(--sans); font-size: .8rem; color: var(--soft); }
blockquote { margin: 1rem 0; padding: 0 1rem; border-left: 3px solid var(--line); color: var(--soft); }
.math { display: block; overflow-x: auto; overflow-y: hidden; padding: .2rem 0; }
.math .katex-html:has(> .katex-tag) { display: flex; align-items: baseline; width: max-content; min-width: 100%; }
.math .katex-html:has(> .katex-tag)::before { content: ""; flex: 1 0 0; }
.math .katex-display > .katex > .katex-html > .katex-tag { position: static; flex: 1 0 0; min-width: max-content; padding-left: 1.5em; text-align: right; }
.hljs-keyword, .hljs-literal, .hljs-built_in { color: var(--keyword); }
.hljs-string, .hljs-template-variable { color: var(--string); }
.hljs-number { color: var(--number); }
.hljs-comment { color: var(--comment); font-style: italic; }
.hljs-title, .hljs-title.function_ { color: var(--accent); }
.contents { font: .85rem/1.45 var(--sans); padding: 1rem 1.25rem 0; max-width: 50rem; margin: 0 auto; }
.contents summary { cursor: pointer; font-weight: 600; color: var(--soft); }
.contents ol { list-style: none; margin: .5rem 0 0; padding: 0; }
.contents li { margin: .35rem 0; }
.contents .level-3 { padding-left: 1rem; }
.contents a { color: inherit; text-decoration: none; }
.contents a:hover { text-decoration: underline; }
.contents a[aria-current] { color: var(--accent); font-weight: 600; }
.pager { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .75rem; margin-top: 3rem; padding-top: 1.25rem; border-top: 1px solid var(--line); font: .9rem/1.4 var(--sans); }
.pager a { flex: 0 1 20rem; text-decoration: none; }
.pager a[rel="next"] { margin-left: auto; text-align: right; }
.pager small { display: block; color: var(--soft); }
footer { margin-top: 2rem; color: var(--soft); font: .8rem/1.5 var(--sans); }
@media (min-width: 70rem) {
  .layout { display: grid; grid-template-columns: 15rem minmax(0, 50rem); justify-content: center; column-gap: 2rem; }
  .layout main { grid-column: 2; margin: 0; width: 100%; }
  .contents { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto; margin: 0; padding: 2.75rem 0 2rem 1.25rem; }
}
@media (max-width: 40rem) {
  body { font-size: 16px; }
  main { padding: 1.5rem 1rem 2.5rem; }
  .bar, .contents { padding-left: 1rem; padding-right: 1rem; }
  h1 { font-size: 1.5rem; }
  .scroll table { width: max-content; max-width: 54rem; }
}
@media print {
  :root, :root[data-theme] { color-scheme: light; }
  main, .layout { display: block; max-width: none; padding: 0; }
  .bar, .contents, .pager, .trials, .anchor, .skip, .run, .chart figcaption { display: none; }
  .code, .chart, table { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  .full .card { width: auto; }
  .fold::details-content { content-visibility: visible; }
}
`;
