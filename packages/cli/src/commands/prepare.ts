/** The experiment of a command line, with its config: what `run` and `explain` begin with. */
import type { Schema } from "unspool/train";
import type { CommandLine } from "../commandLine/parse.ts";
import { parseConfig } from "../config/parseConfig.ts";
import { schemaTree } from "../config/schemaTree.ts";
import { applySetters, parseSetter } from "../config/setters.ts";
import { type Found, type FoundExperiment, findExperiment, findRunnable } from "../experiments/find.ts";

export interface PreparedExperiment extends FoundExperiment {
  /** As `--set` makes it, not parsed yet: `train` does that. */
  config: unknown;
  parsed: unknown;
}

/** Finds the experiment and sets its config. Throws `UsageError` that names what is wrong in either. */
export async function preparedExperiment(line: CommandLine): Promise<PreparedExperiment> {
  const found = await findExperiment(line.positionals[0]!);
  return { ...found, ...(await configOf(line, found.experiment.config)) };
}

/** The same for an experiment or a study. */
export async function preparedRunnable(line: CommandLine): Promise<Found & { config: unknown }> {
  const found = await findRunnable(line.positionals[0]!);
  const { config } = "study" in found ? found.study : found.experiment;
  return { ...found, ...(await configOf(line, config)) };
}

async function configOf(
  line: CommandLine,
  schema: Schema<unknown>,
): Promise<Pick<PreparedExperiment, "config" | "parsed">> {
  const setters = (line.options.get("set") ?? []).map(parseSetter);
  const config = await applySetters(schemaTree(schema), setters);
  return { config, parsed: await parseConfig(schema, config) };
}
