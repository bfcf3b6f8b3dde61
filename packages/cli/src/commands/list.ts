/** `unspool list`: the experiments and studies that can be run by name, and the searches that an estimator's place may hold. */
import { searches } from "unspool";
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
    "Searches, for any experiment with an estimator (--set estimator=NAME):",
    ...searches.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}`),
    "",
    "Run one with: unspool run NAME",
  ];
  reporter.answer(lines, {
    event: "list",
    experiments: experiments.map(told),
    studies: studies.map(told),
    searches: searches.map(({ name, summary }) => ({ name, summary })),
  });
  return exitCodes.done;
}
