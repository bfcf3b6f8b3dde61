/** Finds an experiment: by name in `@unspool/experiments`, or in a file. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Experiment } from "unspool/train";
import { UsageError, didYouMean } from "../failure.ts";
import { isFileName } from "./isFileName.ts";
import { loadExperimentFile } from "./loadFile.ts";

export interface FoundExperiment {
  experiment: Experiment;
  /** Absolute path, for an experiment from a file. */
  file?: string;
}

/** What follows `unspool run`: a file if it looks like one, else a name. */
export async function findExperiment(nameOrFile: string): Promise<FoundExperiment> {
  if (isFileName(nameOrFile)) {
    const file = resolve(nameOrFile);
    return { experiment: await loadExperimentFile(file), file };
  }
  const experiments = await namedExperiments();
  const experiment = experiments.find(({ name }) => name === nameOrFile);
  if (experiment !== undefined) return { experiment };
  const names = experiments.map(({ name }) => name);
  const hint = existsSync(nameOrFile)
    ? ` For a file, end its name with .ts or .js, or write ./${nameOrFile}.`
    : await didYouMean(nameOrFile, names);
  throw new UsageError(
    "USAGE",
    `unspool run: there is no experiment ${JSON.stringify(nameOrFile)}.${hint} Experiments are ${names.join(", ")}.`,
    { given: nameOrFile, allowed: names },
  );
}

/** The experiments that come with Unspool. */
export async function namedExperiments(): Promise<readonly Experiment[]> {
  const { experiments } = await import("@unspool/experiments");
  return experiments;
}
