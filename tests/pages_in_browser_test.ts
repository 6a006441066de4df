// The pages that compute in a real browser, on a plain file server and without a network: what they load, whether all can use them,
// and whether they compute what the library does. Without Chromium on the machine the tests are ignored, by name; CI installs it.

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import type { Page } from "puppeteer-core";
import { convert, openModel, saveModel } from "../lib/convert/mod.ts";
import { checkout } from "../lib/workshop/checkout.ts";
import { appPages } from "../lib/workshop/web/frame.ts";
import { readExperiment } from "../lib/workshop/web/laboratory/address.ts";
import { initialExperiment } from "../lib/workshop/web/laboratory/choices.ts";
import { settingsOf } from "../lib/workshop/web/laboratory/trial.ts";
import { appFolder } from "../lib/workshop/web/pages.ts";
import { disposeTree, makeCorpus, type Row, train, useBackend } from "../mod.ts";
import { isolating, serveFiles } from "./support/file_server.ts";
import { swiftShader } from "./support/page_tests.ts";
import {
  bothEnded,
  faultsForSome,
  files,
  firstPage,
  ignore,
  savedNumbers,
  textOf,
  type Visit,
  visit,
  where,
} from "./support/site_pages.ts";

/** A short training of two small designs. */
const short =
  "laboratory.html?variant=pre-ln,deep-norm&gpas=yes,no&norm=layer,rms&depth=3,2&rate=0.01&warmup=1,4" +
  "&size=small&steps=8&seed=3&device=wasm";

/** Gives files to the page that converts, and waits for its answer. */
async function giveModel(page: Page, paths: readonly string[]): Promise<void> {
  const input = await page.$("input[multiple]");
  await (input as unknown as { uploadFile(...paths: string[]): Promise<void> })
    .uploadFile(...paths);
  await page.waitForFunction(
    () =>
      document.querySelector("#opened:not([hidden])") !== null ||
      document.querySelector(".notes")!.textContent !== "",
    { timeout: 60_000 },
  );
}

const filesOf = (folder: string): string[] =>
  [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`);

const golden = `${checkout}/tests/golden/checkpoints/gpt2`;

async function convertTo(page: Page, target: string): Promise<void> {
  await page.click(`.offers li:has(button) button::-p-text(Convert to ${target})`);
  await page.waitForFunction(
    () =>
      document.querySelector("#converted:not([hidden])") !== null ||
      document.querySelector(".notes")!.textContent !== "",
    { timeout: 120_000 },
  );
}

for (const [width, dark] of [[1280, false], [390, true]] as const) {
  const scheme = dark ? "dark" : "light";
  Deno.test({
    name: `axe-core finds nothing, and nothing is wider than ${width} pixels, ${scheme} (${where})`,
    ignore,
    fn: async () => {
      const check = async ({ page, faults }: Visit, address: string): Promise<void> => {
        assertEquals(await faultsForSome(page), [], address);
        const overflow = await page.evaluate(() =>
          document.documentElement.scrollWidth - document.documentElement.clientWidth
        );
        assertEquals([overflow, faults], [0, []], address);
      };
      for (const address of ["index.html", firstPage]) {
        await visit(address, (visit) => check(visit, address), { width, dark });
      }
      for (const address of ["gallery.html", "figures.html"]) {
        await visit(address, (visit) => check(visit, address), { width, dark });
      }
      await visit("search.html?q=norm", (visit) => check(visit, "search.html"), { width, dark });
      await visit(short, async (visit) => {
        await check(visit, "the laboratory, before the click");
        await visit.page.click("[type=submit]");
        await bothEnded(visit.page);
        await check(visit, "the laboratory, after it");
      }, { width, dark });
      await visit("convert.html", async (visit) => {
        await check(visit, "convert.html, before a model");
        await giveModel(visit.page, filesOf(golden));
        await convertTo(visit.page, "pre-rmsnorm");
        await check(visit, "convert.html, with one converted");
      }, { width, dark });
    },
  });
}

Deno.test({
  name:
    `the search finds sections as words are typed, by keyboard alone, and leads there (${where})`,
  ignore,
  fn: async () => {
    await visit("search.html", async ({ page, faults, requests }) => {
      await page.keyboard.type("rmsn");
      assertEquals(await textOf(page, "#status"), "1 section:");
      assertStringIncludes(await textOf(page, "#found"), "</script><b>RMSNorm</b>");
      assertMatch(page.url(), /\?q=rmsn$/);
      await page.keyboard.down("Control");
      await page.keyboard.press("a");
      await page.keyboard.up("Control");
      await page.keyboard.type("warm up");
      assertEquals(
        await page.$$eval("#found a", (links) => links.map((link) => link.getAttribute("href"))),
        ["index.html#a"],
      );
      await page.keyboard.type("zzzzz qqqqq");
      assertStringIncludes(await textOf(page, "#status"), "1 section");
      await page.$eval("#query", (input) => {
        (input as HTMLInputElement).value = "qqqqq";
        input.dispatchEvent(new Event("input"));
      });
      assertEquals(await textOf(page, "#status"), "Nothing has qqqqq");
      assertEquals(faults, []);
      assertEquals(requests.filter((request) => !/search\.html|^data:/.test(request)), []);
    });
  },
});

Deno.test({
  name: `pages load less than 2 MB, less than 6 MB to train, and ask no other host (${where})`,
  ignore,
  fn: async () => {
    for (const { address } of appPages) {
      await visit(address, async ({ page, server, requests }) => {
        const before = server.sent();
        assert(before > 10_000 && before < 2e6, `${address}: ${before} bytes before a click`);
        if (address.startsWith("laboratory")) {
          await page.click("[type=submit]");
          await page.waitForFunction(
            () => document.querySelector("[data-shows=loss] svg") !== null,
            {
              timeout: 60_000,
            },
          );
        }
        if (address.startsWith("convert")) {
          await giveModel(page, filesOf(golden));
          await convertTo(page, "pre-crmsnorm");
        }
        const after = server.sent();
        assert(after < 6e6, `${address}: ${after} bytes after clicks`);
        const others = requests.filter((request) =>
          !request.startsWith(server.address) && !/^(?:data|blob):/.test(request)
        );
        assertEquals(others, []);
      });
    }
  },
});

Deno.test({
  name: `a page and its worker may reach no other host (${where})`,
  ignore,
  fn: async () => {
    await using other = serveFiles(new Map([["a.txt", "a"]]));
    const ask = (address: string): Promise<string> =>
      fetch(address, { mode: "no-cors" }).then(() => "reached", () => "refused");
    await visit("convert.html", async ({ page, server }) => {
      await page.waitForFunction(() => document.querySelector(".status")!.textContent === "");
      const [worker] = page.workers();
      for (const place of [page, worker!]) {
        assertEquals(await place.evaluate(ask, `${server.address}gallery.html`), "reached");
        assertEquals(await place.evaluate(ask, `${other.address}a.txt`), "refused");
      }
      assertEquals(other.sent(), 0);
    });
  },
});

/** The losses of a training by the library itself, in this process. */
async function lossesHere(address: string, text: string): Promise<number[][]> {
  await useBackend("wasm");
  const { experiment } = readExperiment(address.split("?")[1]!, initialExperiment(true));
  const corpus = makeCorpus(text);
  const losses: number[][] = [];
  for (const design of experiment.designs) {
    const { parameters, record } = await train(settingsOf(design, experiment.shared), corpus);
    disposeTree(parameters);
    losses.push(
      record.rows.filter(({ kind }: Row) => kind === "step").map(({ loss }: Row) => Number(loss)),
    );
  }
  return losses;
}

for (
  const { device, says, ...sight } of [
    { device: "wasm", says: /^WebAssembly .*1 thread/ },
    { device: "wasm", says: /^WebAssembly .*relaxed SIMD/, headers: isolating },
    { device: "webgpu", says: /^WebGPU /, flags: swiftShader },
  ]
) {
  const how = "headers" in sight ? ", cross-origin isolated" : "";
  Deno.test({
    name:
      `two designs train on ${device}${how} as the library does, and leave no tensor (${where})`,
    ignore,
    fn: async () => {
      const text = files.get(`${appFolder}/moby_dick.txt`) as string;
      const expected = await lossesHere(short, text);
      await visit(short.replace("device=wasm", `device=${device}`), async ({ page, faults }) => {
        const tensors: number[][] = [];
        for (let round = 0; round < 2; round++) {
          await page.click("[type=submit]");
          await page.waitForFunction(() => document.querySelector(".save[hidden]") !== null);
          await bothEnded(page);
          const { runs } = await savedNumbers(page);
          runs.forEach(({ losses, device }, side) => {
            assertMatch(device, says);
            assertEquals(losses.map(({ x }) => x), expected[side]!.map((_, at) => at + 1));
            losses.forEach(({ value }, at) =>
              assertAlmostEquals(value, expected[side]![at]!, 1e-4, `step ${at + 1} of ${side}`)
            );
          });
          tensors.push(runs.map((run) => run.tensors));
        }
        assertEquals(tensors[0], tensors[1]);
        assertEquals(faults, []);
        assertStringIncludes(await textOf(page, ".status"), "A: Pre-LN + GPAS");
      }, sight);
    },
  });
}

Deno.test({
  name: `the laboratory's address holds the choices, and what it cannot use is said (${where})`,
  ignore,
  fn: async () => {
    await visit(short, async ({ page }) => {
      const values = await page.$$eval(
        "select, input",
        (controls) => controls.map((control) => (control as HTMLInputElement).value),
      );
      assertEquals(values, [
        ...["pre-ln", "yes", "layer", "3", "0.01", "1"],
        ...["deep-norm", "no", "rms", "2", "0.01", "4"],
        ...["small", "8", "3", "wasm"],
      ]);
      await page.select(".design [name=variant]", "peri-ln");
      await page.waitForFunction(() => location.search.includes("variant=peri-ln,deep-norm"));
      assertStringIncludes(page.url(), "depth=3,2");
    });
    const wrong =
      "laboratory.html?variant=pre-ln,best&depth=1e9&rate=&seed=-1&colour=red&size=%00<b>";
    await visit(wrong, async ({ page, faults }) => {
      const said = (await textOf(page, ".notes")).split("\n").filter((line) => line !== "");
      assertEquals(said.length, 6, said.join("\n"));
      assertStringIncludes(said[0]!, "Cannot use variant of design B");
      assertStringIncludes(said.at(-2)!, "colour");
      assertEquals(faults, []);
      await page.$eval(".design [name=depth]", (control) => {
        (control as HTMLInputElement).value = "0";
      });
      await page.click("[type=submit]");
      assertStringIncludes(await textOf(page, ".notes"), "depth of design A = 0");
      assertEquals(await page.$(".results:not([hidden])"), null);
    });
  },
});

Deno.test({
  name: `the keyboard alone starts, stops and reads the laboratory (${where})`,
  ignore,
  fn: async () => {
    await visit(short.replace("steps=8", "steps=2000"), async ({ page }) => {
      const focused = (): Promise<string> =>
        page.evaluate(() => document.activeElement!.id || document.activeElement!.textContent!);
      const tabTo = async (name: string): Promise<void> => {
        for (let presses = 0; presses < 40; presses++) {
          await page.keyboard.press("Tab");
          if (await focused() === name) return;
        }
        throw new Error(`The Tab key does not reach ${name}`);
      };
      await tabTo("Start");
      await page.keyboard.press("Enter");
      await page.waitForFunction(
        () => document.querySelector("[data-shows=variance] svg") !== null,
        {
          timeout: 60_000,
        },
      );
      await tabTo("Stop");
      await page.keyboard.press("Enter");
      await bothEnded(page);
      assertStringIncludes(await textOf(page, ".status"), "Stopped by the caller");
      await page.focus("[data-shows=loss] .card");
      await page.keyboard.press("ArrowRight");
      assertStringIncludes(
        await textOf(page, "[data-shows=loss] output"),
        "Loss (nats per character)",
      );
    });
  },
});

Deno.test({
  name: `a checkpoint is converted in the page to the bytes that the library writes (${where})`,
  ignore,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      using model = await openModel(golden);
      await saveModel(`${folder}/expected`, convert(model, { to: "pre-rmsnorm" }));
      const expected = await Deno.readFile(`${folder}/expected/model.safetensors`);
      await visit("convert.html", async ({ page, faults }) => {
        await giveModel(page, filesOf(golden));
        assertStringIncludes(await textOf(page, "#inspection"), "GPT-2 (gpt2)");
        await convertTo(page, "pre-rmsnorm");
        assertStringIncludes(await textOf(page, "#certificate"), "PASSED");
        const session = await page.createCDPSession();
        await session.send("Browser.setDownloadBehavior", {
          behavior: "allow",
          downloadPath: folder,
        });
        await page.click("#downloads a[download='model.safetensors']");
        const path = `${folder}/model.safetensors`;
        for (let tries = 0; tries < 100; tries++) {
          if (await Deno.stat(path).then(({ size }) => size === expected.length, () => false)) {
            break;
          }
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        assertEquals(await Deno.readFile(path), expected);
        assertEquals(faults, []);
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name:
    `what cannot be converted is refused in the library's words, and another model works (${where})`,
  ignore,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${folder}/config.json`, '{"model_type": "gpt2"');
      await visit("convert.html", async ({ page, faults }) => {
        await giveModel(page, [`${folder}/config.json`]);
        const said = await textOf(page, ".notes");
        assertMatch(said, /^Cannot read config\.json: /);
        assertEquals(await page.$("#opened:not([hidden])"), null);
        await giveModel(page, filesOf(golden));
        assertStringIncludes(await textOf(page, "#inspection"), "GPT-2 (gpt2)");
        assertEquals(faults, []);
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: `a backend that a browser lacks is refused with what its user can do (${where})`,
  ignore,
  fn: async () => {
    await visit(short.replace("device=wasm", "device=webgpu"), async ({ page }) => {
      await page.click("[type=submit]");
      await bothEnded(page);
      const said = await textOf(page, ".status");
      assertStringIncludes(said, "failed. Cannot use the webgpu backend");
      assertStringIncludes(said, "hardware acceleration in the browser's settings");
      assert(!said.includes("Mesa"), said);
    }, { flags: ["--disable-features=WebGPU", "--disable-gpu"] });
  },
});

Deno.test({
  name: `a laboratory whose GPU is lost says so, and Start goes on with a new one (${where})`,
  ignore,
  fn: async () => {
    const trains = (page: Page): Promise<unknown> =>
      page.waitForFunction(
        () => /(?:training on WebGPU[^]*){2}/.test(document.querySelector(".status")!.textContent),
        { timeout: 240_000 },
      );
    await visit(
      "laboratory.html?depth=1&size=small&steps=2000&device=webgpu",
      async ({ page, faults }) => {
        await page.click("[type=submit]");
        await trains(page);
        const browser = await page.browser().target().createCDPSession();
        const crash = browser.send("Browser.crashGpuProcess");
        await bothEnded(page);
        await crash;
        const said = await textOf(page, ".status");
        assertMatch(said, /(?:failed\. The GPU device was lost[^]*Start trains again[^]*){2}/);
        await page.click("[type=submit]");
        await trains(page);
        assertEquals(faults, []);
      },
      { flags: swiftShader },
    );
  },
});
