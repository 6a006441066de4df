/**
 * A notebook by somebody who means harm: each way into a page that is known to us. What runs calls `window.__x`, what loads asks for
 * `beacon.invalid`.
 */
import type { Cell, Notebook, Output } from "../../lib/workshop/jupyter/notebook_file.ts";

/** The host that no page may ask for anything. */
export const beacon = "beacon.invalid";

const png =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=";
const marksType = "application/vnd.normkit.marks+json";
const marks = {
  size: [10, 10],
  x: "x",
  y: "y",
  series: [{ name: "s", color: "#ff0000", points: "1|1|1|1" }],
};

/** A script that leaves a name behind. */
const leave = (name: string): string => `top.__x=(top.__x||'')+' ${name}'`;
const image = (name: string): string => `<img src=x onerror="${leave(name)}">`;
const script = (name: string): string => `<script>${leave(name)}</script>`;

/** HTML that must not do what it says, by the way that it takes. */
export const hostileHtml: readonly string[] = [
  script("script"),
  image("onerror"),
  `<svg onload="${leave("svg-onload")}"></svg>`,
  `<svg><script>${leave("svg-script")}</script><a xlink:href="javascript:${
    leave("svg-a")
  }"><text>t</text></a></svg>`,
  `<svg><animate attributeName=href values="javascript:${leave("animate")}" /><set onbegin="${
    leave("set")
  }" /></svg>`,
  `<svg><foreignObject>${image("foreign-object")}</foreignObject></svg>`,
  `<svg></p><style><a id="</style>${image("mutation-style")}">`,
  `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;${
    image("mutation-math")
  }"></table>`,
  `<math href="javascript:${
    leave("math-href")
  }">m</math><maction actiontype=statusline xlink:href="javascript:1">m</maction>`,
  `<noscript><p title="</noscript>${image("noscript")}">`,
  `<template>${image("template")}</template><xmp>${image("xmp")}</xmp>`,
  `<textarea><img title="</textarea>${image("textarea")}"></textarea>`,
  `<title>${image("title")}</title>`,
  `<!--><img src=x onerror="${leave("comment")}">--><![CDATA[<p>]]>${image("cdata")}`,
  `<iframe srcdoc="<script>${
    leave("srcdoc")
  }</script>"></iframe><iframe src="http://${beacon}/frame"></iframe>`,
  `<object data="http://${beacon}/object"></object><embed src="http://${beacon}/embed"><applet code=x></applet>`,
  `<video src="http://${beacon}/video" poster="http://${beacon}/poster" onerror="${
    leave("video")
  }" autoplay></video><audio src="http://${beacon}/audio" autoplay></audio>`,
  `<details open ontoggle="${leave("toggle")}"><summary>s</summary></details>`,
  `<input autofocus onfocus="${leave("focus")}"><button formaction="javascript:${
    leave("formaction")
  }">b</button>`,
  `<form action="http://${beacon}/form" id=f><input name=querySelector></form><button form=f>b</button>`,
  `<img name=querySelector src=data:,><img name=documentElement><form name=body></form><a id=querySelector name=querySelector>`,
  `<p class="theme card" id="page:main" tabindex=0>a</p><p id="cell-id=c">b</p><p id="main">c</p>`,
  `<a href="javascript:${
    leave("link")
  }">a</a><a href="java\tscript:1">b</a><a href=" &#1;javascript:1">c</a>`,
  `<a href="JaVaScRiPt:1">a</a><a href="data:text/html,<script>1</script>">b</a><a href="vbscript:x">c</a><a href="blob:x">d</a>`,
  `<a href="&#x6A;avascript&colon;1">a</a><a href="java&Tab;script&NewLine;:1">b</a><a href="file:///etc/passwd">c</a>`,
  `<a href="//${beacon}/x" target=_blank ping="http://${beacon}/ping">a</a><a href="\\\\${beacon}\\x">b</a>`,
  `<area href="javascript:1"><map name=m></map><isindex action="javascript:1">`,
  `<img src="http://${beacon}/image"><img srcset="http://${beacon}/srcset 1x"><picture><source srcset="http://${beacon}/source"></picture>`,
  `<img src="data:text/html,<script>1</script>"><img src="//${beacon}/schemeless"><img src="&#104;ttp://${beacon}/entity">`,
  `<table background="http://${beacon}/background"><tr><td background="http://${beacon}/td">t</td></tr></table>`,
  `<p style="background:url(http://${beacon}/style);position:fixed;inset:0">p</p>`,
  `<style>@import "http://${beacon}/import"; body{display:none} p{background:url(http://${beacon}/sheet)}</style>`,
  `<link rel=stylesheet href="http://${beacon}/link"><link rel=prefetch href="http://${beacon}/prefetch"><link rel=dns-prefetch href="//${beacon}">`,
  `<base href="http://${beacon}/">`,
  `<script src="http://${beacon}/script"></script><script type=module>import "http://${beacon}/module"</script>`,
  `</div></main></body></html>${script("after-the-end")}`,
  `<p onclick\u00a0="1" \u2028onmouseover="1" ONPOINTERENTER=1 x onerror\f=1>p</p>`,
  `\u202e<\u200bscript>${leave("unicode")}</script>＜script＞1＜/script＞`,
  `<b x='">${image("quote")}'>b</b><b "onload='1'" y=\`${image("tick")}\`>b</b>`,
  `<math-inline>\\href{javascript:1}{x}</math-inline><math-display><img src=x onerror="${
    leave("formula")
  }"></math-display>`,
  `<math-inline>&lt;/span&gt;${image("formula-text")}</math-inline>`,
  `<div contenteditable onbeforeinput=1 popover id=p><dialog open>d</dialog></div><marquee onstart="${
    leave("marquee")
  }">m</marquee>`,
  `<plaintext>${image("plaintext")}`,
];

/** What would take the reader elsewhere, which no policy can forbid. */
export const redirect = `<meta http-equiv="refresh" content="0;url=http://${beacon}/refresh">`;

const hostileMarkdown: readonly string[] = [
  `# T ${image("heading")}`,
  `[a](javascript:1) [b](<javascript:1>) [c](JaVaScRiPt:1 "t") ![d](javascript:1) <javascript:1>`,
  `[a](https://x.example/"onmouseover="1) ![al"onerror="1](x.png "ti\\"onerror=1")`,
  `![${beacon}](http://${beacon}/markdown-image) [![b](//${beacon}/badge)](https://x.example)`,
  `![$x$ <img src=x onerror=1>](data:image/png;base64,${png}) ![s](data:image/svg+xml,<svg/onload=1>)`,
  `[r]\n\n[r]: javascript:1 "t"`,
  '```"><img src=x onerror=1>\ncode\n```\n\n```__proto__\nx\n```',
  `$\\href{javascript:1}{x}$ $\\url{javascript:1}$ $\\htmlData{a=b}{x}$ $\\htmlStyle{color:red}{x}$ $\\includegraphics{http://${beacon}/tex}$`,
  `$<script>1</script>$ $$\\text{</span>${
    image("text")
  }}$$ $\\rule{9999em}{9999em}$ $\\color{red;background:url(http://${beacon}/color)}{x}$`,
  `| a |\n|---|\n| ${image("table")} |`,
  `<h2>${
    script("own-heading")
  }x</h2>\n\n## <a name="x" href="javascript:1">y</a> & "z"\n\n### three\n\n### four`,
];

const display = (
  data: Record<string, unknown>,
  metadata: Record<string, unknown> = {},
): Output => ({ output_type: "display_data", data, metadata });

const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="5" height="5" aria-label="&quot;&gt;${
  image("svg-label").replaceAll("<", "&lt;").replaceAll('"', "&quot;")
}" onload="${leave("own-svg-onload")}"><script>${leave("own-svg-script")}</script>
<image href="http://${beacon}/svg-image" width="5" height="5"/>
<foreignObject><body xmlns="http://www.w3.org/1999/xhtml">${
  image("own-svg-foreign").replace(">", "/>")
}</body></foreignObject></svg>`;

const breakOut = (name: string): string => `1" onload="${leave(name)}" x="`;

const hostileOutputs: readonly Output[] = [
  ...hostileHtml.map((html) => display({ "text/html": html })),
  display({ "text/html": redirect }),
  display({ "text/markdown": script("output-markdown") }),
  display({ "text/latex": `\\href{javascript:1}{x} ${image("latex")}` }),
  display({ "text/plain": script("plain") }),
  display({ "image/svg+xml": svg, "text/plain": "a picture" }),
  display({ "image/svg+xml": `<svg onload="1" width="${breakOut("svg-width")}">` }),
  display({ "image/png": `${png}${breakOut("png")}`, "text/plain": "p" }),
  display({ "image/png": png, "text/plain": `p" onfocus="${leave("alt")}" autofocus="` }, {
    "image/png": { width: breakOut("width"), height: 1 },
  }),
  display({ "image/png": png, "text/plain": "p" }, {
    "image/png": { width: "2;background:url(http://" + beacon + "/width)", height: "1" },
  }),
  display({
    "image/png": png,
    "text/plain": 'p" autofocus="',
    [marksType]: { ...marks, x: `</script>${script("marks")}<!--<script>` },
  }, { "image/png": { width: 10, height: 10 } }),
  display({
    "image/png": png,
    "text/plain": "p",
    [marksType]: {
      ...marks,
      series: [{
        name: image("tip-name"),
        color: `red;background:url(http://${beacon}/tip)`,
        points: "1|1|<b>|<i>",
      }],
    },
  }),
  display({
    "image/png": png,
    "text/plain": "p",
    [marksType]: {
      ...marks,
      series: [{ name: "s", color: `url(http://${beacon}/color)`, points: "1|1|1|1" }],
    },
  }),
  display({ "image/png": png, "text/plain": "p", [marksType]: { size: [1, 1], series: [{}] } }),
  display({ "image/png": { a: 1 }, "text/html": 7, "text/plain": ["p", "q"] }),
  {
    output_type: "stream",
    name: "stdout",
    text: `${script("stream")}\u001b[31m\u001b]8;;javascript:1\u0007link\u001b]8;;\u0007`,
  },
  { output_type: "error", ename: "E", evalue: "v", traceback: [script("traceback")] },
];

/** The notebook. */
export const hostileNotebook: Notebook = {
  cells: [
    ...[...hostileMarkdown, ...hostileHtml, redirect].map((source, index): Cell => ({
      cell_type: "markdown",
      id: `m${index}`,
      metadata: {},
      source,
    })),
    ...hostileOutputs.map((output, index): Cell => ({
      cell_type: "code",
      id: `"><img src=x onerror="${leave(`cell-id-${index}`)}">`,
      metadata: {},
      source: `// </code></pre>${script("source")}`,
      outputs: [output],
    })),
  ],
  metadata: { title: script("metadata") },
  nbformat: 4,
  nbformat_minor: 5,
};
