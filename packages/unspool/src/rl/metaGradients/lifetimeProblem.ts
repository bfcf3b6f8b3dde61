/**
 * A learning agent as an ordinary inner problem: theta is eta, the state is the agent, the loss of a step is minus the
 * return of its batch. Every estimator of evolution strategies takes it as it is.
 *
 * With `derivative: "surrogate"` the loss of step i is -R_i in value and -S_i in derivative (see `surrogateTerms`), so
 * that reverse and forward mode give meta-gradients: `bptt` that of whole lifetimes, `tbptt` that of contiguous
 * windows. The pathwise derivative of -R_i itself would be 0: sampled rewards do not depend on the logits.
 */
import { type Key, type Tensor, lax, np, random, tree } from "../../array/index.ts";
import { OptionError, requireInteger, requireOneOf, requireKnownOptions } from "../../errors.ts";
import { type Problem, defineProblem } from "../../unroll/index.ts";
import { stop } from "./hessianWeights.ts";
import {
  type ErasedTask,
  type LearningTask,
  eraseTask,
  firstAgent,
  inTypeOf,
  worldOf,
} from "../environments/learningTask.ts";
import { type CheckedSwitches, type MetaGradientSwitches, checkedSwitches } from "./metaGradientOptions.ts";
import { observe, surrogateTerms } from "./surrogate.ts";

export interface LifetimeProblemOptions extends Pick<
  MetaGradientSwitches,
  "hessian" | "decay" | "samplingCorrection" | "metaDiscount"
> {
  /** "none" (default): losses only. "surrogate": differentiable, with the switches above. */
  derivative?: "none" | "surrogate";
  /**
   * Score this many consecutive updates only, their start uniform per lifetime: losses are 0 outside and weighted by
   * T / M inside, so that the mean over T is the window's mean. The lifetime runs whole. Default: all updates.
   */
  scoredWindow?: number;
  /**
   * "common" (default): equal keys give equal worlds and random numbers for every eta, as antithetic pairs and
   * differences want. "independent": other eta, other random numbers, as where two workers draw for themselves.
   */
  randomness?: "common" | "independent";
}

export interface LifetimeState {
  agent: unknown;
  world: unknown;
  /** Accumulated log-probabilities, c. */
  score: Tensor;
  /** int32: first update that is scored. */
  start: Tensor;
}

const where = "lifetimeProblem";

/**
 * The learning problem of `task` for the estimators of inner problems.
 *
 * @example
 * const estimator = fullEs(lifetimeProblem(bandit()), { sigma: 0.1, pairs: 1000 });
 */
export function lifetimeProblem<Eta, Agent, World, Data>(
  learningTask: LearningTask<Eta, Agent, World, Data>,
  options: LifetimeProblemOptions = {},
): Problem<Eta, LifetimeState> {
  requireKnownOptions("lifetimeProblem", options, [
    "derivative",
    "scoredWindow",
    "randomness",
    "hessian",
    "decay",
    "samplingCorrection",
    "metaDiscount",
  ]);
  const task = eraseTask(learningTask);
  const { derivative = "none", randomness = "common", scoredWindow = task.updates } = options;
  requireOneOf(where, "derivative", derivative, ["none", "surrogate"]);
  requireOneOf(where, "randomness", randomness, ["common", "independent"]);
  requireInteger(where, "scoredWindow", scoredWindow, 1);
  if (scoredWindow > task.updates) {
    throw new OptionError(
      where,
      "scoredWindow",
      scoredWindow,
      `at most the lifetime of ${task.updates} updates`,
    );
  }
  const isDifferentiable = derivative === "surrogate";
  if (isDifferentiable && scoredWindow < task.updates) {
    throw new OptionError(
      where,
      "scoredWindow",
      scoredWindow,
      'absent with derivative "surrogate"',
      "Truncate with tbptt, or with metaGradient's own truncation.",
    );
  }
  const switches = checkedSwitches(where, task, options);
  const keyOf = (key: Key, eta: unknown) => (randomness === "common" ? key : random.foldIn(key, bitsOf(eta)));
  return defineProblem<unknown, LifetimeState>({
    name: task.name,
    horizon: task.updates,
    isDifferentiable,
    init(eta, given) {
      const key = keyOf(given, eta);
      const world = worldOf(task, eta, random.foldIn(key, "world"));
      const latest = task.updates - scoredWindow + 1;
      return {
        agent: firstAgent(task, eta, world),
        world,
        score: np.zeros([], { dtype: tree.floatType(eta) }),
        start: random.randint(random.foldIn(key, "window"), [], 0, latest),
      };
    },
    step(eta, state, { t, key }) {
      const { agent, world, score, start } = state as LifetimeState;
      const frozen = tree.map(stop, { eta, agent, world });
      const drawn = task.sample(frozen.eta, frozen.agent, frozen.world, keyOf(key, frozen.eta));
      const data = tree.map(stop, inTypeOf(eta, drawn));
      const { loss, next, grown } = lifetimeStep(
        task,
        switches,
        isDifferentiable,
        { eta, agent, data, t },
        score,
      );
      const isScored = t.greaterEqual(start).mul(t.less(start.add(scoredWindow)));
      const weight = isScored.astype(loss.dtype).mul(task.updates / scoredWindow);
      return {
        state: { agent: next, world, score: grown, start },
        loss: scoredWindow === task.updates ? loss : loss.mul(weight),
      };
    },
  }) as Problem<Eta, LifetimeState>;
}

function lifetimeStep(
  task: ErasedTask,
  { hessian, decay, form, coefficient, metaDiscount }: CheckedSwitches,
  isDifferentiable: boolean,
  at: { eta: unknown; agent: unknown; data: unknown; t: Tensor },
  score: Tensor,
): { loss: Tensor; next: unknown; grown: Tensor } {
  const observation = observe(task, at.data);
  const choice = { hessian, decay, isMean: form === "mean" };
  const terms = surrogateTerms(task, choice, at, observation, observation.returns);
  const gain = observation.mean.slice(0);
  if (!isDifferentiable) return { loss: gain.neg(), next: terms.agent, grown: score };
  const surrogate = terms.direct.add(score.mul(gain).mul(coefficient));
  return {
    loss: gain.add(surrogate.sub(stop(surrogate))).neg(),
    next: terms.agent,
    // Its value is of no use and would grow; its derivative is what is carried.
    grown: score.add(terms.score.sub(stop(terms.score))).mul(metaDiscount),
  };
}

/** A word made of the bits of eta: different for different eta but by rare chance. */
function bitsOf(eta: unknown): Tensor {
  const words = tree
    .leaves(eta)
    .map((leaf) => lax.bitcastConvertType(leaf.astype("float32"), "uint32") as Tensor)
    .map((word) => word.flatten());
  const flat = np.concatenate(words) as Tensor;
  // Odd factors, so that a permutation or opposite changes of two numbers show.
  const factors = np.array(Uint32Array.from({ length: flat.size }, (_, i) => 2 * i + 1));
  return flat.mul(factors).sum();
}
