/** One process of the fuzzer: evaluates cases `from` to `to` of a seed, and prints one line of JSON per event. */
import { parseArgs } from "node:util";
import { type Case, type Way } from "./case.ts";
import { type Failure, failureOf } from "./compare.ts";
import { exceptions } from "./exceptions.ts";
import { generate } from "./generate.ts";
import { outcome } from "./outcome.ts";
import { startJudge } from "./python.ts";
import { shrunk } from "./shrink.ts";
import { sourceOf } from "./source.ts";

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    seed: { type: "string" },
    from: { type: "string" },
    to: { type: "string" },
    only: { type: "string" },
    shrink: { type: "string", default: "6" },
  },
});
const judge = startJudge(values.python!);
const [seed, from, to] = [values.seed, values.from, values.to].map(Number) as [number, number, number];
const say = (event: unknown): void => void process.stdout.write(`${JSON.stringify(event)}\n`);

const shrinks = new Map<string, number>();

async function report(one: Case, way: Way, failure: Failure): Promise<void> {
  const name = one.nodes.map((node) => node.name).join(" ");
  const excused = exceptions.find(({ allows }) => allows(one, way, failure));
  if (excused !== undefined) return say({ excused: excused.reason });
  // A few of each kind are made small; that costs a process of Python per attempt.
  const group = `${failure.kind} ${one.nodes.at(-1)!.name} ${one.transform}`;
  const count = shrinks.get(group) ?? 0;
  shrinks.set(group, count + 1);
  const isShrunk = one.nodes.length > 1 && count < Number(values.shrink);
  const small = isShrunk ? await shrunk(judge, one, way, failure.kind) : one;
  const again =
    small === one
      ? failure
      : (failureOf(small, way, outcome(small, way), (await judge.ask([small]))[0]!) ?? failure);
  const stillExcused = exceptions.find(({ allows }) => allows(small, way, again));
  if (stillExcused !== undefined) return say({ excused: stillExcused.reason });
  say({
    failure: again,
    index: one.index,
    way,
    names: small.nodes.map((node) => node.name),
    whole: name,
    dtype: small.inputs.map(({ dtype }) => dtype),
    transform: one.transform,
    source: sourceOf(small),
  });
}

const size = 50;
for (let start = from; start < to; start += size) {
  say({ at: start });
  const cases = Array.from({ length: Math.min(size, to - start) }, (_, i) =>
    generate(seed, start + i, values.only),
  );
  const verdicts = await judge.ask(cases);
  for (const [i, one] of cases.entries()) {
    say({ at: one.index });
    for (const way of one.ways) {
      const failure = failureOf(one, way, outcome(one, way), verdicts[i]!);
      if (failure !== undefined) await report(one, way, failure);
    }
    // What derivatives leave behind is freed between tasks only.
    await new Promise((resolve) => setImmediate(resolve));
  }
  say({ done: cases.length, judged: verdicts.filter(({ error }) => error === undefined).length });
}
judge.close();
say({ end: true });
