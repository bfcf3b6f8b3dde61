/**
 * Configs where a search may stand in an estimator's place. A search has no optimizer and no window: what a person sets of them
 * beside one is refused, not left out in silence.
 */
import { OptionError, findSearch } from "unspool";
import { z } from "zod";

/** The fields that a config has for what a search has not. */
export interface WithoutUse {
  /** Numbers of the optimizer. Default `["learningRate"]`. */
  optimizer?: readonly string[];
}

/**
 * The same schema, which refuses a window or a number of the optimizer beside a search. A config keeps no record of who gave it
 * (a run that goes on parses the whole of it again), so that a value that is the default counts as not given.
 */
export function withSearches<Config extends z.ZodObject>(
  schema: Config,
  { optimizer = ["learningRate"] }: WithoutUse = {},
): Config {
  const { shape } = schema;
  for (const name of ["estimator", "truncation", ...optimizer])
    if (!(name in shape))
      throw new OptionError("withSearches", "a field without use to a search", name, "a field of the schema");
  const isGiven = (name: string, value: unknown): boolean =>
    JSON.stringify(value) !== JSON.stringify(z.safeParse(shape[name]!, undefined).data);
  return schema.superRefine((config, context) => {
    const search = findSearch(String(config["estimator"]))?.name;
    if (search === undefined) return;
    const refuse = (name: string, why: string): void => {
      if (!isGiven(name, config[name])) return;
      const message = `must be left out beside the search ${search}, which ${why}`;
      context.addIssue({ code: "custom", path: [name], message, input: config[name] });
    };
    refuse("truncation", "takes whole trajectories and has no windows");
    for (const name of optimizer) refuse(name, "has no optimizer");
  });
}
