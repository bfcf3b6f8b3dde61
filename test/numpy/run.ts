/** Runs cases in processes of their own, so that one that crashes or hangs is a failure and not the end; the report. */
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Failure } from "./compare.ts";

export interface RunOptions {
  from: number;
  cases: number;
  jobs: number;
  only: string | undefined;
  shrink: string;
  json: string | undefined;
}

export interface Found {
  seed: number;
  index: number;
  way: string;
  transform: string;
  names: string[];
  dtype: string[];
  failure: Failure | { kind: "crash"; text: string };
  source: string;
}

const worker = fileURLToPath(new URL("worker.ts", import.meta.url));
const jiti = fileURLToPath(new URL("../../node_modules/jiti/lib/jiti-cli.mjs", import.meta.url));
/** A case that takes longer hangs. */
const patienceMs = 240_000;
const chunk = 250;

/** Number of failures. */
export async function run(python: string, seeds: readonly number[], options: RunOptions): Promise<number> {
  const { from, cases, jobs, only, shrink, json } = options;
  const found: Found[] = [];
  const excused = new Map<string, number>();
  let done = 0;
  const queue = seeds.flatMap((seed) =>
    Array.from({ length: Math.ceil(cases / chunk) }, (_, i) => ({
      seed,
      from: from + i * chunk,
      to: from + Math.min(cases, (i + 1) * chunk),
    })),
  );
  const start = performance.now();
  const lane = async (): Promise<void> => {
    for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
      const { seed } = part;
      const args = [
        "--python",
        python,
        "--seed",
        `${seed}`,
        "--from",
        `${part.from}`,
        "--to",
        `${part.to}`,
        "--shrink",
        shrink,
      ];
      if (only !== undefined) args.push("--only", only);
      const child = spawn(process.execPath, ["--max-old-space-size=2048", jiti, worker, ...args], {
        stdio: ["ignore", "pipe", "pipe"],
      });
      const end = await follow(child, (event) => {
        if (event.excused !== undefined) excused.set(event.excused, (excused.get(event.excused) ?? 0) + 1);
        if (event.done !== undefined) done += event.done;
        if (event.failure !== undefined) found.push({ ...event, seed } as Found);
      });
      if (end !== undefined) {
        const { at, text } = end;
        const source = `npm run test:numpy -- --seed ${seed} --case ${at}`;
        const names = ["?"];
        found.push({
          seed,
          index: at,
          way: "?",
          transform: "?",
          names,
          dtype: [],
          failure: { kind: "crash", text },
          source,
        });
        if (at + 1 < part.to) queue.unshift({ seed, from: at + 1, to: part.to });
      }
      if (json !== undefined) writeFileSync(json, JSON.stringify(found, null, 1));
      process.stderr.write(
        `\r${done} cases, ${found.length} failures, ${Math.round((performance.now() - start) / 1000)} s `,
      );
    }
  };
  await Promise.all(Array.from({ length: jobs }, lane));
  process.stderr.write("\n");
  console.log(reportOf(found, excused, done, seeds, only));
  return found.length;
}

interface Event {
  at?: number;
  done?: number;
  end?: boolean;
  excused?: string;
  failure?: unknown;
}

/** Follows a process to its end; where and how it broke off, if it did. */
async function follow(
  child: ChildProcess,
  onEvent: (event: Event) => void,
): Promise<{ at: number; text: string } | undefined> {
  let [at, isEnded, isKilled, errors] = [0, false, false, ""];
  const kill = (): void => {
    isKilled = true;
    child.kill("SIGKILL");
  };
  let timer = setTimeout(kill, patienceMs);
  child.stderr!.on("data", (text: Buffer) => (errors = `${errors}${text.toString()}`.slice(-2000)));
  const ended = new Promise((resolve) => child.on("close", resolve));
  for await (const line of createInterface({ input: child.stdout! })) {
    clearTimeout(timer);
    timer = setTimeout(kill, patienceMs);
    if (!line.startsWith("{")) continue;
    const event = JSON.parse(line) as Event;
    if (event.at !== undefined) at = event.at;
    if (event.end === true) isEnded = true;
    onEvent(event);
  }
  await ended;
  clearTimeout(timer);
  if (isEnded) return undefined;
  return { at, text: isKilled ? `took more than ${patienceMs / 1000} s` : errors.trim().slice(-500) };
}

const replayOf = (only: string | undefined): string => (only === undefined ? "" : ` --only ${only}`);

function reportOf(
  found: readonly Found[],
  excused: Map<string, number>,
  done: number,
  seeds: readonly number[],
  only: string | undefined,
): string {
  const groups = new Map<string, Found[]>();
  for (const one of found) {
    const dtypes = [...new Set(one.dtype)].toSorted().join("+");
    const key = `${one.failure.kind}  ${one.names.join(" → ")}  ${one.transform}  ${dtypes}  ${one.way}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const sorted = [...groups].toSorted(([a, x], [b, y]) => y.length - x.length || a.localeCompare(b));
  return [
    `${done} cases of seeds ${seeds.join(", ")}: ${found.length} failures in ${groups.size} groups`,
    ...sorted.flatMap(([key, all]) => {
      const first = all.toSorted((a, b) => a.source.length - b.source.length)[0]!;
      return [
        `${all.length} x ${key}`,
        `    ${first.failure.text.split("\n")[0]!.slice(0, 160)}`,
        `    npm run test:numpy -- --seed ${first.seed} --case ${first.index}${replayOf(only)}`,
      ];
    }),
    ...[...excused].map(([reason, count]) => `${count} let pass: ${reason}`),
  ].join("\n");
}
