/**
 * The gradient of a system's and its controller's expected return by design and policy, from simulated trajectories whose
 * equations are known (direct environment and policy search; Bolland, Boukas, Berger and Ernst, JAIR 73, 2022):
 *
 *     grad V = E[ sum_t d rho_psi(s_t, a_t, xi_t) + (R - b) d sum_t (log pi_theta(a_t | s_t) + log P_psi(xi_t | s_t, a_t)) ]
 *
 * where d is the total derivative, through s_t(psi) in all three places: states are differentiated, and what is random is
 * credited by its score. Losses are minimised: loss and gradient are those of -V.
 */
import { type Key, type Tensor, np, tree, vjp } from "../../array/index.ts";
import { requireFiniteLoss, requireFiniteValues } from "../../methods/index.ts";
import { compiled } from "../../unroll/index.ts";
import { type DepsEstimatorOptions, type DepsSettings, depsSettings } from "./depsOptions.ts";
import { requireDesign, requireTraceable, throwFirstNonFinite } from "./designChecks.ts";
import { designSurrogate } from "./designSurrogate.ts";
import { type DesignTheta, type StepTerms, sampledTerms } from "./trajectories.ts";

/** Counts estimates, for the decay of the entropy's weight. */
export interface DepsEstimatorState {
  /** int32. */
  step: Tensor;
}

export interface DepsEstimate<Theta> {
  /** Minus the mean return. */
  loss: number;
  gradient: DesignTheta<Theta>;
  state: DepsEstimatorState;
  metrics: { innerSteps: number; meanReturn: number; stdReturn: number; scoreShare?: number };
}

export interface DepsEstimator<Theta> {
  readonly name: string;
  init(theta: DesignTheta<Theta>): DepsEstimatorState;
  estimate(theta: DesignTheta<Theta>, state: DepsEstimatorState, key: Key): DepsEstimate<Theta>;
}

/** One estimate, traced. */
export interface TracedEstimate<Theta> {
  gradient: DesignTheta<Theta>;
  meanReturn: Tensor;
  stdReturn: Tensor;
  /** bool: rewards and log-densities are, also where the gradient does not show it. */
  isFinite: Tensor;
  scoreShare?: Tensor;
}

/**
 * An estimator of the gradient. Unbiased with `baseline: "leaveOneOut"` or "none"; with "mean" its score part is smaller by
 * (B - 1) / B. Metrics: `meanReturn`, `stdReturn` over the batch, and `scoreShare`, the share of the score terms in the
 * design's gradient, by norms.
 *
 * Throws `OptionError` for options that do not fit and functions that cannot be traced, `ShapeError`, and `NonFiniteError`,
 * which names the step and the trajectory.
 *
 * Cost: batch · horizon inner steps, forward and backward.
 *
 * @example
 * const estimator = depsEstimator({ task: massSpringDamper(), policy: categoricalPolicy({ observations: 3, actions: 5 }) });
 * const { gradient, metrics } = estimator.estimate(theta, estimator.init(theta), random.key(0));
 */
export function depsEstimator<State, Theta>(
  options: DepsEstimatorOptions<State, Theta>,
): DepsEstimator<Theta> {
  const where = "depsEstimator";
  const settings = depsSettings(where, options);
  const { task, policy, batch, rule } = settings;
  const run = compiled("deps.estimate", (theta: DesignTheta<Theta>, step: Tensor, key: Key) =>
    tracedEstimate(settings, theta, step, key),
  );
  const locate = nonFiniteFinder(where, settings);
  return {
    name: "deps",
    init(theta) {
      requireDesign(where, task, theta?.design);
      requireTraceable(where, task, policy, theta, rule);
      return { step: tree.scalar(0, "int32") };
    },
    estimate(theta, state, key) {
      const { gradient, meanReturn, stdReturn, isFinite, scoreShare } = run(theta, state.step, key);
      const loss = -meanReturn.item();
      if (isFinite.item() !== 1 || !tree.isFinite(gradient)) {
        locate(theta, key);
        requireFiniteLoss(where, loss);
        requireFiniteValues(where, "gradient", gradient);
      }
      return {
        loss,
        gradient,
        state: { step: state.step.add(tree.scalar(1, "int32")) },
        metrics: {
          innerSteps: batch * task.horizon,
          meanReturn: -loss,
          stdReturn: stdReturn.item(),
          ...(scoreShare !== undefined && { scoreShare: scoreShare.item() }),
        },
      };
    },
  };
}

/** An estimate as part of a program. */
export function tracedEstimate<State, Theta>(
  settings: DepsSettings<State, Theta>,
  theta: DesignTheta<Theta>,
  step: Tensor,
  key: Key,
): TracedEstimate<Theta> {
  const { batch, entropy, measuresScoreShare } = settings;
  type Parts = { path: Tensor; score: Tensor; entropy: Tensor; returns: Tensor };
  const parts = (at: DesignTheta<Theta>): Parts => {
    const {
      returns,
      path,
      score,
      entropy: entropies,
    } = designSurrogate(sampledTerms(settings, at, key, batch), settings.credit);
    // Sums: a state's cotangent is then that of its own trajectory, whatever their number.
    return { path: path.sum(), score: score.sum(), entropy: entropies.sum(), returns };
  };
  const dtype = tree.floatType(theta.design);
  const number = (value: number): Tensor => tree.scalar(value, dtype);
  const weight = number(-entropy.weight / batch).mul(
    np.power(number(entropy.decay), step.astype(dtype)) as Tensor,
  );
  const pull = (path: number, score: number): [Parts, DesignTheta<Theta>] => {
    const returns = np.zeros([batch], { dtype });
    const seed: Parts = { path: number(path), score: number(score), entropy: weight, returns };
    const [made, [gradient]] = vjp(parts, [theta], seed);
    return [made, gradient as DesignTheta<Theta>];
  };
  const [{ path, score, returns }, gradient] = pull(-1 / batch, -1 / batch);
  const told = {
    gradient,
    meanReturn: returns.mean(),
    stdReturn: np.std(returns) as Tensor,
    isFinite: np.isfinite(path.add(score)),
  };
  if (!measuresScoreShare) return told;
  const ofScore = tree.norm(pull(0, -1 / batch)[1].design);
  const ofPath = tree.norm(pull(-1 / batch, 0)[1].design);
  const total = np.maximum(ofScore.add(ofPath), Number.MIN_VALUE) as Tensor;
  return { ...told, scoreShare: ofScore.div(total) };
}

/** Runs the trajectories of a key again and throws for the first number that is not finite, if there is one. */
export function nonFiniteFinder<State, Theta>(
  where: string,
  settings: DepsSettings<State, Theta>,
): (theta: DesignTheta<Theta>, key: Key) => void {
  const terms = compiled("deps.terms", (theta: DesignTheta<Theta>, key: Key): StepTerms =>
    sampledTerms(settings, theta, key, settings.batch),
  );
  return (theta, key) => throwFirstNonFinite(where, terms(theta, key));
}
