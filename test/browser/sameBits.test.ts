/**
 * Theta after a short run, bit for bit: in Node and in Chromium, on one thread and on two. Needs Chromium (see
 * `isolatedPages.ts`) and `npm run build`; `npm run test:browser`. UNSPOOL_NODES names further Node binaries,
 * separated by commas, that must give the same bits.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { isolatedPages, plainScript, root } from "./isolatedPages.ts";
import type { Outcome, Run } from "./sameBits.ts";

const openPage = isolatedPages();

const hosts = new Map<string, Outcome>();

beforeAll(async () => {
  const source = join(import.meta.dirname, "sameBits.ts");
  const script = `${await plainScript(source)}; console.log(JSON.stringify(await sameBits())); process.exit();`;
  const nodes = [process.execPath, ...(process.env["UNSPOOL_NODES"]?.split(",") ?? [])];
  for (const node of nodes) {
    const environment = { ...process.env, NODE_OPTIONS: "" };
    const version = execFileSync(node, ["--version"], { encoding: "utf8", env: environment }).trim();
    const output = execFileSync(node, ["--input-type=module", "-e", script], {
      cwd: root,
      encoding: "utf8",
      env: environment,
    });
    hosts.set(`Node ${version}`, JSON.parse(output) as Outcome);
  }
  const page = await openPage();
  const outcome = await page.evaluate<Outcome>(
    `import("/test/browser/sameBits.ts").then(({ sameBits }) => sameBits())`,
  );
  hosts.set("Chromium", outcome);
  for (const [host, { runs }] of hosts) {
    const times = runs.map(
      ({ problem, portableBits, threads, firstCallMs }) =>
        `${problem}${portableBits ? " portable" : ""} x${threads} ${Math.round(firstCallMs)}`,
    );
    console.log(`${host}, ms of the first call: ${times.join(", ")}`);
  }
});

const nameOf = ({ problem, threads }: Run): string => `${problem}, ${threads}`;

test("with portable bits every host and number of threads gives the same theta", () => {
  const runs = [...hosts].flatMap(([host, { runs: all }]) =>
    all.filter(({ portableBits }) => portableBits).map((run) => [host, run] as const),
  );
  for (const problem of ["surface", "network"] as const) {
    const own = runs.filter(([, run]) => run.problem === problem);
    const [, first] = own[0]!;
    expect(own.length).toBe(2 * hosts.size);
    for (const [host, run] of own) expect(run.theta, `${host}: ${nameOf(run)}`).toEqual(first.theta);
  }
});

test("two threads took part, and give the bits of one also with fused multiply-add", () => {
  for (const [host, { ready, runs }] of hosts) {
    expect(ready, host).toBeGreaterThanOrEqual(2);
    for (const run of runs.filter(({ threads }) => threads === 2)) {
      const alone = runs.find(
        ({ problem, portableBits, threads }) =>
          threads === 1 && problem === run.problem && portableBits === run.portableBits,
      );
      expect(run.theta, `${host}: ${nameOf(run)}`).toEqual(alone!.theta);
    }
  }
});

test("hosts on one machine that have fused multiply-add give the same bits with it, and others than without", () => {
  const fused = [...hosts].filter(([, outcome]) => outcome.hasRelaxedSimd);
  const [, first] = fused[0] ?? [];
  for (const [host, { runs }] of fused) {
    runs.forEach((run, i) => expect(run.theta, `${host}: ${nameOf(run)}`).toEqual(first!.runs[i]!.theta));
    for (const problem of ["surface", "network"] as const) {
      const [portable, other] = [true, false].map(
        (portableBits) =>
          runs.find((run) => run.problem === problem && run.portableBits === portableBits)!.theta,
      );
      expect(portable, host).not.toEqual(other);
    }
  }
});
