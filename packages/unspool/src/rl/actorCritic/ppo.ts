/**
 * Proximal policy optimisation (Schulman et al., arXiv 1707.06347), the first-order baseline of the zeroth-order
 * actor-critic: actions are drawn, parameters are held, and the policy is differentiated.
 *
 *     A_t = sum_k (gamma lambda)^k delta_{t + k}      up to the end of the episode, or of what was played
 *     theta ← ascent on the mean over a batch of min(rho A, clip(rho, 1 - eps, 1 + eps) A) + entropy weight · H
 *
 * E epochs over all that was played, in shuffled batches; A has mean 0 and deviation 1 within a batch. The critic is fitted
 * to A + V in the same epochs. Defaults are those of stable-baselines3; its critic shares an optimizer with the policy.
 */
import { type Tensor, type Tree, np, random, valueAndGrad, vmap } from "../../array/index.ts";
import { type Method, requireFiniteValues, shapes } from "../../methods/index.ts";
import { compiled } from "../../unroll/index.ts";
import { spaceShape } from "../environments/space.ts";
import { clippedSurrogate, logProbabilities } from "./clippedSurrogate.ts";
import type { CriticState } from "./critic.ts";
import { stepsOf } from "./playedSegments.ts";
import { type PpoBatch, playedSteps } from "./ppoBatches.ts";
import { type PpoOptions, type PpoParts, ppoParts } from "./ppoOptions.ts";
import type { Samplers } from "./segmentProgram.ts";
import { shuffledBatches } from "./shuffledBatches.ts";
import { programRecipe } from "./zoacRecipe.ts";
import { estimatedReturnNote } from "./zoacUpdate.ts";

export interface PpoState {
  samplers: Samplers;
  critic: CriticState;
  optimizer: Tree;
}

const where = "ppo";
/** Beside the deviation of a batch's advantages. */
const leastDeviation = 1e-8;

/**
 * The method. The loss is minus the mean of what the return from each step on is estimated to be. Metrics: `episodes` that
 * have ended and their `meanReturn`, `criticLoss`, and `clipped`, the share of the last epoch's ratios beyond 1 ± clip.
 *
 * Cost: at most samplers · steps steps of the environment, and `epochs` passes of policy and critic over them.
 *
 * @example
 * const policy = categoricalPolicy({ observations: 4, actions: 2 });
 * const method = ppo({ environment: cartPole(), policy });
 */
export function ppo<Theta>(options: PpoOptions<Theta>): Method<Theta, PpoState> {
  const parts = ppoParts(where, options);
  const { environment, policy, acting, critic, optimizer, player, segments, factors, numbers } = parts;
  const { epochs, batch, samplers, steps } = numbers;
  const { logs, update } = programs(parts);
  return {
    name: where,
    lossNote: estimatedReturnNote,
    recipe: (theta, { optimizer: state }) => ({
      ppo: {
        ...{ environment: environment.name, policy: policy.name, ...numbers, ...factors },
        ...programRecipe({ environment, policy: acting, critic }, theta),
      },
      optimizer: { name: optimizer.name, state: shapes(state) },
    }),
    init(theta, key) {
      const at = player.start(theta, random.foldIn(key, "samplers"));
      const size = at.observation.size / samplers;
      const own = critic.init(random.foldIn(key, "critic"), size);
      return { samplers: at, critic: own, optimizer: optimizer.init(theta) };
    },
    step(theta, state, key) {
      const played = player.playHeld(theta, state.samplers, random.foldIn(key, "play"), segments);
      const { actions = new Float64Array(0), observations, returns } = played;
      const taken = playedSteps(environment, { ...played, actions }, critic, state.critic, factors);
      const { rows, targets } = taken;
      const whole = taken.at(Array.from(rows.keys()), samplers * steps);
      const oldLogs = logs(theta, whole.observations, whole.actions).data;
      let at = { theta, optimizer: state.optimizer, critic: state.critic };
      let [criticLoss, clipped] = [0, 0];
      for (let epoch = 0; epoch < epochs; epoch++) {
        const own = random.foldIn(random.foldIn(key, "epochs"), epoch);
        const batches = shuffledBatches(rows.length, batch, random.foldIn(own, "policy"));
        clipped = 0;
        for (const part of batches) {
          const made = update(at.theta, at.optimizer, taken.batch(part, batch, oldLogs));
          at = { ...at, theta: made.theta, optimizer: made.state };
          clipped += made.clipped.item() / batches.length;
        }
        const fitted = critic.fit(at.critic, observations, rows, targets, random.foldIn(own, "critic"));
        at = { ...at, critic: fitted.state };
        criticLoss = fitted.loss;
      }
      requireFiniteValues(where, "theta", at.theta);
      return {
        theta: at.theta,
        state: { samplers: played.samplers, critic: at.critic, optimizer: at.optimizer },
        loss: -mean(targets),
        metrics: {
          innerSteps: stepsOf(played),
          episodes: returns.length,
          meanReturn: returns.length > 0 ? mean(returns) : undefined,
          criticLoss,
          clipped,
        },
      };
    },
  };
}

/** The log probabilities of what was played, and the step of one batch; each is compiled once for each shape. */
function programs<Theta>({ environment, policy, optimizer, numbers }: PpoParts<Theta>) {
  const { clip, entropy } = numbers;
  const shapeOf = {
    seen: spaceShape(environment.observationSpace),
    done: spaceShape(environment.actionSpace),
  };
  const observed = (rows: Tensor): Tensor => rows.reshape([rows.shape[0]!, ...shapeOf.seen]);
  const acted = (rows: Tensor): Tensor => {
    const given = rows.reshape([rows.shape[0]!, ...shapeOf.done]);
    return policy.isDiscrete ? given.astype("int32") : given;
  };
  const logsOf = (theta: Theta, observations: Tensor, actions: Tensor): Tensor =>
    logProbabilities(policy, theta, observed(observations), acted(actions)).astype("float32");
  const entropies = (theta: Theta, observations: Tensor): Tensor => {
    const each = vmap((o: Tensor) => policy.entropy!(theta, o))(observed(observations)) as Tensor;
    return each.astype("float32").mul(entropy);
  };
  const update = (theta: Theta, state: Tree, of: PpoBatch) => {
    const { observations, actions, oldLogs, isCounted } = of;
    const counted = (x: Tensor): Tensor => x.mul(isCounted).sum().div(isCounted.sum());
    const advantages = standardised(of.advantages, isCounted);
    const [, gradient] = valueAndGrad((at: Theta): Tensor => {
      const gained = clippedSurrogate(logsOf(at, observations, actions), oldLogs, advantages, clip);
      return counted(entropy === 0 ? gained : gained.add(entropies(at, observations))).neg();
    })(theta);
    const next = optimizer.update<unknown>(gradient, state, theta);
    const ratio = np.exp(logsOf(theta, observations, actions).sub(oldLogs)) as Tensor;
    const beyond = (np.abs(ratio.sub(1)) as Tensor).greater(clip).astype("float32");
    return { theta: next.theta as Theta, state: next.state, clipped: counted(beyond) };
  };
  return { logs: compiled("ppo.logs", logsOf), update: compiled("ppo.step", update) };
}

/** Mean 0 and deviation 1 (unbiased) over the rows that count. */
function standardised(x: Tensor, isCounted: Tensor): Tensor {
  const count = isCounted.sum();
  const centred = x.sub(x.mul(isCounted).sum().div(count));
  const squares = centred.mul(centred).mul(isCounted).sum();
  const deviation = np.sqrt(squares.div(np.maximum(count.sub(1), 1) as Tensor)) as Tensor;
  return centred.div(deviation.add(leastDeviation));
}

function mean(of: ArrayLike<number>): number {
  return Array.from(of).reduce((sum, x) => sum + x, 0) / of.length;
}
