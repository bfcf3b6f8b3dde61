/** Options of the online variational filter, checked, with their defaults. */
import {
  OptionError,
  requireInteger,
  requireKnownOptions,
  requireOneOf,
  requirePositive,
} from "../../errors.ts";
import { isDiagonalLinearGaussian } from "../stateSpace/diagonalLinearGaussian.ts";
import type { StateSpaceModel } from "../stateSpace/stateSpaceModel.ts";
import { gaussianFamily } from "./gaussianFamily.ts";
import { type OnlineObjective, type OnlineObjectiveName, onlineObjective } from "./onlineObjective.ts";
import type { PhiRule } from "./optimisePhi.ts";
import { type AnyRegressors, pastNames } from "./pastNames.ts";
import { createRegressor } from "./regressors/registry.ts";
import type { RegressorName } from "./regressors/registry.ts";
import type { Regressor } from "./regressors/regressor.ts";
import type { VariationalFamily } from "./variationalFamily.ts";
import { type WarmStart, type WarmStartName, warmStart } from "./warmStarts.ts";

/** How phi is found at a time step. */
export interface PhiOptions {
  /** Steps of Adam. Default 500. */
  steps?: number;
  /** Default 0.01. */
  learningRate?: number;
  /** Factor of the learning rate per step. Default 1. */
  decay?: number;
  /** States drawn in a step. Default 10. */
  samples?: number;
  /** Where the filter density starts: "pred", "last" or "ekf". Default "pred". */
  warmStart?: WarmStartName;
  /**
   * Where the first pairs start: at the prior, and the first kernel with the spread of the filter density before it ("prior"), or
   * where the family does, standard normal, as in the authors' code ("family"). Default "prior".
   */
  start?: "prior" | "family";
  /** Other steps, rate and decay at the first two observations: what is missed there spoils all functions after. Default: none. */
  first?: { steps?: number; learningRate?: number; decay?: number };
}

export interface OnlineVariationalOptions<Theta, Phi> {
  /** How the state moves, and what is observed of it. */
  model: StateSpaceModel<Theta>;
  /** What is maximised: "ovf", "aelbo2", "aelbo1" or "ignorePast". Default "ovf". */
  objective?: OnlineObjectiveName;
  /** The variational pair. Default `gaussianFamily()`. */
  family?: VariationalFamily<Phi>;
  /** What learns the past's functions, by name or as made. Default: kernel ridge regression of T, and of S with `learns`; no V. */
  regressors?: {
    T?: RegressorName | Regressor;
    S?: RegressorName | Regressor;
    V?: RegressorName | Regressor | null;
  };
  /** Leave out the mean of S's targets, and keep that of V's apart. Default true. */
  centre?: boolean;
  /** How phi is optimised, or "kalman": the exact pair, of diagonal linear-Gaussian models. */
  phi?: PhiOptions | "kalman";
  /** Whether the gradient by theta is estimated. Default false. */
  learns?: boolean;
  /** Of that gradient: states drawn, default 32, or the exact mean of quadratics; the first step that has one, default 5. */
  theta?: { samples?: number | "exact"; start?: number };
  /** Kernels that are trained, L. Default 1. */
  window?: number;
  /** The estimate of the bound: "relbo", by V; "sum" of one step's rewards. Default "relbo" where there is a V. */
  elbo?: "relbo" | "sum";
  /** States drawn for it, or the exact mean of quadratics. Default 1000. */
  elboSamples?: number | "exact";
  /** Pairs and observations that are kept in the state: all of them, or so many. Default false. */
  keepHistory?: boolean | number;
  /** Told of targets that grow tenfold from one step to the next: the regression may be running away. */
  onWarning?(message: string): void;
}

/** Of the first two observations, and of later ones. */
export interface PhiSettings {
  first: PhiRule;
  later: PhiRule;
  warmStart: WarmStart;
  name: WarmStartName;
  start: "prior" | "family";
}

export interface OnlineVariationalSettings<Theta, Phi> {
  model: StateSpaceModel<Theta>;
  objective: OnlineObjective;
  family: VariationalFamily<Phi>;
  regressors: AnyRegressors;
  centre: boolean;
  phi: PhiSettings | "kalman";
  learns: boolean;
  theta: { samples: number | "exact"; start: number };
  window: number;
  elbo: "relbo" | "sum";
  elboSamples: number | "exact";
  /** Infinity: all. */
  history: number;
  onWarning: (message: string) => void;
}

const names = [
  ...["model", "objective", "family", "regressors", "centre", "phi", "learns", "theta", "window"],
  ...["elbo", "elboSamples", "keepHistory", "onWarning"],
] as readonly (keyof OnlineVariationalOptions<unknown, unknown>)[];

/** Throws `OptionError` for options that do not fit one another or the model. */
export function onlineVariationalSettings<Theta, Phi>(
  where: string,
  given: OnlineVariationalOptions<Theta, Phi>,
): OnlineVariationalSettings<Theta, Phi> {
  requireKnownOptions(where, given, names);
  const { model, centre = true, learns = false, window = 1, keepHistory = false } = given;
  if (typeof model?.transition !== "function")
    throw new OptionError(where, "model", model, "a state-space model");
  const objective = onlineObjective(given.objective ?? "ovf");
  // Without a family phi is that of the Gaussian one, which `Phi` then says.
  const family = (given.family ?? gaussianFamily()) as VariationalFamily<Phi>;
  requireFamily(where, family);
  requireInteger(where, "window", window, 1);
  if (window > 1 && !objective.usesKernel) {
    throw new OptionError(
      where,
      "window",
      window,
      `1 with objective "${objective.name}"`,
      "It has no kernels.",
    );
  }
  const history = keepHistory === true ? Infinity : Number(keepHistory);
  if (typeof keepHistory === "number") requireInteger(where, "keepHistory", keepHistory, 1);
  if (history > 0 && window > history) {
    const hint = "The window is part of the history.";
    throw new OptionError(where, "window", window, `at most keepHistory, ${history}`, hint);
  }
  const regressors = regressorsOf(where, given, objective, learns);
  requireExact(where, model, family, regressors);
  const elbo = given.elbo ?? (regressors.V === undefined ? "sum" : "relbo");
  requireOneOf(where, "elbo", elbo, ["relbo", "sum"]);
  if (elbo === "relbo" && regressors.V === undefined) {
    const hint = 'Give regressors: { V: "kernelRidge" }, which learns the value.';
    throw new OptionError(where, "elbo", elbo, '"sum" without a V', hint);
  }
  const { samples = 32, start = 5 } = given.theta ?? {};
  requireKnownOptions(where, given.theta, ["samples", "start"]);
  requireInteger(where, "theta.start", start, 0);
  const { elboSamples = 1000 } = given;
  requireDraws(where, "theta.samples", samples, model, family);
  requireDraws(where, "elboSamples", elboSamples, model, family);
  return {
    ...{ model, objective, family, regressors, centre, learns, window, elbo, elboSamples, history },
    phi: phiSettings(where, given.phi, model, family),
    theta: { samples, start },
    onWarning: (message) => given.onWarning?.(message),
  };
}

function requireFamily<Phi>(where: string, family: VariationalFamily<Phi>): void {
  if (family?.isReparameterised === true) return;
  const hint =
    "The gradient by phi goes through the states. Draw them as a smooth function of phi and normal noise.";
  throw new OptionError(where, "family", family?.name, "a reparameterised family", hint);
}

function regressorsOf<Theta, Phi>(
  where: string,
  { regressors }: OnlineVariationalOptions<Theta, Phi>,
  objective: OnlineObjective,
  learns: boolean,
): AnyRegressors {
  requireKnownOptions(where, regressors, ["T", "S", "V"]);
  const { T = "kernelRidge", S = learns ? "kernelRidge" : undefined, V } = regressors ?? {};
  if (!objective.usesPast) {
    if (regressors === undefined) return {};
    const hint = "It leaves the past out.";
    throw new OptionError(
      where,
      "regressors",
      regressors,
      `left out with objective "${objective.name}"`,
      hint,
    );
  }
  if (regressors?.S !== undefined && !learns) {
    throw new OptionError(where, "regressors.S", regressors.S, "given with learns: true only");
  }
  const made = (one: RegressorName | Regressor | null | undefined): Regressor | undefined =>
    one === undefined || one === null ? undefined : createRegressor(one);
  return { T: made(T), S: made(S), V: made(V) };
}

/** Throws `OptionError` for an exact regressor unless all functions of the past are quadratic. */
export function requireExact<Theta, Phi>(
  where: string,
  model: StateSpaceModel<Theta>,
  family: VariationalFamily<Phi>,
  regressors: AnyRegressors,
): void {
  const exact = pastNames.find((name) => regressors[name]?.isExact === true);
  if (exact !== undefined) requireQuadratic(where, `regressors.${exact}`, "exact", model, family);
}

/** Throws unless all functions of the past are quadratic. */
function requireQuadratic<Theta, Phi>(
  where: string,
  option: string,
  given: unknown,
  model: StateSpaceModel<Theta>,
  family: VariationalFamily<Phi>,
): void {
  if (isDiagonalLinearGaussian(model) && family.isAffine) return;
  const hint = `The model is "${model.name}", the family "${family.name}". Take samples, and "kernelRidge" or "mlp".`;
  const allowed = "another one unless the model is linear and Gaussian and the backward kernel affine";
  throw new OptionError(where, option, given, allowed, hint);
}

/** Throws `OptionError` for what is no number of draws, and for exact means unless they are of quadratics. */
export function requireDraws<Theta, Phi>(
  where: string,
  option: string,
  given: number | "exact",
  model: StateSpaceModel<Theta>,
  family: VariationalFamily<Phi>,
): void {
  if (given === "exact") requireQuadratic(where, option, given, model, family);
  else requireInteger(where, option, given, 1);
}

function phiSettings<Theta, Phi>(
  where: string,
  given: PhiOptions | "kalman" | undefined,
  model: StateSpaceModel<Theta>,
  family: VariationalFamily<Phi>,
): OnlineVariationalSettings<Theta, Phi>["phi"] {
  if (given === "kalman") {
    if (isDiagonalLinearGaussian(model) && family.withAffinePast !== undefined) return given;
    const hint = `The model is "${model.name}", the family "${family.name}".`;
    throw new OptionError(
      where,
      "phi",
      given,
      "an optimisation unless the model is diagonalLinearGaussian and kernels affine",
      hint,
    );
  }
  const options = given ?? {};
  requireKnownOptions(where, options, [
    "steps",
    "learningRate",
    "decay",
    "samples",
    "warmStart",
    "start",
    "first",
  ]);
  requireKnownOptions(where, options.first, ["steps", "learningRate", "decay"]);
  const { steps = 500, learningRate = 0.01, decay = 1, samples = 10, warmStart: name = "pred" } = options;
  const { start = "prior" } = options;
  requireOneOf(where, "phi.start", start, ["prior", "family"]);
  const later: PhiRule = { steps, learningRate, decay, samples };
  const first: PhiRule = { ...later, ...options.first };
  for (const [rule, at] of [
    [later, "phi"],
    [first, "phi.first"],
  ] as const) {
    requireInteger(where, `${at}.steps`, rule.steps, 1);
    requireInteger(where, `${at}.samples`, rule.samples, 1);
    requirePositive(where, `${at}.learningRate`, rule.learningRate);
    requirePositive(where, `${at}.decay`, rule.decay);
  }
  return { first, later, warmStart: warmStart(name), name, start };
}
