/**
 * Online variational filtering and parameter learning (Campbell, Shi, Rainforth and Doucet, NeurIPS 2021, Algorithm 1). At each
 * observation, and at a cost that does not grow with their number:
 *
 *     1. phi_t: M steps of Adam from a warm start, on the bound of the whole history
 *     2. T (and V): regression on states drawn with the final phi_t
 *     3. S: the same, with the theta of before
 *     4. the gradient by theta, from the S of before
 *
 * One program does all four, and serves all steps after the first two.
 */
import { type Tensor, random, tree } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";
import type { GaussianPair } from "./gaussianFamily.ts";
import { type StepKind, type StepProgram, kindOf, stepProgram } from "./filterProgram.ts";
import type { FilterStep, OnlineFilter } from "./onlineFilter.ts";
import {
  type OnlineVariationalOptions,
  type OnlineVariationalSettings,
  onlineVariationalSettings,
} from "./onlineFilterOptions.ts";
import { startFunctions } from "./pastFunctions.ts";
import type { PastFunctions } from "./pastNames.ts";
import { requireObservation, requireSameTheta, thetaShapes } from "./requireStream.ts";
import { requireFiniteTargets, warnOfGrowth } from "./targetChecks.ts";
import type { Link } from "./window.ts";

/** All that the next step needs, as data. */
export interface OnlineVariationalState<Phi = GaussianPair> {
  /** Observations so far. */
  t: number;
  /** Shapes of theta by path, which must not change. */
  theta: Record<string, string>;
  /** Of the last step; before the first, where it starts. */
  phi: Phi;
  /** The last `window` steps. */
  links: Link<Phi>[];
  /** Of the state at the first of the links. */
  functions: PastFunctions;
  /** The largest |target| of each function's last fit. */
  largest: Record<string, number>;
  /** The estimate of the bound so far. */
  elbo: number;
  /** Of `keepHistory`: the last steps, or all. */
  history: Link<Phi>[];
}

const where = "onlineVariationalFilter";

/** A filter that also says what it is made of: what diagnostics need. */
export interface OnlineVariationalFilter<Theta, Phi> extends OnlineFilter<
  Theta,
  OnlineVariationalState<Phi>
> {
  readonly settings: OnlineVariationalSettings<Theta, Phi>;
}

/**
 * The filter. Metrics: `innerSteps` (states that a transition's density was computed at, all samples counted), the root mean
 * square of the targets as `tTargetRms`, `sTargetRms`, `vTargetRms`, and `elbo`.
 *
 * Throws `OptionError` for options that do not fit (an irreparameterisable family, `exact` with a model that is not linear and
 * Gaussian, "relbo" without V, a window beyond the history), `ShapeError` for an observation or a theta of another shape, and
 * `NonFiniteError`, which names the step and the function, for targets that are not finite.
 *
 * Cost of a step: M · samples gradients of one transition and emission, N³ / 3 for each fit by kernel ridge regression.
 *
 * @example
 * const filter = onlineVariationalFilter({ model, regressors: { T: "kernelRidge", V: "kernelRidge" } });
 * let state = filter.init(theta, key);
 * const { mean, sd, logEvidence, state: next } = filter.step(theta, state, y, random.foldIn(key, 0));
 */
export function onlineVariationalFilter<Theta, Phi = GaussianPair>(
  options: OnlineVariationalOptions<Theta, Phi>,
): OnlineVariationalFilter<Theta, Phi> {
  const settings = onlineVariationalSettings(where, options);
  const { model, objective, family, regressors, window: length, history } = settings;
  const programs = new Map<string, StepProgram<Theta, Phi>>();
  const programOf = (kind: StepKind): StepProgram<Theta, Phi> => {
    const name = JSON.stringify(kind);
    const known = programs.get(name) ?? compiled(`filter.${objective.name}`, stepProgram(settings, kind));
    programs.set(name, known);
    return known;
  };
  return {
    name: objective.name,
    observationSize: model.observationSize,
    learns: settings.learns,
    settings,
    describe: describe(settings),
    init(theta, key) {
      return {
        t: 0,
        theta: thetaShapes(where, theta),
        phi: family.init(random.foldIn(key, "phi"), model.stateSize),
        links: [],
        functions: startFunctions(settings, theta, random.foldIn(key, "functions")),
        largest: {},
        elbo: 0,
        history: [],
      };
    },
    step(theta, state, given, key): FilterStep<Theta, OnlineVariationalState<Phi>> {
      requireSameTheta(where, state.theta, theta);
      const { y, observed } = requireObservation(where, model.observationSize, given);
      const { t } = state;
      const kind = kindOf(settings, t);
      const made = programOf(kind)(theta, {
        ...{ y, observed, key },
        phi: state.phi,
        links: state.links,
        functions: state.functions,
        t: tree.scalar(t, "int32"),
      });
      const sizes = numbers(made.largest);
      requireFiniteTargets(where, t, sizes, made.elbo.item());
      warnOfGrowth(settings.onWarning, t, state.largest, sizes);
      const elbo = settings.elbo === "relbo" ? made.elbo.item() : state.elbo + made.elbo.item();
      const phi = made.links.at(-1)!.phi;
      return {
        state: {
          t: t + 1,
          theta: state.theta,
          phi,
          links: made.links.slice(t >= length ? 1 : 0),
          functions: made.functions,
          largest: sizes,
          elbo,
          history: history === 0 ? [] : [...state.history, made.links.at(-1)!].slice(-history),
        },
        ...made.moments,
        logEvidence: elbo,
        ...(made.gradient !== undefined && { gradient: made.gradient }),
        metrics: {
          innerSteps: costOf(settings, kind),
          elbo,
          ...Object.fromEntries(
            Object.entries(numbers(made.rms)).map(([name, value]) => [
              `${name.toLowerCase()}TargetRms`,
              value,
            ]),
          ),
        },
      };
    },
  };

  function costOf({ phi, theta, elboSamples }: typeof settings, kind: StepKind): number {
    const steps = kind.past + 1;
    const rule = phi === "kalman" ? undefined : kind.isEarly ? phi.first : phi.later;
    const many = (samples: number | "exact", dimensions: number): number =>
      samples === "exact" ? 2 * dimensions : samples;
    const fits = kind.fits
      ? Object.values(regressors).reduce((sum, one) => sum + (one === undefined ? 0 : one.samples), 0)
      : 0;
    const d = model.stateSize * steps;
    return (
      (rule === undefined ? 0 : rule.steps * rule.samples * steps) +
      fits +
      many(elboSamples, d) * steps +
      (kind.learns ? many(theta.samples, d) * (2 * steps - 1) : 0)
    );
  }
}

const numbers = (record: Readonly<Record<string, Tensor>>): Record<string, number> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, value.item()]));

function describe<Theta, Phi>(settings: OnlineVariationalSettings<Theta, Phi>): Record<string, unknown> {
  const { model, objective, family, regressors, phi, learns, theta, window, elbo, elboSamples, centre } =
    settings;
  const names = Object.entries(regressors).map(([name, one]) => [name, one?.name ?? null]);
  const rule =
    phi === "kalman"
      ? phi
      : { first: { ...phi.first }, later: { ...phi.later }, warmStart: phi.name, start: phi.start };
  return {
    ...{ model: model.name, objective: objective.name, family: family.name },
    ...{ regressors: Object.fromEntries(names), phi: rule, learns, theta, window, elbo, elboSamples, centre },
  };
}
