/**
 * `unspool list`: the experiments and studies that can be run by name, by the system that they are of, and the searches
 * that an estimator's place may hold.
 */
import { searches } from "unspool";
import { namedSystems } from "../experiments/find.ts";
import { exitCodes } from "../failure.ts";
import type { Reporter } from "../output/reporter.ts";

export async function listCommand(reporter: Reporter): Promise<number> {
  const systems = (await namedSystems()).map(({ title, named }, i) => ({ number: i + 1, title, named }));
  const all = systems.flatMap(({ number, named }) => named.map((each) => ({ number, each })));
  const width = Math.max(0, ...all.map(({ each }) => each.name.length));
  const row = (name: string, text: string): string => `  ${name.padEnd(width)}  ${text}`;
  const told = ({ number, each: { name, summary, paper } }: (typeof all)[number]) => ({
    ...{ name, system: number, summary },
    paper: paper ?? null,
  });
  const lines = [
    ...systems.flatMap(({ number, title, named }) => [
      `${number}. ${title}`,
      ...named.flatMap((each) => [
        row(each.name, `${isStudy(each) ? "study: " : ""}${each.summary}`),
        ...(each.paper === undefined ? [] : [row("", each.paper)]),
      ]),
      "",
    ]),
    "A study is made of several runs.",
    "",
    "Searches, for any experiment with an estimator (--set estimator=NAME):",
    ...searches.map(({ name, summary }) => row(name, summary)),
    "",
    "Run one with: unspool run NAME",
  ];
  reporter.answer(lines, {
    event: "list",
    systems: systems.map(({ number, title }) => ({ number, title })),
    experiments: all.filter(({ each }) => !isStudy(each)).map(told),
    studies: all.filter(({ each }) => isStudy(each)).map(told),
    searches: searches.map(({ name, summary }) => ({ name, summary })),
  });
  return exitCodes.done;
}

const isStudy = (each: object): boolean => "cells" in each;
