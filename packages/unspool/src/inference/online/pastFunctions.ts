/**
 * The past as functions of the state: the value V, its derivative by the state T, and its derivative by theta S. Going from
 * step b to b + 1, with x_b drawn from the backward kernel at x_{b+1}, each is the mean over x_b of
 *
 *     V(x_b) + r,    T(x_b) ∂x_b/∂x_{b+1} + ∂r/∂x_{b+1},    S(x_b) + ∂(log f + log g)/∂theta,
 *
 * learned by regression on x_{b+1}. S has an additive constant that grows with time and cancels in the gradient by theta: the
 * mean of its targets is left out. That of V's is kept apart. Campbell, Shi, Rainforth and Doucet 2021, Propositions 1 to 3.
 */
import { type Key, type Tensor, grad, np, random, tree, vmap } from "../../array/index.ts";
import { type AnyRegressors, type PastFunctions, type PastName, pastNames } from "./pastNames.ts";
import { quadraticNodes, sigmaPoints } from "./regressors/quadraticRegression.ts";
import type { Regressor } from "./regressors/regressor.ts";
import type { StateMoments } from "./variationalFamily.ts";
import { type Window, type WindowParts, windowLogJoint, windowReward, windowStates } from "./window.ts";

export interface PastRule<Theta, Phi> extends WindowParts<Theta, Phi> {
  regressors: AnyRegressors;
  /** Leave out the mean of S's targets, and keep that of V's apart. */
  centre: boolean;
  /** What S learns of one step at x [n, dx], [n, m], where that is another score than the model's; `slope` is T at the base. */
  scores?: (
    step: Window<Phi>,
    x: Tensor,
    noise: Tensor,
    slope: ((x: Tensor) => Tensor) | undefined,
  ) => Tensor;
}

/** The functions before the first fit. */
export function startFunctions<Theta, Phi>(
  { regressors, model }: PastRule<Theta, Phi>,
  theta: unknown,
  key: Key,
): PastFunctions {
  const d = model.stateSize;
  const outputs = { T: d, S: tree.size(theta), V: 1 };
  const states = pastNames.flatMap((name) => {
    const made = regressors[name]?.init(random.foldIn(key, name), d, outputs[name]);
    return made === undefined ? [] : [[name, made]];
  });
  return { states: Object.fromEntries(states), offset: tree.scalar(0, "float64") };
}

/** A function at x [n, dx]; undefined where there is none. */
export function evaluated(
  regressors: AnyRegressors,
  { states, offset }: PastFunctions,
  name: PastName,
): ((x: Tensor) => Tensor) | undefined {
  const regressor = regressors[name];
  if (regressor === undefined || regressor.isZero === true) return undefined;
  const value = (x: Tensor): Tensor => regressor.predict(states[name], x);
  return name === "V" ? (x) => value(x).add(offset) : value;
}

export interface FitInputs<Theta, Phi> {
  theta: Theta;
  /** The whole window, with its final phis. */
  window: Window<Phi>;
  /** The functions at the base; not read where the window reaches the start. */
  functions: PastFunctions;
  key: Key;
}

/** The functions one step later, and the largest |target| of each. */
export function fittedFunctions<Theta, Phi>(
  rule: PastRule<Theta, Phi>,
  given: FitInputs<Theta, Phi>,
): { functions: PastFunctions; largest: Record<string, Tensor>; rms: Record<string, Tensor> } {
  const { regressors } = rule;
  const states: PastFunctions["states"] = {};
  const largest: Record<string, Tensor> = {};
  const rms: Record<string, Tensor> = {};
  let { offset } = given.functions;
  for (const name of pastNames) {
    const regressor = regressors[name];
    if (regressor === undefined) continue;
    const old = given.functions.states[name];
    if (regressor.isZero === true) {
      states[name] = old;
      continue;
    }
    const { inputs, targets, moments } = regressionSamples(rule, given, name, regressor);
    const mean = targets.mean(0);
    const isCentred = rule.centre && name !== "T";
    if (name === "V") offset = isCentred ? mean.reshape([]) : np.zerosLike(offset);
    const samples = { inputs, targets: isCentred ? targets.sub(mean) : targets, ...moments };
    states[name] = regressor.fit(old, samples, random.foldIn(given.key, `fit ${name}`));
    const size = np.abs(samples.targets) as Tensor;
    largest[name] = size.max() as Tensor;
    rms[name] = np.sqrt(size.mul(size).mean()) as Tensor;
  }
  return { functions: { states, offset }, largest, rms };
}

/** Inputs and targets of one function: drawn from the window, or at the points that exact regressors want. */
function regressionSamples<Theta, Phi>(
  rule: PastRule<Theta, Phi>,
  given: FitInputs<Theta, Phi>,
  name: PastName,
  regressor: Regressor,
): { inputs: Tensor; targets: Tensor; moments: StateMoments } {
  const { family, model } = rule;
  const d = model.stateSize;
  const { links, reachesStart } = given.window;
  const at = reachesStart ? 0 : 1;
  const moments = family.moments(links[at]!.phi);
  if (regressor.isExact === true) {
    const nodes = quadraticNodes(d).mul(moments.sd).add(moments.mean);
    const points = sigmaPoints(d);
    const [q, k] = [nodes.shape[0]!, points.shape[0]!];
    const each = np.repeat(nodes, k, 0) as Tensor;
    const targets = targetsAt(rule, given, name, each, np.tile(points, [q, 1]) as Tensor);
    return { inputs: nodes, targets: targets.reshape([q, k, targets.shape[1]!]).mean(1), moments };
  }
  const n = regressor.samples;
  // Functions with the same number of samples share them, and so the factor of their Gram matrix.
  const noise = random.normal(random.foldIn(given.key, `samples ${n}`), [links.length + 1, n, d], {
    dtype: "float64",
  });
  const rows = Array.from({ length: links.length }, (_, i) => noise.slice(i + 1));
  const states = windowStates(rule, { links: links.slice(at) }, rows.slice(at));
  const inputs = states[0]!;
  return { inputs, targets: targetsAt(rule, given, name, inputs, noise.slice(0)), moments };
}

/** Targets [n, m] at x [n, dx], with `noise` [n, dx] for the state one step earlier. */
export function targetsAt<Theta, Phi>(
  rule: PastRule<Theta, Phi>,
  { theta, window, functions }: Pick<FitInputs<Theta, Phi>, "theta" | "window" | "functions">,
  name: PastName,
  x: Tensor,
  noise: Tensor,
): Tensor {
  const { family } = rule;
  const { links, reachesStart, t } = window;
  const at = reachesStart ? 0 : 1;
  const step: Window<Phi> = {
    links: links.slice(0, at + 1),
    t: t.sub(links.length - 1 - at),
    reachesStart,
  };
  const past = evaluated(rule.regressors, functions, name);
  const statesAt = (own: Tensor): Tensor[] =>
    reachesStart ? [own] : [family.samplePast(links[1]!.phi, own, noise), own];
  if (name === "S") {
    const slope = reachesStart ? undefined : evaluated(rule.regressors, functions, "T");
    const scores =
      rule.scores === undefined
        ? scoreRows(rule, theta, step, statesAt(x))
        : rule.scores(step, x, noise, slope);
    return reachesStart || past === undefined ? scores : scores.add(past(statesAt(x)[0]!));
  }
  if (name === "V") {
    const states = statesAt(x);
    const reward = windowReward(rule, theta, step, states).reshape([x.shape[0]!, 1]);
    return reachesStart || past === undefined ? reward : reward.add(past(states[0]!));
  }
  // Samples do not touch one another, so the derivative of the sum has the rows of all.
  const fixed = reachesStart ? undefined : past?.(statesAt(x)[0]!);
  const sum = (own: Tensor): Tensor => {
    const states = statesAt(own);
    const reward = windowReward(rule, theta, step, states).sum();
    return fixed === undefined ? reward : reward.add(states[0]!.mul(fixed).sum());
  };
  return grad(sum)(x);
}

/** Derivatives by theta of the log-densities along a window, one row per sample: [n, numbers in theta]. */
function scoreRows<Theta, Phi>(
  rule: PastRule<Theta, Phi>,
  theta: Theta,
  window: Window<Phi>,
  states: readonly Tensor[],
): Tensor {
  const ofOne = (...rows: Tensor[]): Tensor => {
    const own = rows.map((row) => row.reshape([1, row.shape[0]!]));
    const joint = (at: Theta): Tensor => windowLogJoint(rule, at, window, own)!.sum();
    return asVector(grad(joint)(theta));
  };
  return vmap(ofOne)(...states);
}

/** Leaves one after the other, [n]. */
export function asVector(x: unknown): Tensor {
  const parts = tree.leaves(x).map((leaf) => leaf.reshape([leaf.size]));
  return parts.length === 1 ? parts[0]! : np.concatenate(parts);
}

/** The tree like `like` of a vector [n]. */
export function fromVector<T>(like: T, vector: Tensor): T {
  let at = 0;
  return tree.map((leaf) => {
    const part = vector.slice([at, at + leaf.size]).reshape([...leaf.shape]);
    at += leaf.size;
    return part;
  }, like);
}
