/** The plan of a sweep, from its command line: every setting is made and checked before any run begins. */
import type { Experiment, SweepPlan, SweepSetting } from "unspool/train";
import { settingLabel } from "unspool/train";
import { type CommandLine, integerOption, textOption } from "../commandLine/parse.ts";
import { parseConfig } from "../config/parseConfig.ts";
import { type SchemaTree, schemaTree } from "../config/schemaTree.ts";
import { applySetters } from "../config/setters.ts";
import { UsageError } from "../failure.ts";
import { type Choices, drawValue, parseChoices } from "./choices.ts";
import { corners, halved, requireCompanions, searchMethod, searched, settingConfig } from "./growth.ts";
import { parseSeeds } from "./seeds.ts";

/** More are a mistake in a list. */
const mostRuns = 20_000;
/** Runs of each setting: the fewest whose interval is not absurdly wide. */
const defaultSeeds = "0..2";

export interface MadePlan {
  plan: SweepPlan;
  /** Of the draws. */
  drawSeed: number;
  /** Trials that drew what an earlier one had. */
  repeated: number;
}

/** Throws `UsageError` for the first mistake in the words, or for all settings whose config is none. */
export async function planOf(line: CommandLine, experiment: Experiment): Promise<MadePlan> {
  requireCompanions(line);
  const tree = schemaTree(experiment.config);
  const choices = await parseChoices(tree, line.options.get("set") ?? []);
  const steps = integerOption(line, "steps", 1);
  if (steps !== undefined && choices.some(({ name }) => name === "steps"))
    throw new UsageError(
      "USAGE",
      "unspool sweep: --steps and --set steps are two counts of outer steps. Give one of them.",
    );
  const seeds = parseSeeds(textOption(line, "seeds") ?? defaultSeeds);
  const drawSeed = integerOption(line, "draw-seed", 0) ?? 0;
  const varied = choices.filter(({ values, range }) => range !== undefined || values.length > 1);
  const trials = trialsOf(line, varied);
  const method = await searchMethod(line);
  const fixed = choices.filter((one) => !varied.includes(one));
  const drawn = trials === undefined ? grid(varied) : draws(varied, trials, drawSeed);
  const asked = method === undefined ? drawn : corners(varied);
  requireNumber((method === undefined ? drawn.length : trials!) * seeds.length);
  const settings = await Promise.all(
    asked.map(async (values) => ({ values, config: await configOf(tree, choices, varied, values) })),
  );
  const plan: SweepPlan = {
    experiment: experiment.name,
    fields: varied.map(({ name }) => name),
    fixed: fixed.map(({ name, values }) => `${name}=${values[0]}`),
    ...{ settings, seeds, steps: steps ?? null, halving: null, search: null },
    by: textOption(line, "by") ?? "loss",
    isMaximised: line.options.has("maximise"),
  };
  requireConfigs(experiment, tree, plan);
  if (method !== undefined)
    return {
      plan: await searched(
        line,
        plan,
        varied,
        { method, trials: trials!, seed: drawSeed },
        settingConfig(experiment),
      ),
      ...{ drawSeed, repeated: 0 },
    };
  const made = line.options.has("halving") ? halved(line, plan, experiment) : plan;
  return { plan: made, drawSeed, repeated: (trials ?? drawn.length) - drawn.length };
}

function trialsOf(line: CommandLine, varied: readonly Choices[]): number | undefined {
  const trials = integerOption(line, "trials", 1);
  const range = varied.find((one) => one.range !== undefined);
  if (trials === undefined && range !== undefined)
    throw new UsageError(
      "USAGE",
      `unspool sweep: --set ${range.name} is a range, from which values are drawn: say how many settings, such as --trials 20.`,
      { path: range.name },
    );
  if (trials === undefined && line.options.has("draw-seed"))
    throw new UsageError(
      "USAGE",
      "unspool sweep: --draw-seed is of --trials. Leave it out, or draw settings by --trials N.",
    );
  if (trials !== undefined && varied.length === 0)
    throw new UsageError(
      "USAGE",
      "unspool sweep: --trials draws settings, and no --set says from what: --set 'learningRate=log(1e-4,1)' or --set estimator=pes,nres.",
    );
  return trials;
}

/** All combinations, the last field changing fastest. */
function grid(varied: readonly Choices[]): string[][] {
  requireNumber(varied.reduce((product, { values }) => product * values.length, 1));
  return varied.reduce<string[][]>(
    (rows, { values }) => rows.flatMap((row) => values.map((value) => [...row, value])),
    [[]],
  );
}

/** Each different setting once. */
function draws(varied: readonly Choices[], trials: number, seed: number): string[][] {
  requireNumber(trials);
  const rows = Array.from({ length: trials }, (_, trial) => varied.map((one) => drawValue(one, seed, trial)));
  return [...new Map(rows.map((row) => [row.join("\0"), row])).values()];
}

function requireNumber(runs: number): void {
  if (runs <= mostRuns) return;
  throw new UsageError(
    "USAGE",
    `unspool sweep: these would be ${runs} runs, and ${mostRuns} are allowed. Give fewer values or seeds, or draw some by --trials N.`,
    { runs },
  );
}

/** Setters in the order of the command line, as `run` applies them. */
function configOf(
  tree: SchemaTree | undefined,
  choices: readonly Choices[],
  varied: readonly Choices[],
  values: readonly string[],
): Promise<Record<string, unknown>> {
  const textOf = (one: Choices): string => values[varied.indexOf(one)] ?? one.values[0]!;
  return applySetters(
    tree,
    choices.map((one) => ({ path: one.path, text: textOf(one) })),
  );
}

/** So many settings are named where the config of more is wrong. */
const namedSettings = 5;

/** Parses the config of every setting. One `UsageError` tells all that is wrong. */
function requireConfigs(experiment: Experiment, tree: SchemaTree | undefined, plan: SweepPlan): void {
  const isCounted = plan.steps !== null && (tree?.children(tree.root, "steps") ?? []).length > 0;
  const wrong = new Map<string, SweepSetting[]>();
  for (const setting of plan.settings) {
    try {
      const config = setting.config as object;
      parseConfig(experiment.config, isCounted ? { ...config, steps: plan.steps } : config);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      wrong.set(error.message, [...(wrong.get(error.message) ?? []), setting]);
    }
  }
  if (wrong.size === 0) return;
  const lines = [...wrong].slice(0, namedSettings).map(([message, settings]) => {
    const where =
      settings.length === plan.settings.length
        ? "in all settings"
        : `in ${settingLabel(plan, settings[0]!)}${settings.length === 1 ? "" : ` and ${settings.length - 1} more`}`;
    return `${message} (${where})`;
  });
  const count = [...wrong.values()].flat().length;
  throw new UsageError(
    "CONFIG",
    `unspool sweep: ${count} of ${plan.settings.length} settings cannot be run, and none was begun.\n${lines.join("\n")}`,
    { settings: [...wrong.values()].flat().map((setting) => settingLabel(plan, setting)) },
  );
}
