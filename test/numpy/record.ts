/** Writes `recorded.json`: small cases with NumPy's verdicts, for `npm test`, which has no Python. */
import { readFileSync, writeFileSync } from "node:fs";
import { type Case, type Input, decode, encode, sizeOf } from "./case.ts";
import type { Verdict } from "./compare.ts";
import { generate } from "./generate.ts";
import { startJudge } from "./python.ts";

export interface Recorded {
  readonly case: Case;
  readonly verdict: Verdict;
}

/** JSON has no NaN: elements of inputs are text there. */
type Stored = {
  case: Omit<Case, "inputs"> & { inputs: (Omit<Input, "data"> & { data: string })[] };
  verdict: Verdict;
};

const recordedPath = new URL("recorded.json", import.meta.url);

const isShort = ({ inputs }: Case): boolean =>
  inputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0) <= 24;

/** Every function alone once, if its cases are small, and `count` cases in all. */
export async function record(python: string, seed: number, count: number): Promise<number> {
  const judge = startJudge(python);
  const known = new Set<string>();
  const recorded: Recorded[] = [];
  for (let index = 0; recorded.length < count; index++) {
    const one = generate(seed, index);
    const isNew = one.nodes.length > 1 || !known.has(one.nodes[0]!.name);
    // Of graphs every other one: functions alone are to have their share.
    if (!isShort(one) || !isNew || one.isInvalid || (one.nodes.length > 1 && index % 2 === 0)) continue;
    const [verdict] = await judge.ask([one]);
    if (verdict!.error !== undefined) continue;
    if (one.nodes.length === 1) known.add(one.nodes[0]!.name);
    recorded.push({ case: one, verdict: verdict! });
  }
  judge.close();
  const lines = recorded.map((one) => JSON.stringify(stored(one)));
  writeFileSync(recordedPath, `[\n${lines.join(",\n")}\n]\n`);
  return recorded.length;
}

const stored = ({ case: one, verdict }: Recorded): Stored => ({
  case: { ...one, inputs: one.inputs.map((input) => ({ ...input, data: encode(input.data) })) },
  verdict,
});

export function readRecorded(): Recorded[] {
  const all = JSON.parse(readFileSync(recordedPath, "utf8")) as Stored[];
  return all.map(({ case: one, verdict }) => ({
    case: { ...one, inputs: one.inputs.map((input) => ({ ...input, data: Array.from(decode(input.data)) })) },
    verdict,
  }));
}
