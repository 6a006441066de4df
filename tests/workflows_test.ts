// The workflows of .github: they are what GitHub takes, and their steps do what they say, against a registry on this machine.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parse } from "@std/yaml";
import { validateWorkflow } from "@action-validator/core";
import { settingsFile } from "../lib/workshop/jsr.ts";
import { checkout } from "../lib/workshop/checkout.ts";

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
}

interface Job {
  readonly uses?: string;
  readonly needs?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly container?: string;
  readonly steps?: readonly Step[];
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const folder = `${checkout}/.github/workflows`;
const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
const textOf = (name: string): string => Deno.readTextFileSync(`${folder}/${name}`);
const workflow = (name: string): Workflow => parse(textOf(name)) as Workflow;

/** What is wrong with a workflow's text, by its path. */
const complaints = (text: string): string[] =>
  validateWorkflow(text).errors.map((error) => ("path" in error ? error.path : error.code) ?? "");

Deno.test("the workflows are what GitHub's schema says, and wrong ones are found", () => {
  assertEquals(names, ["ci.yml", "publish.yml"]);
  for (const name of names) assertEquals(complaints(textOf(name)), [], name);
  const broken = [
    ["runs-on: ubuntu-24.04", "run-on: ubuntu-24.04"],
    ["id-token: write", "id-token: wrote"],
    ["needs: test", "needs: tests"],
    ["  release:", "  released:"],
  ] as const;
  for (const [right, wrong] of broken) {
    const text = textOf("publish.yml").replace(right, wrong);
    assertStringIncludes(text, wrong);
    assert(complaints(text).length > 0, wrong);
  }
});

Deno.test("CI runs .ci/run on the checkout, without a right to write", () => {
  const { permissions, jobs } = workflow("ci.yml");
  assertEquals(permissions, { contents: "read" });
  assertEquals(jobs["test"]!.steps, [{ uses: "actions/checkout@v4" }, { run: ".ci/run" }]);
});

Deno.test("a release is tested and published with provenance, by the Deno of .ci/run", async () => {
  const { jobs } = workflow("publish.yml");
  assertEquals(jobs["test"], { uses: "./.github/workflows/ci.yml" });
  const publish = jobs["publish"]!;
  assertEquals(publish.needs, "test");
  assertEquals(publish.permissions, { contents: "read", "id-token": "write" });
  const [, version] = /^deno_version=(.*)$/m.exec(await Deno.readTextFile(`${checkout}/.ci/run`))!;
  const runs = publish.steps!.map(({ run }) => run ?? "");
  const at = runs.indexOf(`npx -y deno@${version} publish`); // provenance is its default there
  assert(at > runs.indexOf(`npx -y deno@${version} task score`), "the score is computed before");
  assertEquals(
    runs.join("\n").match(/deno@[\d.]+/g)!.filter((one) => one !== `deno@${version}`),
    [],
  );
});

/** What a step has sent, and how it has ended. */
interface Ran {
  readonly code: number;
  readonly out: string;
  readonly requests: readonly {
    readonly call: string;
    readonly token: string | null;
    body: string;
  }[];
}

/** Runs a step of publish.yml as GitHub does, against a registry that answers everything with the same. */
async function runStep(
  name: string,
  env: Readonly<Record<string, string>>,
  answer: Response = Response.json({}),
): Promise<Ran> {
  const { run } = workflow("publish.yml").jobs["publish"]!.steps!.find((step) =>
    step.name === name
  )!;
  const requests: Ran["requests"][number][] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      requests.push({
        call: `${request.method} ${new URL(request.url).href.replace(/^.*?:\d+/, "")}`,
        token: request.headers.get("authorization"),
        body: await request.text(),
      });
      return answer.clone();
    },
  );
  const temporary = await Deno.makeTempDir();
  try {
    const { code, stdout } = await new Deno.Command("bash", {
      args: ["--noprofile", "--norc", "-eo", "pipefail", "-c", run!],
      cwd: checkout,
      env: { PACKAGE: `http://127.0.0.1:${server.addr.port}`, RUNNER_TEMP: temporary, ...env },
    }).output();
    return { code, out: new TextDecoder().decode(stdout), requests };
  } finally {
    await server.shutdown();
    await Deno.remove(temporary, { recursive: true });
  }
}

const has = (program: string): boolean =>
  new Deno.Command("bash", { args: ["-c", `command -v ${program}`], stdout: "null" }).outputSync()
    .success;

/** A test that runs steps, where there are the programs that GitHub's runners have. */
function stepTest(name: string, test: () => Promise<void>): void {
  Deno.test({ name, ignore: !["curl", "jq"].every(has), fn: test });
}

const setting = "Description and runtimes, from .github/jsr.json";

stepTest("publishing tells JSR the description and the runtimes of .github/jsr.json", async () => {
  const { description, runtimeCompat } = JSON.parse(
    await Deno.readTextFile(`${checkout}/${settingsFile}`),
  );
  const { code, requests } = await runStep(setting, { JSR_TOKEN: "jsrp_1" });
  assertEquals(code, 0);
  assertEquals(requests.map(({ call, token }) => [call, token]), [
    ["PATCH /", "Bearer jsrp_1"],
    ["PATCH /", "Bearer jsrp_1"],
  ]);
  assertEquals(requests.map(({ body }) => JSON.parse(body)), [{ description }, { runtimeCompat }]);
});

stepTest(
  "publishing fails where JSR refuses the settings, and warns where there is no token",
  async () => {
    const refused = await runStep(
      setting,
      { JSR_TOKEN: "none" },
      new Response("{}", { status: 401 }),
    );
    assert(refused.code !== 0);
    const { code, out, requests } = await runStep(setting, { JSR_TOKEN: "" });
    assertEquals([code, requests], [0, []]);
    assertStringIncludes(out, "::warning::");
  },
);

stepTest("publishing fails unless JSR gives all points", async () => {
  const scored = (total: number): Promise<Ran> =>
    runStep("All points", {}, Response.json({ total, hasProvenance: total === 18 }));
  const { code, requests } = await scored(18);
  assertEquals([code, requests.map(({ call }) => call)], [0, ["GET /score"]]);
  assert((await scored(17)).code !== 0);
});

stepTest("a release is published only under the tag of its version", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(`${checkout}/deno.json`));
  const tagged = (tag: string): Promise<Ran> =>
    runStep("The tag is the version of deno.json", { GITHUB_REF_NAME: tag });
  assertEquals((await tagged(`v${version}`)).code, 0);
  assertEquals((await tagged(version)).code, 1);
});
