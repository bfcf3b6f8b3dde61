/**
 * Joint optimisation of design and control without the system's equations (Schaff, Yunis, Chakrabarti and Walter, arXiv
 * 1801.01432), as Bolland et al. 2022 ran it: designs come from a normal distribution, one for each trajectory.
 *
 *     psi_b ~ N(mu, diag((s² + 1e-4)²)), projected onto the box before it is simulated
 *     mu, s ← Adam along -1/B sum_b grad log p(psi_b) (R_b - mean R),   p of the sample before it is projected
 *
 * The policy follows REINFORCE with the same weights, or PPO's clipped surrogate (Schulman et al. 2017) without a critic: K
 * epochs over the whole batch on -1/B sum_b sum_t min(rho A, clip(rho, 1 - eps, 1 + eps) A), A the rewards from t on,
 * standardised over the batch before they are summed.
 */
import { type Key, type Tensor, type Tree, np, random, scan, tree, valueAndGrad } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requireOneOf } from "../../errors.ts";
import { type Method, requireFiniteValues, shapes } from "../../methods/index.ts";
import { type Optimizer, adam } from "../../optimizers/index.ts";
import { compiled } from "../../unroll/index.ts";
import { clippedSurrogate, logProbabilities } from "../actorCritic/clippedSurrogate.ts";
import { fingerprint } from "./deps.ts";
import { requireTaskAndPolicy, requireTraceable, throwFirstNonFinite } from "./designChecks.ts";
import { designNumbers } from "./designMetrics.ts";
import { fromEachOn } from "./designSurrogate.ts";
import type { DesignTask } from "./designTask.ts";
import { type DesignOptimizers, projectDesign, requireOptimizer } from "./designUpdate.ts";
import { normalLogProb, numbersLike } from "./numbersLike.ts";
import type { DesignPolicy } from "./policies/policy.ts";
import { type StepTerms, type TermsRule, sampledTerms, stopped } from "./trajectories.ts";

export interface JodcOptions<State, Theta> {
  /** The system: `designTask`, or one of those that are there. */
  task: DesignTask<State>;
  /** The controller: a policy with a density, such as `categoricalPolicy`, `gaussianPolicy` or `linearFeedback`. */
  policy: DesignPolicy<Theta>;
  /** Trajectories of a step, B, each with a design of its own. Default 64. */
  batch?: number;
  /** Default "ppo". */
  policyUpdate?: "ppo" | "reinforce";
  /** Updates of the policy in a step, K, with PPO. Default 5. */
  epochs?: number;
  /** eps of PPO. Default 0.1. */
  clip?: number;
  /** Default `adam({ learningRate: 0.001 })` for the policy and `adam({ learningRate: 0.005 })` for mu and s. */
  optimizers?: DesignOptimizers;
}

/** Of designs divided by the task's `designScale`: mu and s, [n]. */
export interface DesignDistribution {
  mean: Tensor;
  spread: Tensor;
}

export interface JodcTheta<Theta = unknown> {
  design: DesignDistribution;
  policy: Theta;
}

export interface JodcState {
  policy: Tree;
  design: Tree;
}

const where = "jodc";
const leastScale = 1e-4;

const rule: TermsRule = {
  actions: "score",
  disturbance: "none",
  hasStateScores: true,
  stateCotangentClip: null,
  initialStateGradient: false,
  hasEntropy: false,
};

/** A first theta: mu uniform in the box, s a third of its width, the policy as it draws itself. */
export function initJodc<State, Theta>(
  { task, policy }: Pick<JodcOptions<State, Theta>, "task" | "policy">,
  key: Key,
): JodcTheta<Theta> {
  const own = policy.init(random.foldIn(key, "policy"));
  const dtype = tree.floatType(own);
  const inUnits = (numbers: readonly number[]): Tensor =>
    np.array(
      numbers.map((x, i) => x / task.designScale[i]!),
      { dtype },
    );
  const [low, width] = [inUnits(task.low), inUnits(task.high.map((most, i) => most - task.low[i]!))];
  const uniforms = random.uniform(random.foldIn(key, "design"), [task.low.length], { dtype });
  return { design: { mean: low.add(width.mul(uniforms)), spread: width.div(3) }, policy: own };
}

/** The design that a distribution stands for, in the units of the task: its mean, projected onto the box. */
export function jodcDesign(
  task: Pick<DesignTask, "low" | "high" | "designScale">,
  { mean }: DesignDistribution,
): Tensor {
  return projectDesign(task, mean.mul(numbersLike(mean, task.designScale)));
}

const deviationOf = ({ spread }: DesignDistribution): Tensor => spread.mul(spread).add(leastScale);

/**
 * The method. Theta is what `initJodc` makes; the loss is minus the mean return. Metrics: `meanReturn`, `stdReturn`, and of
 * each number of the design `design.NAME`, that of `jodcDesign`, and `spread.NAME`, its standard deviation.
 *
 * Cost: batch · horizon inner steps, and `epochs` passes through the policy.
 *
 * @example
 * const parts = { task: massSpringDamper(), policy: categoricalPolicy({ observations: 3, actions: 5 }) };
 * const method = jodc({ ...parts, policyUpdate: "reinforce" });
 * const theta = initJodc(parts, random.key(0));
 */
export function jodc<State, Theta>(options: JodcOptions<State, Theta>): Method<JodcTheta<Theta>, JodcState> {
  const names = ["task", "policy", "batch", "policyUpdate", "epochs", "clip", "optimizers"] as const;
  requireKnownOptions(where, options, names);
  const { task, policy, batch = 64, policyUpdate = "ppo", epochs = 5, clip = 0.1, optimizers = {} } = options;
  requireTaskAndPolicy(where, task, policy);
  requireInteger(where, "batch", batch, 2);
  requireOneOf(where, "policyUpdate", policyUpdate, ["ppo", "reinforce"]);
  requireInteger(where, "epochs", epochs, 1);
  if (!(clip > 0 && clip < 1)) throw new OptionError(where, "clip", clip, "between 0 and 1");
  requireKnownOptions(`${where}.optimizers`, optimizers, ["policy", "design"]);
  const ofPolicy: Optimizer = optimizers.policy ?? adam({ learningRate: 0.001 });
  const ofDesign: Optimizer = optimizers.design ?? adam({ learningRate: 0.005 });
  requireOptimizer(where, "optimizers.policy", ofPolicy);
  requireOptimizer(where, "optimizers.design", ofDesign);

  const drawn = (theta: JodcTheta<Theta>, key: Key): { points: Tensor; terms: StepTerms<State> } => {
    const { mean } = theta.design;
    const shape = [batch, mean.shape[0]!];
    const normals = random.normal(random.foldIn(key, "designs"), shape, { dtype: tree.floatType(mean) });
    const points = mean.add(deviationOf(theta.design).mul(normals));
    const designs = projectDesign(task, points.mul(numbersLike(mean, task.designScale)));
    const own = { design: designs, policy: theta.policy };
    return {
      points,
      terms: sampledTerms({ task, policy, rule }, own, random.foldIn(key, "trajectories"), batch),
    };
  };
  const policyStep = (theta: Theta, state: Tree, terms: StepTerms): { theta: Theta; state: Tree } => {
    const run = { policy, optimizer: ofPolicy, epochs, clip };
    return policyUpdate === "ppo"
      ? ppoSteps(run, theta, state, terms)
      : reinforceStep(run, theta, state, terms);
  };
  const traced = (theta: JodcTheta<Theta>, state: JodcState, key: Key) => {
    const { points, terms } = stopped(drawn(theta, key));
    const returns = terms.reward.sum(0);
    const weights = returns.sub(returns.mean());
    const [, slope] = valueAndGrad((at: DesignDistribution) =>
      normalLogProb(points, at.mean, deviationOf(at)).sum(1).mul(weights).mean().neg(),
    )(theta.design);
    const design = ofDesign.update<unknown>(slope, state.design, theta.design);
    const moved = policyStep(theta.policy, state.policy, terms);
    return {
      theta: { design: design.theta as DesignDistribution, policy: moved.theta },
      state: { design: design.state, policy: moved.state },
      meanReturn: returns.mean(),
      stdReturn: np.std(returns) as Tensor,
      isFinite: np.isfinite(returns.sum().add(terms.logPolicy!.sum())),
    };
  };
  const run = compiled("jodc.step", traced);
  const termsAt = compiled(
    "jodc.terms",
    (theta: JodcTheta<Theta>, key: Key): StepTerms => drawn(theta, key).terms,
  );
  return {
    name: where,
    recipe: (theta, state) => ({
      task: { name: task.name, horizon: task.horizon, low: [...task.low], high: [...task.high] },
      policy: policy.name,
      jodc: { batch, policyUpdate, epochs, clip },
      optimizers: { policy: ofPolicy.name, design: ofDesign.name, state: shapes(state) },
      step: fingerprint(traced, [theta, state, random.key(0)]),
    }),
    init(theta) {
      const design = jodcDesign(task, theta.design);
      requireTraceable(where, task, policy, { design, policy: theta.policy }, rule);
      return { policy: ofPolicy.init(theta.policy), design: ofDesign.init(theta.design) };
    },
    step(theta, state, key) {
      const made = run(theta, state, key);
      if (made.isFinite.item() !== 1) throwFirstNonFinite(where, termsAt(theta, key));
      requireFiniteValues(where, "theta", made.theta);
      const meanReturn = made.meanReturn.item();
      const { design } = made.theta;
      return {
        theta: made.theta,
        state: made.state,
        loss: -meanReturn,
        metrics: {
          innerSteps: batch * task.horizon,
          meanReturn,
          stdReturn: made.stdReturn.item(),
          ...designNumbers("design", task, jodcDesign(task, design)),
          ...designNumbers(
            "spread",
            task,
            deviationOf(design).mul(numbersLike(design.mean, task.designScale)),
          ),
        },
      };
    },
  };
}

interface PolicyRun<Theta> {
  policy: DesignPolicy<Theta>;
  optimizer: Optimizer;
  epochs: number;
  clip: number;
}

/** log pi of all actions, [T, B], at another theta. */
function logProbs<Theta>(
  policy: DesignPolicy<Theta>,
  theta: Theta,
  { observation, action }: StepTerms,
): Tensor {
  const [steps, batch] = observation.shape as [number, number];
  const flat = (x: Tensor): Tensor => x.reshape([steps * batch, ...x.shape.slice(2)]);
  return logProbabilities(policy, theta, flat(observation), flat(action)).reshape([steps, batch]);
}

function reinforceStep<Theta>(
  { policy, optimizer }: PolicyRun<Theta>,
  theta: Theta,
  state: Tree,
  terms: StepTerms,
): { theta: Theta; state: Tree } {
  const returns = terms.reward.sum(0);
  const weights = returns.sub(returns.mean());
  const [, slope] = valueAndGrad((at: Theta) => logProbs(policy, at, terms).sum(0).mul(weights).mean().neg())(
    theta,
  );
  const next = optimizer.update<unknown>(slope, state, theta);
  return { theta: next.theta as Theta, state: next.state };
}

function ppoSteps<Theta>(
  { policy, optimizer, epochs, clip }: PolicyRun<Theta>,
  theta: Theta,
  state: Tree,
  terms: StepTerms,
): { theta: Theta; state: Tree } {
  const advantages = ppoAdvantages(terms.reward);
  const old = terms.logPolicy!;
  type Carry = { theta: Theta; state: Tree };
  const epoch = (at: Carry): [Carry, undefined] => {
    const [, slope] = valueAndGrad((own: Theta) => {
      return clippedSurrogate(logProbs(policy, own, terms), old, advantages, clip)
        .sum(0)
        .mean()
        .neg();
    })(at.theta);
    const next = optimizer.update<unknown>(slope, at.state, at.theta);
    return [{ theta: next.theta as Theta, state: next.state }, undefined];
  };
  return scan(epoch, { theta, state }, null, { length: epochs })[0];
}

/** Rewards [T, B] standardised over all of them (with the unbiased deviation), summed from each step on. */
export function ppoAdvantages(rewards: Tensor): Tensor {
  const centred = rewards.sub(rewards.mean());
  const deviation = np.sqrt(
    centred
      .mul(centred)
      .sum()
      .div(rewards.size - 1),
  ) as Tensor;
  return fromEachOn(centred.div(deviation.add(1e-5)));
}
