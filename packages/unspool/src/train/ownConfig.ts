/** The config of a run, which must be data and come out of its experiment's parser as it goes in: `resume` reads it. */
import type { Json } from "../methods/index.ts";
import { ExperimentError } from "../errors.ts";
import { isThenable } from "../unroll/index.ts";
import { canonicalJson } from "./checkpoint.ts";
import type { Experiment } from "./experiment.ts";
import { decodeState } from "./stateCodec.ts";

/** Throws `ExperimentError` where `parse` is async. */
export function requireParsed(name: string, config: unknown): void {
  if (!isThenable(config)) return;
  void Promise.resolve(config).catch(() => {});
  throw new ExperimentError(
    name,
    "the parse of its config is async: it returned a promise. Parse at once, and load data in setup.",
    { during: "setup" },
  );
}

/** Throws one of our errors unless the parsed config, written and read again, parses to itself. */
export function requireOwnConfig<Config>(
  experiment: Pick<Experiment<Config>, "name" | "config">,
  config: Config,
): void {
  const written = canonicalJson(config);
  let again: string;
  try {
    again = canonicalJson(experiment.config.parse(decodeState(JSON.parse(written) as Json)));
  } catch (error) {
    throw refused(experiment.name, `refuses it (${String((error as Error | null)?.message).slice(0, 300)})`);
  }
  if (again !== written) throw refused(experiment.name, `makes ${again.slice(0, 200)} of it`);
}

function refused(name: string, what: string): ExperimentError {
  return new ExperimentError(
    name,
    `its config does not parse to itself: given what it returned, parse ${what}, and so the run could not be ` +
      "resumed. Leave out transformations that change a value again, or do them in setup.",
    { during: "setup" },
  );
}
