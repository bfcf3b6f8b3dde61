/**
 * The bound of the whole history by its definition: states drawn backward through all kernels that the filter has kept,
 *
 *     L_t = E_q[log p(x_0 … x_t, y_0 … y_t) - log q_t(x_t) - Σ_k log q_k(x_{k-1} | x_k)].
 *
 * What the filter's own estimate is held against. Campbell, Shi, Rainforth and Doucet 2021, equation 4.
 */
import { type Key, type Tensor, random, tree } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import { compiled } from "../../unroll/index.ts";
import type { OnlineVariationalFilter, OnlineVariationalState } from "./onlineVariationalFilter.ts";
import { type Link, windowReward } from "./window.ts";

export interface SmootherElboOptions {
  /** Trajectories drawn. Default 1000. */
  samples?: number;
  /** Of the draws. Default `random.key(0)`. */
  key?: Key;
}

export interface SmootherElbo {
  elbo: number;
  /** Of the mean over trajectories. */
  standardError: number;
}

const where = "smootherElbo";

type Program = (
  theta: unknown,
  link: Link,
  before: Link,
  x: Tensor,
  given: { t: Tensor; key: Key },
) => Tensor[];
interface Programs {
  step: Program;
  start: Program;
  end: Program;
}

/** By filter and number of samples. */
const programs = new WeakMap<object, Map<number, Programs>>();

/**
 * The bound at the end of a filter's history, with theta as it is now. The filter must have `keepHistory: true`, and a
 * kernel: `aelbo1`, which has none, is measured as the product of its filter densities.
 *
 * Throws `OptionError` where the history does not reach the first observation. Cost: `samples` states for each observation.
 */
export function smootherElbo<Theta, Phi>(
  filter: OnlineVariationalFilter<Theta, Phi>,
  theta: Theta,
  state: OnlineVariationalState<Phi>,
  options: SmootherElboOptions = {},
): SmootherElbo {
  requireKnownOptions(where, options, ["samples", "key"]);
  const { samples = 1000, key = random.key(0) } = options;
  requireInteger(where, "samples", samples, 2);
  const { history, t } = state;
  if (history.length === 0 || history.length !== t) {
    const hint = "Make the filter with keepHistory: true.";
    throw new OptionError(where, "state.history", history.length, `of all ${t} observations`, hint);
  }
  const { end, step, start } = programsOf(filter, samples);
  const at = (k: number) => ({ t: tree.scalar(k, "int32"), key: random.foldIn(key, k) });
  const last = history[t - 1]!;
  const none = tree.scalar(0, "float64");
  // Of x_t; step k draws x_{k-1} by the key of its own number.
  let [x, sum] = end(theta, last, last, none, at(t)) as [Tensor, Tensor];
  for (let k = t - 1; k > 0; k--) {
    const [past, reward] = step(theta, history[k]!, history[k - 1]!, x, at(k)) as [Tensor, Tensor];
    [x, sum] = [past, sum.add(reward)];
  }
  sum = sum.add(start(theta, history[0]!, history[0]!, x, at(0))[0]!);
  const values = Array.from(sum.data, Number);
  const mean = values.reduce((a, b) => a + b, 0) / samples;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / (samples - 1);
  return { elbo: mean, standardError: Math.sqrt(variance / samples) };
}

function programsOf<Theta, Phi>(filter: OnlineVariationalFilter<Theta, Phi>, samples: number): Programs {
  const ofFilter = programs.get(filter) ?? new Map<number, Programs>();
  programs.set(filter, ofFilter);
  const known = ofFilter.get(samples) ?? programsFor(filter, samples);
  ofFilter.set(samples, known);
  return known;
}

function programsFor<Theta, Phi>(filter: OnlineVariationalFilter<Theta, Phi>, samples: number): Programs {
  const { model, family, objective } = filter.settings;
  const wide = (theta: unknown): Theta => tree.astype(theta, "float64") as Theta;
  const noise = (key: Key): Tensor =>
    random.normal(random.foldIn(key, "smoother"), [samples, model.stateSize], { dtype: "float64" });
  // Of the parts of a reward those that belong to one step: filter densities cancel between steps.
  const parts = { model, family, objective: { usesKernel: objective.usesKernel, usesFilter: true } };
  return {
    end: compiled("smoother.end", (_theta, link, _before, _x, { key }) => {
      const x = family.sample(link.phi as Phi, noise(key));
      return [x, family.logProb(link.phi as Phi, x).neg()];
    }),
    step: compiled("smoother.step", (theta, link, before, x, { t, key }) => {
      const past = objective.usesKernel
        ? family.samplePast(link.phi as Phi, x, noise(key))
        : family.sample(before.phi as Phi, noise(key));
      const window = { links: [before, link] as Link<Phi>[], t, reachesStart: false };
      const reward = windowReward(parts, wide(theta), window, [past, x]);
      const ofFilter = family
        .logProb(link.phi as Phi, x)
        .sub(
          objective.usesKernel
            ? family.logProb(before.phi as Phi, past)
            : family.logProb(before.phi as Phi, past).mul(2),
        );
      return [past, reward.add(ofFilter)];
    }),
    start: compiled("smoother.start", (theta, link, _before, x, { t }) => {
      const window = { links: [link] as Link<Phi>[], t, reachesStart: true };
      return [windowReward(parts, wide(theta), window, [x]).add(family.logProb(link.phi as Phi, x))];
    }),
  };
}
