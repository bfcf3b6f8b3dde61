/** `unspool list`: the experiments that can be run by name. */
import { namedExperiments } from "../experiments/find.ts";
import { exitCodes } from "../failure.ts";
import type { Reporter } from "../output/reporter.ts";

export async function listCommand(reporter: Reporter): Promise<number> {
  const experiments = await namedExperiments();
  const width = Math.max(0, ...experiments.map(({ name }) => name.length));
  const lines = experiments.flatMap(({ name, summary, paper }) => [
    `${name.padEnd(width)}  ${summary}`,
    ...(paper === undefined ? [] : [`${" ".repeat(width)}  ${paper}`]),
  ]);
  reporter.answer([...lines, "", "Run one with: unspool run NAME"], {
    event: "list",
    experiments: experiments.map(({ name, summary, paper }) => ({ name, summary, paper: paper ?? null })),
  });
  return exitCodes.done;
}
