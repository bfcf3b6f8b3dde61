/** The command's surface: what it answers, on which stream, with which exit code. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { eventsOf, unspool, workFolder } from "./command.ts";

const { dir, remove } = workFolder();
afterAll(remove);
const run = (...args: string[]) => unspool(dir, ...args);
const file = "noisyQuadratic.ts";

describe("help and version", () => {
  it("come with exit code 0", async () => {
    for (const args of [["--help"], ["run", "--help"]]) {
      const { code, stdout, stderr } = await run(...args);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toContain("Usage: unspool");
    }
    expect((await run("--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await run("run", "--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("a run", () => {
  it("tells one JSON object a line, and nothing else on stdout", async () => {
    const args = ["--steps", "12", "--seed", "4", "--set", "estimator=tbptt", "--set", "task.noise=0.1"];
    const outcome = await run("run", file, ...args, "--out", "json", "--threads", "2", "--json");
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toBe("");
    const events = eventsOf(outcome);
    const config = { estimator: "tbptt", task: { noise: 0.1, size: 3 }, stepMs: 0, failAt: 0, setupMs: 0 };
    expect(events[0]).toMatchObject({
      event: "start",
      experiment: "noisy-quadratic",
      run: "json",
      seed: 4,
      config,
    });
    const steps = events.filter(({ event }) => event === "step");
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    for (const { loss } of steps) expect(loss).toBeTypeOf("number");
    expect(events.at(-1)).toMatchObject({
      event: "done",
      run: "json",
      steps: 12,
      loss: steps.at(-1)!["loss"],
      theta: steps.at(-1)!["theta"],
      evaluation: { size: expect.any(Number) as number },
      stepsPerSecond: expect.any(Number) as number,
      report: join("json", "report.html"),
    });
    const manifest = JSON.parse(readFileSync(join(dir, "json/config.json"), "utf8")) as Record<
      string,
      unknown
    >;
    expect(manifest).toMatchObject({
      status: "done",
      seed: 4,
      config,
      command: {
        file: join(dir, file),
        engine: "compiled",
        threads: 2,
        fma: expect.any(Boolean) as boolean,
      },
      environment: { v8: expect.any(String) as string },
    });
  });

  it("tells a person at once that it prepares, then how far it is, then the evaluation", async () => {
    const { code, stdout, stderr } = await run("run", file, "--out", "text");
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.split("\n");
    expect(lines[0]).toBe(`preparing ${file} …`);
    expect(stdout).toMatch(/^step 60\/60 {2}loss \S+ {2}\d/m);
    expect(stdout).toMatch(/^Sizes\nwhich {4}\s*size$/m);
    expect(stdout).toContain(`report  ${join("text", "report.html")}`);
    expect(stdout).not.toContain("\u001B");
  });

  it("fails with code 1 and the place in the user's file", async () => {
    const outcome = await run("run", file, "--set", "failAt=5", "--out", "failed");
    const source = readFileSync(join(dir, file), "utf8").split("\n");
    const line = 1 + source.findIndex((text) => text.includes("the user's mistake"));
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain("TypeError: the user's mistake");
    expect(outcome.stderr).toContain(`${join(dir, file)}:${line}:`);
    expect(JSON.parse(readFileSync(join(dir, "failed/config.json"), "utf8"))).toMatchObject({
      status: "failed",
    });
  });
});

// All of them, without a process each, in `inProcess.test.ts`.
describe("mistakes in the command or the config", () => {
  it.each([[["run", file, "--set", "task.nois=1"], "Did you mean task.noise?"]])(
    "%j ends with code 2",
    async (args, message) => {
      const { code, stderr, stdout } = await run(...args);
      expect(stderr).toContain(message);
      expect(stdout.replace(/^preparing .*\n/, "")).toBe("");
      expect(code).toBe(2);
      const [event, ...rest] = eventsOf(await run(...args, "--json"));
      expect(rest).toEqual([]);
      expect(event).toMatchObject({ event: "error", code: expect.stringMatching(/^[A-Z]+$/) as string });
      expect(event!["message"]).toContain(message);
    },
  );
});

describe("an experiment file", () => {
  it("may export a function, import its neighbours, use await and enums, and shares the library's modules", async () => {
    writeFileSync(
      join(dir, "neighbour.ts"),
      "export enum Size { Small = 2 }\nexport const size: number = Size.Small;",
    );
    const text = [
      `import { Tensor } from "unspool";`,
      `import base from "./noisyQuadratic.ts";`,
      `import { size } from "./neighbour.ts";`,
      `import { z } from "zod";`,
      `const { theta } = await base.setup(base.config.parse({ task: { noise: 0, size } }), null as never);`,
      `if (!(theta.weights instanceof Tensor) || theta.weights.size !== 2) throw new Error("two copies");`,
      `if (!(base.config instanceof z.ZodType)) throw new Error("two copies of zod");`,
      `export default () => Promise.resolve({ ...base, name: "made" });`,
    ];
    writeFileSync(join(dir, "made.ts"), text.join("\n"));
    const outcome = await run("run", "made.ts", "--steps", "1", "--json", "--out", "made");
    expect(eventsOf(outcome).at(-1)).toMatchObject({ event: "done", steps: 1 });
  });
});

describe("a report", () => {
  it("is one file that needs nothing else, for one run and for two side by side", async () => {
    // The runs of the tests above.
    expect((await run("report", "text", "json", "--out", "both/compare.html")).code).toBe(0);
    const [event] = eventsOf(await run("report", "text", "--json"));
    expect(event).toEqual({ event: "report", report: join("text", "report.html"), runs: ["text"] });
    for (const [path, runs] of [
      ["text/report.html", []],
      // The experiment's figure has one series, so the runs are drawn over each other and named in its legend.
      ["both/compare.html", ["text", "json"]],
    ] as const) {
      const page = readFileSync(join(dir, path), "utf8");
      const cards = page.match(/A &lt;figure&gt; of the experiment\s*<\/h3>.*?<\/figure>/gs);
      expect(cards).toHaveLength(1);
      for (const run of runs) expect(cards![0]).toMatch(new RegExp(`<li>.*?</svg>\\s*${run}\\s*</li>`, "s"));
      expect(page).not.toMatch(/<script|@import|<link[^>]+stylesheet/i);
      const addresses = page.match(/\bhttps?:\/\/[^\s"'<)]+/g) ?? [];
      expect(addresses.filter((address) => !address.startsWith("http://www.w3.org/"))).toEqual([]);
    }
  });
});
