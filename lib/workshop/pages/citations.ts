/** How a page is cited: BibTeX of the papers that it follows, and of normkit. */
import { version } from "../../core/version.ts";
import { escapeHtml } from "./html.ts";

/** A paper, as BibTeX needs it. */
interface Paper {
  readonly key: string;
  readonly authors: string;
  readonly title: string;
  readonly year: number;
  /** The proceedings that it is in, where it is in any. */
  readonly venue?: string;
}

/** Papers by their number at arXiv. */
const papers: Readonly<Record<string, Paper>> = {
  "2002.04745": {
    key: "xiong2020layer",
    authors:
      "Xiong, Ruibin and Yang, Yunchang and He, Di and Zheng, Kai and Zheng, Shuxin and Xing, Chen and Zhang, Huishuai and Lan, Yanyan and Wang, Liwei and Liu, Tie-Yan",
    title: "On Layer Normalization in the Transformer Architecture",
    year: 2020,
    venue: "International Conference on Machine Learning",
  },
  "2203.00555": {
    key: "wang2022deepnet",
    authors:
      "Wang, Hongyu and Ma, Shuming and Dong, Li and Huang, Shaohan and Zhang, Dongdong and Wei, Furu",
    title: "{DeepNet}: Scaling Transformers to 1,000 Layers",
    year: 2022,
  },
  "2210.06423": {
    key: "wang2022foundation",
    authors:
      "Wang, Hongyu and Ma, Shuming and Huang, Shaohan and Dong, Li and Wang, Wenhui and Peng, Zhiliang and Wu, Yu and Bajaj, Payal and Singhal, Saksham and Benhaim, Alon and Patra, Barun and Liu, Zhun and Chaudhary, Vishrav and Song, Xia and Wei, Furu",
    title: "Foundation Transformers",
    year: 2022,
  },
  "2304.14802": {
    key: "xie2023residual",
    authors:
      "Xie, Shufang and Zhang, Huishuai and Guo, Junliang and Tan, Xu and Bian, Jiang and Awadalla, Hany Hassan and Menezes, Arul and Qin, Tao and Yan, Rui",
    title: "{ResiDual}: Transformer with Dual Residual Connections",
    year: 2023,
  },
  "2305.14858": {
    key: "jiang2023pre",
    authors: "Jiang, Zixuan and Gu, Jiaqi and Zhu, Hanqing and Pan, David Z.",
    title:
      "{Pre-RMSNorm} and {Pre-CRMSNorm} Transformers: Equivalent and Efficient {Pre-LN} Transformers",
    year: 2023,
    venue: "Advances in Neural Information Processing Systems",
  },
  "2412.13795": {
    key: "li2024mix",
    authors: "Li, Pengxiang and Yin, Lu and Liu, Shiwei",
    title: "{Mix-LN}: Unleashing the Power of Deeper Layers by Combining {Pre-LN} and {Post-LN}",
    year: 2024,
  },
  "2502.02732": {
    key: "kim2025peri",
    authors:
      "Kim, Jeonghoon and Lee, Byeongchan and Park, Cheonbok and Oh, Yeontaek and Kim, Beomjun and Yoo, Taehwan and Shin, Seongjin and Han, Dongyoon and Shin, Jinwoo and Yoo, Kang Min",
    title: "{Peri-LN}: Revisiting Normalization Layer in the Transformer Architecture",
    year: 2025,
    venue: "International Conference on Machine Learning",
  },
  "2502.05795": {
    key: "sun2025curse",
    authors:
      "Sun, Wenfang and Song, Xinyuan and Li, Pengxiang and Yin, Lu and Zheng, Yefeng and Liu, Shiwei",
    title: "The Curse of Depth in Large Language Models",
    year: 2025,
  },
  "2506.22049": {
    key: "chen2025gpas",
    authors:
      "Chen, Tianhao and Xu, Xin and Liu, Zijing and Li, Pengxiang and Song, Xinyuan and Jaiswal, Ajay Kumar and Zhang, Fan and Hu, Jishan and Wang, Yang and Chen, Hao and Diao, Shizhe and Liu, Shiwei and Li, Yu and Yin, Lu and Yang, Can",
    title:
      "{GPAS}: Accelerating Convergence of {LLM} Pretraining via Gradient-Preserving Activation Scaling",
    year: 2025,
    venue: "Advances in Neural Information Processing Systems",
  },
};

const entry = (kind: string, key: string, fields: Readonly<Record<string, string>>): string => {
  const lines = Object.entries(fields).map(([name, value]) => `  ${name} = {${value}},`);
  return [`@${kind}{${key},`, ...lines, "}"].join("\n");
};

function paperEntry(number: string, { key, authors, title, year, venue }: Paper): string {
  return entry(venue === undefined ? "misc" : "inproceedings", key, {
    ...{ author: authors, title, year: String(year) },
    ...(venue === undefined ? {} : { booktitle: venue }),
    ...{ eprint: number, archivePrefix: "arXiv" },
  });
}

/**
 * BibTeX for a page.
 *
 * @param text The page's text, in which papers are named by their numbers at arXiv.
 * @param title What the page is called.
 * @returns An entry for each of these papers that is known, and one for normkit with the page as its note.
 */
export function bibtex(text: string, title: string): string {
  const numbers = new Set(
    [...text.matchAll(/arxiv\.org\/abs\/(\d{4}\.\d{4,5})/g)].map(([, at]) => at!),
  );
  const own = entry("software", "normkit", {
    author: "{the normkit authors}",
    title: "normkit: {Transformer} normalization and residual design, side by side",
    ...{ version, year: "2026", note: `Notebook: ${title.replaceAll(/[{}\\$]/g, "")}` },
  });
  const known = [...numbers].filter((number) => Object.hasOwn(papers, number));
  return [...known.map((number) => paperEntry(number, papers[number]!)), own].join("\n\n");
}

/**
 * The end of a page that says how to cite it.
 *
 * @param entries BibTeX.
 * @returns HTML.
 */
export function citationHtml(entries: string): string {
  const href = `data:application/x-bibtex;charset=utf-8,${
    encodeURIComponent(entries).replaceAll("'", "%27")
  }`;
  const whose = /^@(?!software)/m.test(entries)
    ? "The papers of this page, and normkit."
    : "normkit.";
  return `<section class="cite" aria-labelledby="page:cite">
<h2 id="page:cite">Cite</h2>
<p>${whose} <a download="normkit.bib" href="${escapeHtml(href)}">Save as BibTeX</a></p>
<div class="code"><pre tabindex="0" aria-label="BibTeX"><code>${
    escapeHtml(entries)
  }</code></pre></div>
</section>`;
}
