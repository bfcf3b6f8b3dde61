/**
 * Online variational filtering with a recurrent network in place of an optimisation at each step. One vector Θ = (theta, phi) has
 * the model's parameters and the network's, and the score of the past is learned for both: with U = ∂V/∂phi at fixed x beside S,
 *
 *     U_{t+1}(x_{t+1}) = E[U_t(x_t) + T_t(x_t) ∂x_t/∂phi + ∂r/∂phi],
 *     gradient of a step = E_{q_t}[U_t + T_t ∂x_t/∂phi] - E_{q_{t-1}}[U_{t-1} + T_{t-1} ∂x_{t-1}/∂phi],
 *
 * of which the sum over all steps is the gradient of the whole bound; derivatives through the recurrence reach back one step.
 * The amortised variant of Campbell, Shi, Rainforth and Doucet 2021.
 */
import { type Key, type Tensor, grad, lax, np, random, tree, vmap } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requireRecord } from "../../errors.ts";
import { compiled } from "../../unroll/index.ts";
import type { StateSpaceModel } from "../stateSpace/stateSpaceModel.ts";
import {
  type AmortisedParams,
  type AmortisedPhi,
  amortisedFamily,
  initAmortised,
  nextSummary,
} from "./amortisedFamily.ts";
import { elboEstimate } from "./elboEstimate.ts";
import { exactNoise } from "./filterProgram.ts";
import type { FilterStep, OnlineFilter } from "./onlineFilter.ts";
import { requireDraws, requireExact } from "./onlineFilterOptions.ts";
import { windowNoise } from "./optimisePhi.ts";
import {
  type PastRule,
  asVector,
  evaluated,
  fittedFunctions,
  fromVector,
  startFunctions,
} from "./pastFunctions.ts";
import type { PastFunctions } from "./pastNames.ts";
import { kernelRidge } from "./regressors/kernelRidge.ts";
import { createRegressor } from "./regressors/registry.ts";
import type { RegressorName } from "./regressors/registry.ts";
import type { Regressor } from "./regressors/regressor.ts";
import { requireObservation, requireSameTheta, thetaShapes } from "./requireStream.ts";
import { requireFiniteTargets, warnOfGrowth } from "./targetChecks.ts";
import { type Link, type Window, type WindowParts, windowReward, windowStates } from "./window.ts";

export interface AmortisedFilterOptions<Theta> {
  /** How the state moves, and what is observed of it. */
  model: StateSpaceModel<Theta>;
  /** Numbers in the summary of the observations. Default 32. */
  units?: number;
  /** What learns T, the scores S and U together, and V. Default: kernel ridge regression of each. */
  regressors?: {
    T?: RegressorName | Regressor;
    S?: RegressorName | Regressor;
    V?: RegressorName | Regressor;
  };
  /** States drawn for the gradient, and for the bound, or the exact mean of quadratics. Default 32. */
  samples?: number | "exact";
  /** Weight of |h|² of the summary. Default 0. */
  penalty?: number;
  /** The first step that has a gradient. Default 1. */
  start?: number;
  /** Told of targets that grow tenfold from one step to the next. */
  onWarning?(message: string): void;
}

/** What is learned: the model's parameters, and the network's. */
export interface AmortisedTheta<Theta> {
  model: Theta;
  phi: AmortisedParams;
}

export interface AmortisedState {
  t: number;
  theta: Record<string, string>;
  /** The last step; its pair has only the summary, the parameters being in theta. */
  summary: Tensor;
  y: Tensor;
  observed: Tensor;
  functions: PastFunctions;
  largest: Record<string, number>;
}

const where = "amortisedFilter";

export interface AmortisedFilter<Theta> extends OnlineFilter<AmortisedTheta<Theta>, AmortisedState> {
  /** A theta to start from. */
  start(key: Key): AmortisedTheta<Theta>;
}

/**
 * The filter; theta is `{ model, phi }`, and its gradient moves both. Throws as `onlineVariationalFilter` does.
 *
 * Cost of a step: three fits, and N gradients by theta for S and U.
 *
 * @example
 * const filter = amortisedFilter({ model });
 * for await (const { mean } of filterStream(filter, sensor, { theta: filter.start(key), optimizer: adam() })) { … }
 */
export function amortisedFilter<Theta>(options: AmortisedFilterOptions<Theta>): AmortisedFilter<Theta> {
  requireRecord(where, options, ["model"]);
  requireKnownOptions(where, options, [
    ...(["model", "units", "regressors", "samples", "penalty", "start", "onWarning"] as const),
  ]);
  const { model, units = 32, samples = 32, penalty = 0, start = 1 } = options;
  if (typeof model?.transition !== "function")
    throw new OptionError(where, "model", model, "a state-space model");
  const parts: WindowParts<Theta, AmortisedPhi> = {
    model,
    family: amortisedFamily(),
    objective: { usesKernel: true, usesFilter: true },
  };
  requireInteger(where, "units", units, 1);
  requireDraws(where, "samples", samples, model, parts.family);
  requireInteger(where, "start", start, 0);
  if (!(penalty >= 0)) throw new OptionError(where, "penalty", penalty, "a number of at least 0");
  requireKnownOptions(where, options.regressors, ["T", "S", "V"]);
  const { T, S, V } = options.regressors ?? {};
  const rule: PastRule<Theta, AmortisedPhi> = {
    ...parts,
    regressors: {
      T: createRegressor(T ?? kernelRidge()),
      S: createRegressor(S ?? kernelRidge()),
      V: createRegressor(V ?? kernelRidge()),
    },
    centre: true,
  };
  requireExact(where, model, parts.family, rule.regressors);
  const fits = Object.values(rule.regressors).reduce((sum, one) => sum + (one?.samples ?? 0), 0);
  const cost = fits + 3 * (samples === "exact" ? 4 * model.stateSize : samples);
  const programs = [true, false].map((isFirst) =>
    compiled("filter.amortised", amortisedStep(rule, { isFirst, samples, penalty })),
  );
  return {
    name: "amortised",
    observationSize: model.observationSize,
    learns: true,
    describe: { model: model.name, units, samples, penalty, start, regressors: namesOf(rule.regressors) },
    start: (key) => ({
      model: model.init(random.foldIn(key, "model")),
      phi: initAmortised(random.foldIn(key, "phi"), { ...model, units }),
    }),
    init(theta, key) {
      const { model: own, phi }: Partial<AmortisedTheta<Theta>> = theta;
      if (own === undefined || phi === undefined)
        throw new OptionError(where, "theta", theta, "{ model, phi }", "filter.start(key) gives one.");
      return {
        t: 0,
        theta: thetaShapes(where, theta),
        summary: np.zeros([units], { dtype: "float64" }),
        ...requireObservation(where, model.observationSize, null),
        functions: startFunctions(rule, theta, random.foldIn(key, "functions")),
        largest: {},
      };
    },
    step(theta, state, given, key): FilterStep<AmortisedTheta<Theta>, AmortisedState> {
      requireSameTheta(where, state.theta, theta);
      const seen = requireObservation(where, model.observationSize, given);
      const { t } = state;
      const made = programs[t === 0 ? 0 : 1]!(theta, {
        ...{ last: { summary: state.summary, y: state.y, observed: state.observed } },
        ...{ ...seen, functions: state.functions, t: tree.scalar(t, "int32"), key },
      });
      const largest = Object.fromEntries(Object.entries(made.largest).map(([name, x]) => [name, x.item()]));
      const elbo = made.elbo.item();
      requireFiniteTargets(where, t, largest, elbo);
      warnOfGrowth((message) => options.onWarning?.(message), t, state.largest, largest);
      return {
        state: {
          ...seen,
          t: t + 1,
          theta: state.theta,
          summary: made.summary,
          functions: made.functions,
          largest,
        },
        ...made.moments,
        logEvidence: elbo,
        ...(t >= start && { gradient: made.gradient }),
        metrics: { innerSteps: cost, elbo },
      };
    },
  };
}

const namesOf = (regressors: PastRule<unknown, AmortisedPhi>["regressors"]): Record<string, string | null> =>
  Object.fromEntries(Object.entries(regressors).map(([name, one]) => [name, one?.name ?? null]));

interface Last {
  summary: Tensor;
  y: Tensor;
  observed: Tensor;
}

interface AmortisedInputs {
  last: Last;
  y: Tensor;
  observed: Tensor;
  functions: PastFunctions;
  t: Tensor;
  key: Key;
}

function amortisedStep<Theta>(
  rule: PastRule<Theta, AmortisedPhi>,
  { isFirst, samples, penalty }: { isFirst: boolean; samples: number | "exact"; penalty: number },
) {
  const { model, family, regressors } = rule;
  const d = model.stateSize;
  return (given: AmortisedTheta<Theta>, { last, y, observed, functions, t, key }: AmortisedInputs) => {
    const theta = tree.astype(given, "float64");
    const summaryOf = (phi: AmortisedParams): Tensor => nextSummary(phi, last.summary, y, observed);
    /** The window with these parameters: the summary of before is held, that of now follows them. */
    const windowOf = (phi: AmortisedParams): Window<AmortisedPhi> => {
      const now: Link<AmortisedPhi> = { phi: { params: phi, summary: summaryOf(phi) }, y, observed };
      const before: Link<AmortisedPhi> = { ...last, phi: { params: phi, summary: last.summary } };
      return { links: isFirst ? [now] : [before, now], t, reachesStart: isFirst };
    };
    const window = windowOf(theta.phi);
    const T = isFirst ? undefined : evaluated(regressors, functions, "T");
    const fixed = (slope: ((x: Tensor) => Tensor) | undefined, x: Tensor): Tensor | undefined =>
      slope && (lax.stopGradient(slope(lax.stopGradient(x) as Tensor)) as Tensor);
    /** One step's reward, and T along the state before it: its derivative by Θ is the increment of the score. */
    const surrogate = (own: AmortisedTheta<Theta>, states: (w: Window<AmortisedPhi>) => Tensor[]): Tensor => {
      const at = windowOf(own.phi);
      const drawn = states(at);
      const reward = windowReward(rule, own.model, at, drawn);
      const slope = fixed(T, drawn[0]!);
      return slope === undefined ? reward : reward.add(drawn[0]!.mul(slope).sum(1));
    };
    const fitted = fittedFunctions(
      {
        ...rule,
        scores: (_step, x, noise) =>
          vmap((row: Tensor, eps: Tensor): Tensor => {
            const [one, draw] = [row.reshape([1, d]), eps.reshape([1, d])];
            const states = (w: Window<AmortisedPhi>): Tensor[] =>
              isFirst ? [one] : [family.samplePast(w.links[1]!.phi, one, draw), one];
            return asVector(grad((own: AmortisedTheta<Theta>) => surrogate(own, states).sum())(theta));
          })(x, noise),
      },
      { theta: theta.model, window, functions, key: random.foldIn(key, "functions") },
    );
    const links = window.links.length;
    const noiseOf = (name: string, count: number): Tensor[] =>
      samples === "exact" ? exactNoise(count, d) : windowNoise(random.foldIn(key, name), count, samples, d);
    const [noise, earlier] = [noiseOf("theta", links), noiseOf("earlier", 1)];
    const loss = (own: AmortisedTheta<Theta>): Tensor => {
      const gain = surrogate(own, (w) => windowStates(rule, w, noise)).mean();
      const summary = summaryOf(own.phi);
      const paid = gain.sub(summary.mul(summary).sum().mul(penalty));
      if (isFirst) return paid.neg();
      const past = family.sample({ params: own.phi, summary: last.summary }, earlier[0]!);
      const slope = fixed(T, past);
      return slope === undefined ? paid.neg() : past.mul(slope).sum(1).mean().sub(paid);
    };
    const own = grad(loss)(theta) as AmortisedTheta<Theta>;
    const S = isFirst ? undefined : evaluated(regressors, functions, "S");
    const statesNow = windowStates(rule, window, noise);
    const statesThen = isFirst ? statesNow : windowStates(rule, { links: window.links.slice(0, 1) }, earlier);
    const gradient =
      S === undefined
        ? own
        : tree.subtract(own, fromVector(theta, S(statesNow[0]!).mean(0).sub(S(statesThen[0]!).mean(0))));
    return {
      ...fitted,
      summary: summaryOf(theta.phi),
      moments: family.moments(window.links.at(-1)!.phi),
      elbo: elboEstimate(
        { ...rule, elbo: "relbo" },
        {
          theta: theta.model,
          window,
          value: isFirst ? undefined : evaluated(regressors, functions, "V"),
          noise,
        },
      ),
      gradient: tree.map((g, x) => (g.dtype === x!.dtype ? g : g.astype(x!.dtype)), gradient, given),
    };
  };
}
