/** The style of notebook pages: one quiet column, light, fit for phones and paper. */
export const pageStyle = `
:root { color-scheme: light; --ink: #1c1f24; --soft: #5b6470; --line: #e3e6ea; --box: #f6f7f9; --accent: #2f5fb3; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: #fff; color: var(--ink); font: 17px/1.6 "Charter", "Bitstream Charter", "Georgia", serif; }
main { max-width: 46rem; margin: 0 auto; padding: 3rem 1.25rem 5rem; }
h1, h2, h3 { font-family: "Inter", "Helvetica Neue", Arial, sans-serif; line-height: 1.25; text-wrap: balance; }
h1 { font-size: 1.9rem; margin: 0 0 1rem; }
h2 { font-size: 1.3rem; margin: 2.75rem 0 .75rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; }
p, ul, ol { margin: .75rem 0; }
a { color: var(--accent); }
code, pre { font-family: "JetBrains Mono", "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .8rem; }
p code, li code, td code { background: var(--box); padding: .1em .3em; border-radius: 3px; }
pre { margin: 0; padding: .8rem 1rem; overflow-x: auto; line-height: 1.5; white-space: pre-wrap; overflow-wrap: anywhere; }
.code { background: var(--box); border: 1px solid var(--line); border-radius: 6px; margin: 1.1rem 0 .5rem; }
.outputs { margin: .5rem 0 1.4rem; }
.outputs > pre { padding: .3rem 1rem; color: var(--soft); white-space: pre-wrap; }
.outputs > pre.error { color: #a3261b; border-left: 3px solid #d9534a; }
.outputs figure { margin: .5rem 0; }
.outputs img { display: block; max-width: 100%; height: auto; margin: 0 auto; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: .75rem 0; font-size: .9rem; }
th, td { padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-family: "Inter", "Helvetica Neue", Arial, sans-serif; font-size: .8rem; color: var(--soft); }
blockquote { margin: 1rem 0; padding: 0 1rem; border-left: 3px solid var(--line); color: var(--soft); }
.math { display: block; overflow-x: auto; overflow-y: hidden; padding: .2rem 0; }
.hljs-keyword, .hljs-literal, .hljs-built_in { color: #7a3e9d; }
.hljs-string, .hljs-template-variable { color: #2c7a3f; }
.hljs-number { color: #a05a00; }
.hljs-comment { color: #7b848f; font-style: italic; }
.hljs-title, .hljs-title.function_ { color: #2f5fb3; }
@media (max-width: 40rem) { body { font-size: 16px; } main { padding: 1.5rem 1rem 3rem; } h1 { font-size: 1.5rem; } }
@media print { main { max-width: none; padding: 0; } .code, figure, table { break-inside: avoid; } }
`;
