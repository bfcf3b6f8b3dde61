/** Run folders that were changed by accident or on purpose: how, and what the commands must make of them. */
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { np, sgd, tree } from "unspool";
import { type Experiment, defineExperiment, readRun, resume, train } from "unspool/train";
import { folderStore } from "unspool/train/node";
import { z } from "zod";
import { describeFailure } from "../../packages/cli/src/failureReport.ts";
import { writeReport } from "../../packages/cli/src/report/writeReport.ts";

/** A small run with every kind of file. */
const experiment: Experiment = defineExperiment({
  name: "small",
  summary: "a run to be damaged",
  config: z.strictObject({
    rate: z.number().default(0.1),
    tags: z.array(z.string()).default(["a"]),
    inner: z.strictObject({ x: z.number().nullable().default(null) }).prefault({}),
  }),
  setup: ({ rate }: { rate: number }) => ({
    theta: { x: np.array([1, 2]), y: np.array([3]) },
    estimator: {
      name: "own",
      init: () => ({ calls: 0, memory: np.zeros([2]), none: null, label: "start" }),
      estimate: (theta: unknown, state: unknown) => ({
        loss: 1,
        gradient: tree.map((leaf) => leaf.mul(0.5), theta),
        state,
        metrics: { innerSteps: 1 },
      }),
    },
    optimizer: sgd({ learningRate: rate }),
    steps: 4,
    evaluate: () => ({ metrics: { a: 1 }, table: { title: "t", columns: ["a"], rows: [[1], ["b"]] } }),
    figures: () => [
      {
        id: "f",
        title: "F",
        caption: "c",
        x: { label: "x" },
        y: { label: "y", scale: "log" as const },
        series: [{ name: "s", x: [1, 2], y: [1, 100] }],
        heatmap: { x: [1, 2], y: [1], values: [1, 2], label: "h" },
        references: [{ axis: "y" as const, value: 2, label: "r" }],
      },
    ],
  }),
}) as Experiment;

/** Random numbers that are the same on every machine (mulberry32). */
export function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % sides;
  };
}

const oddValues: readonly unknown[] = [
  null,
  "10",
  "",
  -1,
  1e308,
  1.5,
  2 ** 53,
  true,
  [],
  {},
  [[[]]],
  { markup: "<script>alert(1)</script>" },
  "<script>alert(1)</script>",
  "../../../etc/passwd",
  { $number: "NaN" },
  { $tensor: "state.theta.x" },
  { $tensor: 3 },
];

/** Replaces, removes, adds or renames one entry somewhere in a value. */
function mutate(value: unknown, roll: (sides: number) => number): unknown {
  const isList = Array.isArray(value);
  if (typeof value !== "object" || value === null || roll(6) === 0) return oddValues[roll(oddValues.length)];
  const entries = Object.entries(value);
  const at = roll(Math.max(1, entries.length));
  const [name, child] = entries[at] ?? ["0", null];
  const action = roll(6);
  if (action === 0) entries.splice(at, 1);
  else if (action === 1)
    entries.push([["__proto__", "constructor", "toString", "length", "x"][roll(5)]!, mutate(child, roll)]);
  else if (action === 2 && entries.length > 1) entries[at] = [name, entries[roll(entries.length)]![1]];
  else entries[at] = [name, mutate(child, roll)];
  return isList ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

/** One change of a text or a binary file. */
function mutateBytes(bytes: Buffer, isText: boolean, roll: (sides: number) => number): Buffer {
  const action = roll(isText ? 8 : 4);
  const at = roll(Math.max(1, bytes.length));
  if (action === 0) return bytes.subarray(0, at);
  if (action === 1) return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + roll(8))]);
  if (action === 2) return Buffer.concat([bytes, bytes.subarray(at)]);
  if (action === 3 || !isText) {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) copy[at]! ^= 1 << roll(8);
    return copy;
  }
  if (action === 4) return Buffer.from(`${"[".repeat(5000)}${"]".repeat(5000)}\n`);
  const lines = bytes.toString().trimEnd().split("\n");
  const isLines = lines.every((line) => line.startsWith("{") && line.endsWith("}"));
  const chosen = isLines ? roll(lines.length) : 0;
  const text = isLines ? lines[chosen]! : bytes.toString();
  const changed = JSON.stringify(mutate(JSON.parse(text), roll));
  if (!isLines) return Buffer.from(changed);
  return Buffer.from(`${lines.with(chosen, changed).join("\n")}\n`);
}

/** Attacks `count` copies of a run; what is wrong with how report, reading and resuming ended, one line each. */
export async function damagedFolders(seed: number, count: number): Promise<string[]> {
  const root = mkdtempSync(join(tmpdir(), "unspool-damaged-"));
  const problems: string[] = [];
  try {
    const whole = join(root, "whole");
    await train(experiment, { store: folderStore(whole), checkpointEvery: { steps: 2 } });
    const checkpoints = readdirSync(join(whole, "checkpoints")).map((name) => `checkpoints/${name}`);
    const files = ["config.json", "metrics.jsonl", "evaluation.json", "figures.json", ...checkpoints];
    for (let i = 0; i < count; i++) {
      const roll = dice(seed * 1_000_003 + i);
      const dir = join(root, String(i));
      cpSync(whole, dir, { recursive: true });
      const file = files[roll(files.length)]!;
      const path = join(dir, file);
      writeFileSync(path, mutateBytes(readFileSync(path), !file.endsWith("safetensors"), roll));
      const uses = {
        report: () => writeReport([dir], undefined),
        analyse: () => readRun(experiment, folderStore(dir)),
        resume: () => resume(experiment, folderStore(dir), {}),
      };
      for (const [use, call] of Object.entries(uses)) {
        const problem = await problemOf(call);
        if (problem !== undefined)
          problems.push(`${use} of mutation ${i} of seed ${seed}, ${file}: ${problem}`);
      }
      rmSync(dir, { recursive: true, force: true });
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return problems;
}

async function problemOf(call: () => Promise<unknown>): Promise<string | undefined> {
  try {
    const made = await call();
    if (typeof made !== "string") return undefined;
    return /<script|onerror=/i.test(readFileSync(made, "utf8")) ? "the page holds a script" : undefined;
  } catch (error) {
    const { report } = describeFailure(error);
    if (report.code === "UNEXPECTED")
      return `untyped: ${report.message} ${report.trace?.split("\n").slice(0, 2).join()}`;
    return report.message.includes("\n    at ") ? `a stack: ${report.message}` : undefined;
  }
}
