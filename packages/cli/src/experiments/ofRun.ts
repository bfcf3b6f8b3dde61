/**
 * The experiment of a run's folder. A folder may come from someone else, and what stands in it must not decide what
 * code runs: experiments that come with Unspool are found by their name, and a file is run only if the person at the
 * keyboard names it.
 */
import { UsageError } from "../failure.ts";
import type { CommandManifest } from "../runs/runFolder.ts";
import { shellWord } from "../runs/shellWord.ts";
import { type FoundExperiment, findExperiment, namedExperiments, namedStudies } from "./find.ts";

/** `given` is the value of `--experiment`: a name or a file. Throws `UsageError` that says what to type. */
export async function experimentOfRun(
  command: string,
  dir: string,
  manifest: Pick<CommandManifest, "experiment" | "command">,
  given: string | undefined,
): Promise<FoundExperiment> {
  if (given !== undefined) return findExperiment(given);
  const file: unknown = manifest.command?.file;
  const typed = (path: string): string =>
    `unspool ${command} ${shellWord(dir) ?? "DIR"} --experiment ${shellWord(path) ?? "FILE"}`;
  if (file !== undefined) {
    const path = typeof file === "string" ? file : "FILE";
    throw new UsageError(
      "EXPERIMENT",
      `${dir}: its experiment is a file, ${JSON.stringify(file)}. A folder can come from anyone, so a file is run ` +
        `only if you name it: ${typed(path)}`,
      { file },
    );
  }
  const experiment = (await namedExperiments()).find(({ name }) => name === manifest.experiment);
  if (experiment !== undefined) return { experiment };
  const study = (await namedStudies()).find(({ name }) => name === manifest.experiment);
  if (study !== undefined) {
    throw new UsageError(
      "EXPERIMENT",
      `${dir}: it is a run of an older version, and ${study.name} is a study of several runs now. ` +
        `Start that: unspool run ${study.name}. What the run has done is shown by: unspool report ${shellWord(dir) ?? "DIR"}`,
      { experiment: study.name },
    );
  }
  throw new UsageError(
    "EXPERIMENT",
    `${dir}: its experiment ${JSON.stringify(manifest.experiment)} does not come with Unspool. ` +
      `If you have its file: ${typed("FILE")}`,
    { experiment: manifest.experiment },
  );
}
