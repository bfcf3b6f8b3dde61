/**
 * `npm run bench -- search [--json] [--rounds 5]`: generations of CMA-ES per second beside pycma's, where a python3 has it. Rounds
 * take turns, so that both meet the same machine; the loss is the sphere on both sides, which costs next to nothing.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { type Search, cmaEs, np, random } from "unspool";

const dimension = 100;
const generations = 60;

interface Side {
  name: string;
  /** Seconds of so many generations, from where the last call ended. */
  seconds(count: number): Promise<number> | number;
  close(): void;
}

export async function searchBench({ isJson, rounds }: { isJson: boolean; rounds: number }): Promise<void> {
  const sides = [ours(), ...rival()];
  const times = new Map<string, number[]>(sides.map(({ name }) => [name, []]));
  for (const side of sides) await side.seconds(10);
  for (let round = 0; round < rounds; round++)
    for (const side of sides) times.get(side.name)!.push(await side.seconds(generations));
  for (const side of sides) side.close();
  const rates = [...times].map(([name, seconds]) => {
    const sorted = seconds.map((one) => generations / one).toSorted((a, b) => a - b);
    return { name, median: sorted[Math.floor(sorted.length / 2)]!, least: sorted[0]!, most: sorted.at(-1)! };
  });
  if (isJson) return console.log(JSON.stringify({ workload: "search", dimension, rounds, rates }));
  if (sides.length === 1) console.log("no python3 with the package cma: ours alone");
  console.log(
    `CMA-ES, d = ${dimension}, generations per second (median, least and most of ${rounds} rounds)`,
  );
  for (const { name, median, least, most } of rates)
    console.log(`${name.padEnd(16)} ${median.toFixed(0)}  (${least.toFixed(0)} to ${most.toFixed(0)})`);
}

function ours(): Side {
  const search: Search<ReturnType<typeof np.ones>> = cmaEs({ sigma: 0.5 });
  let state = search.init(np.ones([dimension], { dtype: "float64" }), random.key(0));
  let drawn = 0;
  return {
    name: "unspool",
    seconds(count) {
      const from = performance.now();
      for (let i = 0; i < count; i++) {
        const asked = search.ask(state, random.foldIn(random.key(1), drawn++));
        const x = asked.candidates.data;
        const losses = new Float64Array(x.length / dimension);
        for (let j = 0; j < x.length; j++) losses[Math.floor(j / dimension)]! += x[j]! ** 2;
        state = search.tell(asked.state, losses).state;
      }
      return (performance.now() - from) / 1000;
    },
    close: () => {},
  };
}

/** Reads a number of generations a line, answers with seconds. */
const script = `
import sys, time, warnings
warnings.filterwarnings("ignore")
import cma, numpy as np
es = cma.CMAEvolutionStrategy(${dimension} * [1.0], 0.5, {"verbose": -9, "seed": 1})
for line in sys.stdin:
    t = time.perf_counter()
    for _ in range(int(line)):
        X = es.ask()
        es.tell(X, list(np.square(np.asarray(X)).sum(1)))
    print(time.perf_counter() - t, flush=True)
`;

function rival(): Side[] {
  const python = ["python3", "/usr/bin/python3"].find(
    (one) => spawnSync(one, ["-W", "ignore", "-c", "import cma"], { stdio: "ignore" }).status === 0,
  );
  if (python === undefined) return [];
  const version = spawnSync(python, ["-W", "ignore", "-c", "import cma; print(cma.__version__)"]);
  const child: ChildProcess = spawn(python, ["-c", script], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return [
    {
      name: `pycma ${String(version.stdout).trim().split("\n").at(-1)}`,
      async seconds(count) {
        child.stdin!.write(`${count}\n`);
        return Number((await lines.next()).value);
      },
      close: () => void child.stdin!.end(),
    },
  ];
}
