/** Finds an experiment: by name in `@unspool/experiments`, or in a file. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Experiment, Study } from "unspool/train";
import { UsageError, didYouMean } from "../failure.ts";
import { isFileName } from "./isFileName.ts";

export interface FoundExperiment {
  experiment: Experiment;
  /** Absolute path, for an experiment from a file. */
  file?: string;
}

export interface FoundStudy {
  study: Study;
  /** Absolute path, for a study from a file. */
  file?: string;
}

export type Found = FoundExperiment | FoundStudy;

/** The experiment of a command that looks at one. `UsageError` for a study, with the experiments that it is made of. */
export async function findExperiment(nameOrFile: string): Promise<FoundExperiment> {
  const found = await findRunnable(nameOrFile);
  if (!("study" in found)) return found;
  const { name } = found.study;
  const parts = partsOf(found.study);
  throw new UsageError(
    "USAGE",
    `${name} is a study, which is made of runs: it can be run and reported. ` +
      `Name one of its experiments: ${parts.join(", ")}.`,
    { study: name, experiments: parts },
  );
}

/** Names of the experiments in the cells of a study's defaults. */
function partsOf(study: Study): string[] {
  try {
    const cells = study.cells(study.config.parse({}), 0);
    const names = cells.flatMap(({ experiment }) =>
      typeof experiment === "function" ? [] : [experiment.name],
    );
    return [...new Set(names)];
  } catch {
    return [];
  }
}

/** What follows `unspool run`: a file if it looks like one, else a name. */
export async function findRunnable(nameOrFile: string): Promise<Found> {
  if (isFileName(nameOrFile)) {
    const file = resolve(nameOrFile);
    // With a compiler, which a name does not need.
    const { loadFile } = await import("./loadFile.ts");
    return { ...(await loadFile(file)), file };
  }
  const [experiments, studies] = [await namedExperiments(), await namedStudies()];
  const experiment = experiments.find(({ name }) => name === nameOrFile);
  if (experiment !== undefined) return { experiment };
  const study = studies.find(({ name }) => name === nameOrFile);
  if (study !== undefined) return { study };
  const names = [...experiments, ...studies].map(({ name }) => name);
  const hint = existsSync(nameOrFile)
    ? ` For a file, end its name with .ts or .js, or write ./${nameOrFile}.`
    : await didYouMean(nameOrFile, names);
  throw new UsageError(
    "USAGE",
    `unspool run: there is no experiment or study ${JSON.stringify(nameOrFile)}.${hint} There are ${names.join(", ")}.`,
    { given: nameOrFile, allowed: names },
  );
}

/** The systems that Unspool is of, with the experiments and studies that come with it. */
export async function namedSystems(): Promise<
  readonly { title: string; named: readonly (Experiment | Study)[] }[]
> {
  const { systems } = await import("@unspool/experiments");
  return systems;
}

/** The experiments that come with Unspool. */
export async function namedExperiments(): Promise<readonly Experiment[]> {
  const { experiments } = await import("@unspool/experiments");
  return experiments;
}

/** The studies that come with Unspool. */
export async function namedStudies(): Promise<readonly Study[]> {
  const { studies } = await import("@unspool/experiments");
  return studies;
}
