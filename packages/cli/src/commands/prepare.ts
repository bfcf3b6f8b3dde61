/** The experiment of a command line, with its config: what `run` and `explain` begin with. */
import type { CommandLine } from "../commandLine/parse.ts";
import { parseConfig } from "../config/parseConfig.ts";
import { schemaTree } from "../config/schemaTree.ts";
import { applySetters, parseSetter } from "../config/setters.ts";
import { type FoundExperiment, findExperiment } from "../experiments/find.ts";

export interface PreparedExperiment extends FoundExperiment {
  /** As `--set` makes it, not parsed yet: `train` does that. */
  config: unknown;
  parsed: unknown;
}

/** Finds the experiment and sets its config. Throws `UsageError` that names what is wrong in either. */
export async function preparedExperiment(line: CommandLine): Promise<PreparedExperiment> {
  const setters = (line.options.get("set") ?? []).map(parseSetter);
  const found = await findExperiment(line.positionals[0]!);
  const config = await applySetters(schemaTree(found.experiment.config), setters);
  return { ...found, config, parsed: await parseConfig(found.experiment.config, config) };
}
