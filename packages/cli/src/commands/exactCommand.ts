/** The command line that runs what `diagnose` recommends: checked option by option before it is printed. */
import {
  type Key,
  type Method,
  type TrialSetting,
  contenderOf,
  optionsOf,
  searchMethod,
  tree,
} from "unspool";
import {
  type DescentSetup,
  type Experiment,
  type InnerProblem,
  type Setup,
  requireDescent,
} from "unspool/train";
import type { CommandLine } from "../commandLine/parse.ts";
import { parseConfig } from "../config/parseConfig.ts";
import { schemaTree } from "../config/schemaTree.ts";
import { applySetters, parseSetter } from "../config/setters.ts";
import { setupWithInner } from "./innerOf.ts";
import { shellWord } from "../runs/shellWord.ts";

export interface ExactCommand {
  /** Undefined where no command line runs exactly the setting. */
  command: string | undefined;
  /** Why there is none. */
  problem?: string;
}

export interface Recommended {
  setting: TrialSetting;
  outerSteps: number;
}

/** What was given to `diagnose` stays: `--set`, the seed, the engine. */
const passedOn = ["seed", "engine", "threads", "portable-bits"];

/**
 * The command, if a run with it has every option of the trial: the experiment is set up with the config that the command
 * makes, and its estimator, options and learning rate are compared with those of the trial.
 */
export async function exactCommand(
  line: CommandLine,
  experiment: Experiment,
  setup: Setup & { inner: InnerProblem },
  { setting, outerSteps }: Recommended,
  key: Key,
): Promise<ExactCommand> {
  const own = settersOf(setting, setup.inner);
  const paths = new Set([...own.map((text) => text.split("=")[0]), ...unusedBy(setting, setup.inner)]);
  const given = (line.options.get("set") ?? []).filter((text) => !paths.has(text.split("=")[0]));
  const setters = [...given, ...own];
  try {
    const config = await applySetters(schemaTree(experiment.config), setters.map(parseSetter));
    const made = await setupWithInner(experiment, parseConfig(experiment.config, config), key);
    const wrong = isSearch(setting)
      ? differencesOfSearch(made, setup.inner, setting, key)
      : differences({ ...requireDescent("run", made), inner: made.inner }, setup.inner, setting);
    if (wrong.length > 0) return none(`a run would have ${wrong.join(", ")}`);
  } catch (error) {
    return none(error instanceof Error ? error.message : String(error));
  }
  const others = passedOn.flatMap((name) =>
    (line.options.get(name) ?? []).map((value) =>
      value === "" ? `--${name}` : `--${name} ${quoted(value)}`,
    ),
  );
  const steps = outerSteps === setup.steps ? [] : [`--steps ${outerSteps}`];
  const words = [...setters.map((text) => `--set ${quoted(text)}`), ...steps, ...others];
  return { command: `unspool run ${quoted(line.positionals[0]!)} ${words.join(" ")}` };
}

const none = (problem: string): ExactCommand => ({ command: undefined, problem });

const isSearch = ({ estimator }: TrialSetting): boolean => contenderOf(estimator).search !== undefined;

const ratePath = ({ learningRate }: InnerProblem): string => learningRate?.path ?? "learningRate";

/** What a config refuses beside a search, which takes whole trajectories and has no optimizer. */
const unusedBy = (setting: TrialSetting, inner: InnerProblem): string[] =>
  isSearch(setting) ? ["truncation", ratePath(inner)] : [];

function settersOf({ learningRate, ...setting }: TrialSetting, inner: InnerProblem): string[] {
  const unused = unusedBy(setting, inner);
  const values = Object.entries(setting).filter(
    ([path, value]) => value !== undefined && !unused.includes(path),
  );
  const rate = learningRate === undefined ? [] : [[ratePath(inner), learningRate]];
  return [...values, ...rate].map(([path, value]) => `${path}=${value}`);
}

/** What a run would have otherwise than the trial. */
function differences(
  { estimator, inner }: DescentSetup & { inner: InnerProblem },
  trial: InnerProblem,
  setting: TrialSetting,
): string[] {
  const wrong = estimator.name === setting.estimator ? [] : [`the estimator ${estimator.name}`];
  const wanted = optionsOf(trial.options, setting) as Record<string, unknown>;
  const made = optionsOf(inner.options, {
    estimator: setting.estimator,
    truncation: setting.truncation,
  }) as Record<string, unknown>;
  // The window of the config: estimators of whole trajectories have none.
  if ("truncation" in made) made["truncation"] = inner.options.truncation;
  for (const name of new Set([...Object.keys(wanted), ...Object.keys(made)])) {
    if (name === "executor" || name === "noise") continue;
    if (!Object.is(wanted[name], made[name]))
      wrong.push(`${name} ${String(made[name])} for ${String(wanted[name])}`);
  }
  const { learningRate } = setting;
  if (learningRate !== undefined && inner.learningRate?.value !== learningRate)
    wrong.push(`learning rate ${inner.learningRate?.value} for ${learningRate}`);
  return wrong;
}

/** The same of a search, by what the recipes of both say of its options and of what it evaluates. */
function differencesOfSearch(
  { method, estimator, theta: given }: Setup,
  { problem, options }: InnerProblem,
  setting: TrialSetting,
  key: Key,
): string[] {
  if (method === undefined) return [`the estimator ${estimator.name}`];
  const theta: unknown = tree.tensors(given);
  const recipeOf = (of: Method): Record<string, unknown> => of.recipe(theta, of.init(theta, key));
  const [made, wanted] = [
    recipeOf(method),
    recipeOf(searchMethod(setting.estimator, problem, optionsOf(options, setting))),
  ];
  return ["search", "evaluation"]
    .filter((part) => JSON.stringify(made[part]) !== JSON.stringify(wanted[part]))
    .map((part) => `the ${part} ${JSON.stringify(made[part])} for ${JSON.stringify(wanted[part])}`);
}

/** What has no safe form in a shell stands as an ellipsis: to be typed by hand. */
const quoted = (text: string): string => shellWord(text) ?? "…";
