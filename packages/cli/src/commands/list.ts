/** `unspool list`: the experiments and studies that can be run by name. */
import { namedExperiments, namedStudies } from "../experiments/find.ts";
import { exitCodes } from "../failure.ts";
import type { Reporter } from "../output/reporter.ts";

interface Named {
  readonly name: string;
  readonly summary: string;
  readonly paper?: string;
}

export async function listCommand(reporter: Reporter): Promise<number> {
  const [experiments, studies] = [await namedExperiments(), await namedStudies()];
  const width = Math.max(0, ...[...experiments, ...studies].map(({ name }) => name.length));
  const linesOf = ({ name, summary, paper }: Named): string[] => [
    `${name.padEnd(width)}  ${summary}`,
    ...(paper === undefined ? [] : [`${" ".repeat(width)}  ${paper}`]),
  ];
  const told = ({ name, summary, paper }: Named) => ({ name, summary, paper: paper ?? null });
  const lines = [
    ...experiments.flatMap(linesOf),
    "",
    "Studies, which are made of several runs:",
    ...studies.flatMap(linesOf),
    "",
    "Run one with: unspool run NAME",
  ];
  reporter.answer(lines, {
    event: "list",
    experiments: experiments.map(told),
    studies: studies.map(told),
  });
  return exitCodes.done;
}
