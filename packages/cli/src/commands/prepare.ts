/** The experiment of a command line, with its config: what `run` and `explain` begin with. */
import type { Schema } from "unspool/train";
import { type CommandLine, integerOption } from "../commandLine/parse.ts";
import { parseConfig, tellingSchema } from "../config/parseConfig.ts";
import { type SchemaTree, schemaTree } from "../config/schemaTree.ts";
import { applySetters, parseSetter } from "../config/setters.ts";
import { type Found, type FoundExperiment, findExperiment, findRunnable } from "../experiments/find.ts";

export interface PreparedExperiment extends FoundExperiment {
  /** As the experiment's schema gives it back. */
  parsed: unknown;
}

/** Finds the experiment and sets its config. Throws `UsageError` that names what is wrong in either. */
export async function preparedExperiment(line: CommandLine): Promise<PreparedExperiment> {
  const found = await findExperiment(line.positionals[0]!);
  const { config: schema } = found.experiment;
  return { ...found, parsed: parseConfig(schema, await givenConfig(line, schemaTree(schema))) };
}

/**
 * Finds the experiment or the study. Its config is as `--set` makes it, not parsed yet: `train` does that, once, and what
 * is wrong in it is told by the schema as the command tells it.
 */
export async function preparedRunnable(line: CommandLine): Promise<Found & { config: unknown }> {
  const found = await findRunnable(line.positionals[0]!);
  if ("study" in found) {
    const { study } = found;
    return { ...found, study: told(study), config: await givenConfig(line, schemaTree(study.config)) };
  }
  const { experiment } = found;
  const tree = schemaTree(experiment.config);
  const [config, steps] = [await givenConfig(line, tree), integerOption(line, "steps", 1)];
  return {
    ...found,
    experiment: told(experiment),
    config: steps !== undefined && hasSteps(tree) ? { ...config, steps } : config,
  };
}

/** The same experiment or study, whose schema tells its complaints in the words of the command. */
export function told<T extends { readonly config: Schema<unknown> }>(of: T): T {
  return { ...of, config: tellingSchema(of.config) };
}

async function givenConfig(line: CommandLine, tree: SchemaTree | undefined): Promise<object> {
  return applySetters(tree, (line.options.get("set") ?? []).map(parseSetter));
}

/** Whether a config has a number of steps. `--steps` is it too: `train` would parse a second time to put it there. */
function hasSteps(tree: SchemaTree | undefined): boolean {
  const nodes = tree?.children(tree.root, "steps") ?? [];
  return nodes.length > 0 && nodes.every((node) => typeof node.default === "number");
}
