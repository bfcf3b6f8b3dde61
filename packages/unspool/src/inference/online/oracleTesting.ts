/** The scalar linear-Gaussian example of the tests: its model, a wrong q, the exact one, and the recursions along them. */
import { type Tensor, grad, np, random, tree } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";
import { diagonalLinearGaussian } from "../stateSpace/diagonalLinearGaussian.ts";
import type {
  DiagonalLinearGaussianModel,
  DiagonalLinearGaussianTheta,
} from "../stateSpace/diagonalLinearGaussian.ts";
import { type GaussianPair, gaussianFamily } from "./gaussianFamily.ts";
import { kalmanPair } from "./kalmanPair.ts";
import { phiObjective, windowNoise } from "./optimisePhi.ts";
import {
  type FitInputs,
  type PastRule,
  evaluated,
  fittedFunctions,
  startFunctions,
} from "./pastFunctions.ts";
import type { PastFunctions } from "./pastNames.ts";
import { quadraticRegression } from "./regressors/quadraticRegression.ts";
import type { Regressor } from "./regressors/regressor.ts";
import type { Link, Window } from "./window.ts";

const float64 = { dtype: "float64" } as const;

export const oracleModel: DiagonalLinearGaussianModel = diagonalLinearGaussian({
  F: [0.9],
  G: [1.2],
  U: 0.3,
  V: 0.2,
});
export const oracleTheta: DiagonalLinearGaussianTheta = oracleModel.init(random.key(0));
export const oracleObservations: readonly Tensor[] = [0.5, -0.3, 0.9].map((y) => np.array([y], float64));

const exact = quadraticRegression();

/** Exact regressors, whose constants are kept. */
export const exactRule: PastRule<DiagonalLinearGaussianTheta, GaussianPair> = {
  model: oracleModel,
  family: gaussianFamily({ past: "diagonal" }),
  objective: { usesKernel: true, usesFilter: true },
  regressors: { T: exact, S: exact, V: exact },
  centre: false,
};

function pair(mean: number, sd: number, weight = 0, bias = 0, pastSd = 1): GaussianPair {
  const one = (x: number): Tensor => np.array([x], float64);
  return {
    mean: one(mean),
    logSd: one(Math.log(sd)),
    past: { weights: one(weight), bias: one(bias) },
    pastLogSd: one(Math.log(pastSd)),
  };
}

/** The wrong q, with its functions along the three steps. */
export const wrongPhis: readonly GaussianPair[] = [
  pair(0.3, 0.5),
  pair(-0.1, 0.45, 0.6, 0.2, 0.4),
  pair(0.5, 0.4, 0.7, -0.3, 0.35),
];

export function linkOf(phi: GaussianPair, t: number): Link<GaussianPair> {
  return { phi, y: oracleObservations[t]!, observed: tree.scalar(1, "bool") };
}

/** Pairs of a Kalman filter. */
export function exactPhis(): GaussianPair[] {
  const { family } = exactRule;
  const phis: GaussianPair[] = [];
  oracleObservations.forEach((y, t) => {
    const last = t === 0 ? undefined : family.moments(phis[t - 1]!);
    const given = { theta: oracleTheta, noise: oracleModel.noise, y, observed: tree.scalar(1, "bool"), last };
    phis.push(kalmanPair(family, pair(0, 1), given));
  });
  return phis;
}

interface WalkInputs extends Omit<FitInputs<DiagonalLinearGaussianTheta, GaussianPair>, "window"> {
  window: Omit<Window<GaussianPair>, "reachesStart">;
}

/** At each step: its window, the functions after it, and those before. */
export function walkFunctions(
  phis: readonly GaussianPair[],
  rule: PastRule<DiagonalLinearGaussianTheta, GaussianPair> = exactRule,
  seed = 0,
): { window: Window<GaussianPair>; functions: PastFunctions; before: PastFunctions }[] {
  const key = random.key(seed);
  const program = compiled("walk", (given: WalkInputs) => {
    // Whether the window reaches the start is no tensor, and known from its links.
    const window = { ...given.window, reachesStart: given.window.links.length === 1 };
    return fittedFunctions(rule, { ...given, window }).functions;
  });
  let before = startFunctions(rule, oracleTheta, random.foldIn(key, "start"));
  return phis.map((phi, t) => {
    const links = t === 0 ? [linkOf(phi, t)] : [linkOf(phis[t - 1]!, t - 1), linkOf(phi, t)];
    const tensors = { links, t: tree.scalar(t, "int32") };
    const functions = program({
      theta: oracleTheta,
      window: tensors,
      functions: before,
      key: random.foldIn(key, t),
    });
    const window = { ...tensors, reachesStart: t === 0 };
    const made = { window, functions, before };
    before = functions;
    return made;
  });
}

/** The true gradient of the bound at t = 2 by mean, log sd, W, b and log sd of the kernel: direct evaluation. */
export const truePhiGradient: readonly number[] = [
  0.363226666667, -1.076228266667, -0.981354666667, 0.114133333333, -0.660773333333,
];

/** The gradient by phi, in that order, as a list. */
export function phiGradientList(gradient: GaussianPair): number[] {
  // The family of the example is diagonal, and its kernel's parameters those of an affine map.
  const { weights, bias } = gradient.past as { weights: Tensor; bias: Tensor };
  return [gradient.mean, gradient.logSd, weights, bias, gradient.pastLogSd].map((x) => x.reshape([]).item());
}

/** Relative error of the exact mean of the gradient, with T learned by a regressor; without one the past is left out. */
export function phiGradientErrors(regressor: Regressor | undefined, seed: number): number {
  const rule = { ...exactRule, regressors: { T: regressor } };
  const { window, before } = walkFunctions(wrongPhis, rule, seed)[2]!;
  const slope = regressor === undefined ? undefined : evaluated(rule.regressors, before, "T");
  const [held, phi] = [window.links[0]!.phi, window.links[1]!.phi];
  const given = { ...exactRule, theta: oracleTheta, window, slope };
  const program = compiled("phi gradient", (own: GaussianPair, noise: Tensor[]) =>
    grad((at: GaussianPair) => phiObjective(given, [held, at], noise).mean())(own),
  );
  // T is no polynomial: draws in place of the exact mean, so many that their error is about a percent.
  const parts = Array.from({ length: 5 }, (_, i) => {
    const noise = windowNoise(random.foldIn(random.foldIn(random.key(seed), "gradient"), i), 2, 20_000, 1);
    return phiGradientList(program(phi, noise) as GaussianPair);
  });
  const found = parts[0]!.map((_, i) => parts.reduce((sum, part) => sum + part[i]! / parts.length, 0));
  const length = (x: readonly number[]): number => Math.hypot(...x);
  return length(found.map((x, i) => x - truePhiGradient[i]!)) / length(truePhiGradient);
}
