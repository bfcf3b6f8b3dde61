/** What a sweep's command line says of settings that follow from results: `--search` and `--halving`. */
import type { ConfigOf, Experiment, SearchField, SweepPlan } from "unspool/train";
import { OptionError } from "unspool";
import { beginSearch, halving } from "unspool/train";
import { type CommandLine, integerOption, textOption } from "../commandLine/parse.ts";
import { schemaTree } from "../config/schemaTree.ts";
import { applySetters, parseSetter } from "../config/setters.ts";
import { UsageError, didYouMean } from "../failure.ts";
import type { Choices } from "./choices.ts";

/** Options that say nothing without another one, and those that exclude each other. */
export function requireCompanions(line: CommandLine): void {
  const pairs = [
    ["search", "trials", "say how many settings it may try, such as --trials 30"],
    ["batch", "search", "it is how many settings a search tries at once: add --search tpe, or leave it out"],
    ["eta", "halving", "it is how many settings one goes on of: add --halving, or leave it out"],
    ["min-steps", "halving", "it is the first rung: add --halving, or leave it out"],
  ] as const;
  const { options } = line;
  const alone = pairs.find(([option, needed]) => options.has(option) && !options.has(needed));
  if (alone !== undefined)
    throw usage(`--${alone[0]} needs --${alone[1]}: ${alone[2]}.`, { option: alone[0] });
  if (options.has("search") && options.has("halving"))
    throw usage(
      "--search and --halving exclude each other: a search is told what whole runs came to. Give one of them, or draw the settings of --halving by --trials alone.",
      { option: "halving" },
    );
}

const usage = (problem: string, details: Record<string, unknown>): UsageError =>
  new UsageError("USAGE", `unspool sweep: ${problem}`, details);

/** The name of the method of `--search`. */
export async function searchMethod(line: CommandLine): Promise<string | undefined> {
  const given = textOption(line, "search");
  if (given === undefined) return undefined;
  const { findSearch, searchAliases, searchNames } = await import("unspool/search");
  const entry = findSearch(given);
  if (entry !== undefined) return entry.name;
  const hint = await didYouMean(given, [...searchNames, ...Object.keys(searchAliases)]);
  throw usage(`there is no search ${JSON.stringify(given)}.${hint} There are ${searchNames.join(", ")}.`, {
    given,
    allowed: searchNames,
  });
}

/** Settings at the ends of all ranges, and with each of the values: what their configs refuse is known before the first run. */
export function corners(varied: readonly Choices[]): string[][] {
  const ends = varied.map(({ values, range }) =>
    range === undefined ? values : [String(range.low), String(range.high)],
  );
  const most = Math.max(0, ...ends.map(({ length }) => length));
  return Array.from({ length: most }, (_, i) => ends.map((texts) => texts[Math.min(i, texts.length - 1)]!));
}

/** The config of a setting that a search asks for, as `run` would make it of the command of that setting. */
export function settingConfig(experiment: Experiment): ConfigOf {
  const tree = schemaTree(experiment.config);
  return ({ fields, fixed }: SweepPlan, values) =>
    applySetters(tree, [
      ...fixed.map(parseSetter),
      ...fields.map((field, i) => ({ path: field.split("."), text: values[i]! })),
    ]);
}

interface Searching {
  method: string;
  trials: number;
  seed: number;
}

/** The plan of a search, with its first settings. */
export async function searched(
  line: CommandLine,
  plan: SweepPlan,
  varied: readonly Choices[],
  searching: Searching,
  configOf: ConfigOf,
): Promise<SweepPlan> {
  const space = varied.map(({ values, range }): SearchField =>
    range === undefined ? { kind: "choice", values } : { ...range },
  );
  const batch = integerOption(line, "batch", 1);
  return beginSearch(plan, { ...searching, space, batch }, configOf).catch((error: unknown) => {
    if (!(error instanceof OptionError)) throw error;
    const isBatch = batch !== undefined ? " Its population is what --batch gives." : "";
    throw usage(`--search ${searching.method} cannot begin. ${error.message}${isBatch}`, error.details);
  });
}

/** The plan with the rungs of its halving. */
export function halved(line: CommandLine, plan: SweepPlan, experiment: Experiment): SweepPlan {
  if (plan.settings.length < 2)
    throw usage("--halving chooses among settings, and there is one: give values by --set.", { settings: 1 });
  const steps = plan.steps ?? commonSteps(plan, experiment);
  const minSteps = integerOption(line, "min-steps", 1);
  if (minSteps !== undefined && minSteps >= steps)
    throw usage(`--min-steps must be below the ${steps} outer steps of a whole run, got ${minSteps}.`, {
      option: "min-steps",
      given: minSteps,
    });
  if (steps < 2) throw usage("--halving needs runs of at least 2 outer steps, got 1.", { steps });
  const eta = integerOption(line, "eta", 2);
  return { ...plan, steps, halving: halving({ settings: plan.settings.length, steps, eta, minSteps }) };
}

/** The outer steps that the configs of all settings say. */
function commonSteps({ settings }: SweepPlan, experiment: Experiment): number {
  const counts = settings.map(
    ({ config }) => (experiment.config.parse(config) as { steps?: unknown } | null)?.steps,
  );
  const [first] = counts;
  if (typeof first === "number" && counts.every((count) => count === first)) return first;
  throw usage(
    typeof first === "number"
      ? "--halving compares settings after equal outer steps, and --set steps gives them different ones. Leave it out, and give --steps N."
      : "--halving has to know how many outer steps a whole run has, which this config does not say: give --steps N.",
    { option: "steps" },
  );
}
