/**
 * `npm run bench [-- W3 …] [--json] [--rounds 5] [--seconds 0.7] [--only unspool,torch]`: Unspool beside its rivals.
 * `npm run bench -- memory [--json]`: memory against the horizon.
 * `npm run bench -- search [--json] [--rounds 5]`: generations of CMA-ES beside pycma's.
 * `npm run bench -- machines [--json] [--rounds 5]`: windows and cells at workers beside those of one process.
 */
import { parseArgs } from "node:util";
// Not part of the library's public surface.
import { peakMeter } from "../packages/unspool/src/engine/peak.ts";
import { contestants, findTorch } from "./contestants.ts";
import { measure } from "./harness.ts";
import { machinesBench } from "./machines.ts";
import { memory } from "./memory.ts";
import { describeTorch, reportOf, tableOf } from "./report.ts";
import { searchBench } from "./search.ts";
import { workloadNamed, workloads } from "./workloads/table.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "0.7" },
    only: { type: "string" },
    horizons: { type: "string" },
  },
});

try {
  if (positionals[0] === "memory") await memory({ isJson: values.json, horizons: values.horizons });
  else if (positionals[0] === "search")
    await searchBench({ isJson: values.json, rounds: Number(values.rounds) });
  else if (positionals[0] === "machines")
    await machinesBench({ isJson: values.json, rounds: Number(values.rounds) });
  else await speed();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

async function speed(): Promise<void> {
  const chosen = positionals.length === 0 ? workloads : positionals.map(workloadNamed);
  const sides = values.only?.split(",");
  const wantsTorch = sides === undefined || sides.includes("torch");
  const torch = wantsTorch ? findTorch() : undefined;
  const present = contestants(torch).filter(({ side }) => sides === undefined || sides.includes(side));
  const options = { rounds: Number(values.rounds), seconds: Number(values.seconds), peak: peakMeter() };
  if (wantsTorch && !values.json) console.log(describeTorch(torch));
  for (const workload of chosen) {
    const report = reportOf(await measure(workload, present, options), torch);
    console.log(values.json ? JSON.stringify(report) : `\n${tableOf(report)}`);
  }
}
