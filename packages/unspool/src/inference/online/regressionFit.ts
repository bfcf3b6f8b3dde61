/**
 * How well the functions of the past were learned in a step: the part of the variance of new targets that the prediction has,
 * R² = 1 - Σ |target - prediction|² / Σ |target - mean|². Targets are draws, so that also a perfect function stays below 1.
 */
import { type Key, type Tensor, random, tree } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import { compiled } from "../../unroll/index.ts";
import type { OnlineVariationalFilter, OnlineVariationalState } from "./onlineVariationalFilter.ts";
import { evaluated, targetsAt } from "./pastFunctions.ts";
import { type PastFunctions, type PastName, pastNames } from "./pastNames.ts";
import { type Link, windowStates } from "./window.ts";

export interface RegressionFitOptions {
  /** Default 500. */
  samples?: number;
  /** Of the draws. Default `random.key(0)`. */
  key?: Key;
}

const where = "regressionFit";

/**
 * R² of each function that was learned between two states, one observation apart; theta is that of the step.
 *
 * Throws `OptionError` for states that are not one observation apart, or between which nothing was learned.
 */
export function regressionFit<Theta, Phi>(
  filter: OnlineVariationalFilter<Theta, Phi>,
  theta: Theta,
  [before, after]: readonly [OnlineVariationalState<Phi>, OnlineVariationalState<Phi>],
  options: RegressionFitOptions = {},
): { [Name in PastName]?: number } {
  requireKnownOptions(where, options, ["samples", "key"]);
  const { samples = 500, key = random.key(0) } = options;
  requireInteger(where, "samples", samples, 2);
  const { settings } = filter;
  const { regressors, window: length, model } = settings;
  const { t } = before;
  if (after.t !== t + 1) throw new OptionError(where, "the states' t", [t, after.t], "one apart");
  if (t + 1 < length) {
    throw new OptionError(
      where,
      "the states' t",
      [t, after.t],
      `at least ${length}, the window`,
      "Nothing was learned yet.",
    );
  }
  const reachesStart = t < length;
  const links = reachesStart ? after.links : [before.links[0]!, ...after.links];
  const at = reachesStart ? 0 : 1;
  const learned = pastNames.filter(
    (name) => regressors[name] !== undefined && regressors[name]?.isZero !== true,
  );
  type Given = {
    theta: Theta;
    links: Link<Phi>[];
    before: PastFunctions;
    after: PastFunctions;
    step: Tensor;
    key: Key;
  };
  const program = compiled(where, (given: Given) => {
    const wide = tree.astype(given.theta, "float64");
    const all = random.normal(given.key, [links.length + 1, samples, model.stateSize], { dtype: "float64" });
    const noise = given.links.map((_, k) => all.slice(k + 1));
    const inputs = windowStates(settings, { links: given.links.slice(at) }, noise.slice(at))[0]!;
    const window = { links: given.links, t: given.step, reachesStart };
    const fits = learned.map((name) => {
      const from = { theta: wide, window, functions: given.before };
      const targets = targetsAt(settings, from, name, inputs, all.slice(0));
      // S is known up to a constant.
      const error = targets.sub(evaluated(regressors, given.after, name)!(inputs));
      const centred = name === "S" && settings.centre ? error.sub(error.mean(0)) : error;
      const spread = targets.sub(targets.mean(0));
      return [name, centred.mul(centred).sum().div(spread.mul(spread).sum())] as const;
    });
    return Object.fromEntries(fits);
  });
  const given = { theta, links: [...links], before: before.functions, after: after.functions };
  const made = program({ ...given, step: tree.scalar(t, "int32"), key });
  return Object.fromEntries(Object.entries(made).map(([name, part]) => [name, 1 - part.item()]));
}
