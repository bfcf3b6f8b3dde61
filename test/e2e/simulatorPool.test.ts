/** Pools of MuJoCo in the built packages: threads have the bits of one, end with the process, and stop by Ctrl-C. */
import { execFile, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const cwd = fileURLToPath(new URL("../..", import.meta.url));
const flags = ["--input-type=module", "-e"];

const prelude = `
import { mujocoPool } from "@unspool/experiments";
import { random } from "unspool";
const thetas = Float64Array.from({ length: 16 * 6 }, (_, i) => Math.sin(i));
`;

test(
  "the same bits on one thread and on two; a process does not wait for threads",
  { tags: ["long"] },
  async () => {
    const program = `${prelude}
    const pools = await Promise.all([1, 2].map((threads) => mujocoPool({ environment: "swimmer", timeLimit: 40 }, { threads })));
    const [one, two] = pools.map((pool) => pool.play(thetas, random.key(5), { episodes: 2, hasMoments: true }));
    console.log(JSON.stringify([one, two].map(({ returns, moments }) => [...returns, moments])));`;
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, program], { cwd });
    const [one, two] = JSON.parse(stdout) as [number[], number[]];
    expect(two).toEqual(one);
    expect(one).toHaveLength(13);
    expect(new Set(one.slice(0, 12)).size).toBe(12);
  },
);

test("Ctrl-C ends episodes within a second", { tags: ["long"] }, async () => {
  const program = `${prelude}
    const pool = await mujocoPool({ environment: "swimmer" }, { threads: 2 });
    console.log("playing");
    pool.play(thetas, random.key(5), { episodes: 1000 });`;
  const child = spawn(process.execPath, [...flags, program], { cwd, stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once("exit", (_code, signal) => resolve(signal)),
  );
  const start = performance.now();
  child.kill("SIGINT");
  expect(await ended).toBe("SIGINT");
  expect(performance.now() - start).toBeLessThan(1000);
});
