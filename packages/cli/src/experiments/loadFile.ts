/**
 * Loads an experiment from a TypeScript or JavaScript file. Its imports of `unspool`, `unspool/…` and `zod` get the
 * very modules that the command itself uses, wherever the file lies and whatever is installed there: two copies of
 * the library would not recognise each other's tensors and errors.
 */
import { existsSync, realpathSync, statSync } from "node:fs";
import { parse } from "node:path";
import { createJiti } from "jiti";
import { type Problem, defineProblem, show } from "unspool";
import { type Experiment, type Study, called, calledAsync, describeThrown } from "unspool/train";
import { UsageError } from "../failure.ts";

/** Entry points of the library that a file may import. */
export const sharedModules: readonly string[] = [
  "unspool",
  "unspool/array",
  "unspool/engine",
  "unspool/unroll",
  "unspool/estimators",
  "unspool/optimizers",
  "unspool/methods",
  "unspool/diagnostics",
  "unspool/problems",
  "unspool/train",
  "unspool/train/node",
  "unspool/advice",
  "unspool/conformance",
  "zod",
];

export type Exported = { experiment: Experiment } | { study: Study };

/**
 * The experiment or study that `file` (an absolute path) exports as its default, or makes in a function that it exports.
 * A problem with a theta is made into an experiment.
 */
export async function loadFile(file: string): Promise<Exported> {
  if (!existsSync(file)) throw new UsageError("EXPERIMENT", `${file}: there is no such file.`, { file });
  if (statSync(file).isDirectory()) {
    throw new UsageError("EXPERIMENT", `${file}: it is a folder. Name the file in it.`, { file });
  }
  return exportedBy(file, await load(file));
}

/** The experiment or study that `exported`, the default export of `file`, is or makes. */
export async function exportedBy(file: string, exported: unknown): Promise<Exported> {
  const made: unknown = await calledAsync(file, "the function that it exports", "setup", () =>
    typeof exported === "function" ? (exported as () => unknown)() : exported,
  );
  // A getter or a proxy may throw wherever something is read.
  const problem = called(file, "its default export", "setup", () => (isProblem(made) ? made : undefined));
  return problem === undefined ? ownExport(file, made) : { experiment: await experimentOf(file, problem) };
}

async function experimentOf(file: string, problem: Problem): Promise<Experiment> {
  // Here, because all experiments that come with Unspool come with it.
  const { problemExperiment } = await import("@unspool/experiments");
  return called(file, "its default export", "setup", () => {
    if (problem.theta === undefined) {
      throw new UsageError(
        "EXPERIMENT",
        `${file}: the problem that it exports has no theta to start from. Write: defineProblem({ theta: …, horizon, init, step }).`,
        { file },
      );
    }
    // One that was written without defineProblem is checked here.
    const checked = problem.isTraceable === undefined ? defineProblem(problem) : problem;
    return problemExperiment(checked, parse(file).name) as Experiment;
  });
}

function ownExport(file: string, made: unknown): Exported {
  return called(file, "its default export", "setup", () => {
    const isStudy = typeof (made as Partial<Study> | null)?.cells === "function";
    const problem = whatIsWrong(made, isStudy ? ["cells", "summarise"] : ["setup"]);
    if (problem === undefined)
      return isStudy ? { study: ownStudy(made as Study) } : { experiment: ownExperiment(made as Experiment) };
    throw new UsageError(
      "EXPERIMENT",
      `${file}: the default export is neither a problem nor an experiment nor a study: ${problem}. ` +
        "Write: export default defineProblem({ theta, horizon, init, step }), defineExperiment({ name, summary, config, setup }), " +
        "or defineStudy({ name, summary, config, cells, summarise }).",
      { file },
    );
  });
}

async function load(file: string): Promise<unknown> {
  const modules = await Promise.all(
    sharedModules.map(async (name) => [name, (await import(name)) as unknown] as const),
  );
  // Where a link leads, as Node does: imports beside the file are found, and its ending says what it is.
  const target = realpathSync(file);
  const jiti = createJiti(target, {
    virtualModules: Object.fromEntries(modules),
    interopDefault: false,
    // A cache in the shared folder for temporary files would run what another account has put there.
    fsCache: false,
  });
  try {
    const loaded = await jiti.import<{ default?: unknown }>(target);
    return loaded.default;
  } catch (error) {
    throw new UsageError(
      "EXPERIMENT",
      `${file}: it could not be loaded. ${describeThrown(error).text}`,
      { file },
      { cause: error },
    );
  }
}

function isProblem(made: unknown): made is Problem {
  if (typeof made !== "object" || made === null) return false;
  const { horizon, init, step } = made as Partial<Problem>;
  return typeof horizon === "number" && typeof init === "function" && typeof step === "function";
}

/** Longer names are no names, and what a terminal does not show could be taken for another. */
const longestName = 200;

function whatIsWrong(
  made: unknown,
  functions: readonly ("setup" | "cells" | "summarise")[],
): string | undefined {
  if (typeof made !== "object" || made === null)
    return made === undefined ? "there is none" : `it is a ${typeof made}`;
  const { name, summary, config } = made as Partial<Experiment>;
  if (typeof name !== "string" || name.trim() === "") return "it has no name";
  if (name.length > longestName || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name))
    return `its name must be a short line of text, got ${show(name.slice(0, longestName))}`;
  if (summary !== undefined && typeof summary !== "string") return "its summary is not text";
  if (typeof config?.parse !== "function") return "its config has no parse (a zod schema has)";
  const missing = functions.find((one) => typeof (made as Partial<Experiment & Study>)[one] !== "function");
  return missing === undefined ? undefined : `it has no ${missing} function`;
}

/** What was checked, in a record that does not change. */
function ownExperiment(made: Experiment): Experiment {
  const { name, summary = "", paper, config } = made;
  const setup = made.setup.bind(made);
  return { name, summary, ...(typeof paper === "string" && { paper }), config, setup };
}

function ownStudy(made: Study): Study {
  const { name, summary = "", paper, config } = made;
  const [cells, summarise] = [made.cells.bind(made), made.summarise.bind(made)];
  return { name, summary, ...(typeof paper === "string" && { paper }), config, cells, summarise };
}
