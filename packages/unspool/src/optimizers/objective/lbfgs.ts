/**
 * Limited-memory BFGS (Liu & Nocedal, Mathematical Programming 1989; Nocedal & Wright 2006, Algorithm 7.4): the
 * inverse Hessian from the last m steps s and changes of the gradient y, applied by the two-loop recursion.
 *
 *     q ← g;   newest to oldest:  a_i ← s_i · q / (y_i · s_i);   q ← q - a_i y_i
 *     r ← (s · y / y · y, of the newest) q;   oldest to newest:  r ← r + s_i (a_i - y_i · r / (y_i · s_i))
 *     theta' ← theta - t r,   t = learningRate, halved until Armijo's condition holds, or by `strongWolfe` from there
 *     s ← theta' - theta;   y ← ∇L(theta') - ∇L(theta), on the same batch
 *
 * Taking both gradients on one batch keeps y clean of the noise of batches (Schraudolph, Yu & Günter, AISTATS 2007).
 * A pair without positive curvature is not kept; where no step length is accepted, theta stays and the history is
 * dropped. Without history r is g / max(1, ‖g‖).
 */
import { type Tensor, np, scan, tree, valueAndGrad } from "../../array/index.ts";
import { requireInteger, requireOneOf } from "../../errors.ts";
import { backtracking } from "./backtracking.ts";
import { addScaled, floatLeaves, scaled, withFloatLeaves } from "../floatVector.ts";
import { asType, atStep, positive, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { advance, counter, dot, globalNorm } from "../leaves.ts";
import type { ObjectiveOptimizer } from "./objective.ts";
import type { Hyperparameter } from "../optimizer.ts";
import { strongWolfe } from "./strongWolfe.ts";

export interface LbfgsOptions {
  /** First step length that is tried. Default 1. */
  learningRate?: Hyperparameter;
  /** Pairs that are kept, m. Default 10. */
  memory?: number;
  /** Times that the step length may be halved; with 0 the first length is taken, or none. Default 10. */
  halvings?: number;
  /**
   * "zoom" finds lengths that meet the strong Wolfe conditions (`zoomLineSearch`), after which every pair has positive
   * curvature; derivatives take them for constants. Default "backtracking".
   */
  search?: "backtracking" | "zoom";
  /** Points that "zoom" tries. Default 12. */
  trials?: number;
}

export type LbfgsState = {
  step: Tensor;
  /** s, newest first: [memory, …] for each floating-point leaf. */
  steps: Tensor[];
  /** y. */
  changes: Tensor[];
  /** 1 / (y · s) [memory]; 0 where there is no pair. */
  inverses: Tensor;
  /** s · y / y · y of the newest pair; 0 where there is none. */
  scale: Tensor;
};

export const lbfgsDefaults: Required<LbfgsOptions> = {
  learningRate: 1,
  memory: 10,
  halvings: 10,
  search: "backtracking",
  trials: 12,
};

/** Of the strong Wolfe conditions, for quasi-Newton directions (Nocedal & Wright 2006, section 3.1). */
const wolfe = { decrease: 1e-4, curvature: 0.9 } as const;

/** Cosine of s and y below which a pair counts as one without curvature. */
const leastCosine = 1e-8;

/**
 * L-BFGS with a line search. Cost: two gradients and `halvings` + 1 losses ("zoom": `trials` slopes, about two losses each);
 * 2 · `memory` copies of theta.
 *
 * @example
 * const step = compiledStep(lbfgs({ memory: 20 }), objectiveOf);
 */
export function lbfgs(options: LbfgsOptions = {}): ObjectiveOptimizer<LbfgsState> {
  const { learningRate, memory, halvings, search, trials } = withDefaults("lbfgs", options, lbfgsDefaults);
  requireHyperparameter("lbfgs", "learningRate", learningRate, positive);
  requireInteger("lbfgs", "memory", memory, 1);
  requireInteger("lbfgs", "halvings", halvings, 0);
  requireOneOf("lbfgs", "search", search, ["backtracking", "zoom"]);
  requireInteger("lbfgs", "trials", trials, 1);
  return {
    name: "lbfgs",
    init(theta) {
      const dtype = tree.floatType(theta);
      const empty = () => floatLeaves(theta).map((x) => np.zeros([memory, ...x.shape], { dtype: x.dtype }));
      return {
        step: counter(),
        steps: empty(),
        changes: empty(),
        inverses: np.zeros([memory], { dtype }),
        scale: tree.scalar(0, dtype),
      };
    },
    step(theta, state, objective) {
      const lossAt = (leaves: Tensor[]): Tensor => objective.loss(withFloatLeaves(theta, leaves));
      const differentiate = valueAndGrad(lossAt);
      const leaves = floatLeaves(theta);
      const [loss, gradient] = differentiate(leaves) as [Tensor, Tensor[]];
      const direction = scaled(-1, inverseHessianProduct(state, gradient));
      const { dtype } = state.scale;
      const slope = dot(gradient, direction);
      const from = asType(np.array(atStep(learningRate, state.step)(state.scale)), dtype);
      const start = { leaves, loss, direction, slope };
      const { length } =
        search === "zoom"
          ? strongWolfe(lossAt, start, from, { trials, ...wolfe })
          : backtracking(lossAt, start, from, halvings);
      const isStuck = length.lessEqual(0);
      // Not 0 times a direction that may be infinite.
      const next = tree.select(isStuck, leaves, addScaled(leaves, length, direction));
      const [, nextGradient] = differentiate(next) as [Tensor, Tensor[]];
      const s = tree.select(
        isStuck,
        leaves.map((x) => np.zerosLike(x)),
        scaled(length, direction),
      );
      const y = nextGradient.map((g, i) => g.sub(gradient[i]!));
      const updated = withPair(state, s, y);
      const forgotten = {
        ...updated,
        inverses: np.zerosLike(state.inverses),
        scale: np.zerosLike(state.scale),
      };
      return {
        theta: withFloatLeaves(theta, next),
        state: { ...tree.select(isStuck, forgotten, updated), step: advance(state.step) },
        loss,
        metrics: { stepLength: length },
      };
    },
  };
}

/** The two loops. */
function inverseHessianProduct(state: LbfgsState, gradient: Tensor[]): Tensor[] {
  type Pair = { s: Tensor[]; y: Tensor[]; inverse: Tensor };
  const newestFirst: Pair = { s: state.steps, y: state.changes, inverse: state.inverses };
  const [q, weights] = scan(
    (q: Tensor[], { s, y, inverse }: Pair) => {
      const a = dot(s, q).mul(inverse);
      return [addScaled(q, a.neg(), y), a] as [Tensor[], Tensor];
    },
    gradient,
    newestFirst,
  );
  const oldestFirst = tree.map((x) => np.flip(x, 0), { ...newestFirst, weights });
  const isEmpty = state.scale.lessEqual(0);
  const first = np.reciprocal(np.maximum(globalNorm(gradient), 1));
  const [r] = scan(
    (r: Tensor[], { s, y, inverse, weights: a }: Pair & { weights: Tensor }) => {
      const b = dot(y, r).mul(inverse);
      return [addScaled(r, a.sub(b), s), undefined] as [Tensor[], undefined];
    },
    scaled(np.where(isEmpty, first, state.scale), q),
    oldestFirst,
  );
  return r;
}

/** The history with the pair in front, or as it is if the pair has no positive curvature. */
function withPair(state: LbfgsState, s: Tensor[], y: Tensor[]): LbfgsState {
  const curvature = dot(s, y);
  const isKept = curvature.greater(globalNorm(s).mul(globalNorm(y)).mul(leastCosine));
  const orOne = (x: Tensor): Tensor => np.where(isKept, x, np.onesLike(x));
  const push = (stack: Tensor, newest: Tensor): Tensor => {
    const rows = [newest.reshape([1, ...newest.shape]), stack.slice([0, -1])];
    return np.where(isKept, stack.shape[0] === 1 ? rows[0]! : np.concatenate(rows, 0), stack);
  };
  return {
    step: state.step,
    steps: state.steps.map((stack, i) => push(stack, s[i]!)),
    changes: state.changes.map((stack, i) => push(stack, y[i]!)),
    inverses: push(state.inverses, np.reciprocal(orOne(curvature))),
    scale: np.where(isKept, orOne(curvature).div(orOne(dot(y, y))), state.scale),
  };
}
