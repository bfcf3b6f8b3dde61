/**
 * A step of design and policy, each by its own optimizer, and the projection of the design onto its box:
 *
 *     psi ← clamp(psi', low, high),   psi' from the optimizer, which sees psi / designScale
 *
 * The projection is Euclidean. Moments of the optimizer are kept as they are.
 */
import { type Tensor, type Tree, np } from "../../array/index.ts";
import { OptionError, requireKnownOptions } from "../../errors.ts";
import { type Optimizer, adam } from "../../optimizers/index.ts";
import type { DesignTask } from "./designTask.ts";
import { numbersLike } from "./numbersLike.ts";
import type { DesignTheta } from "./trajectories.ts";

/** What `DesignTask` says of its box. */
export type DesignBox = Pick<DesignTask, "low" | "high" | "designScale">;

export interface DesignOptimizers {
  /** Of the policy. Default: that of the method. */
  policy?: Optimizer;
  /** Of design / designScale. Default: that of the method. */
  design?: Optimizer;
}

/** States of both. */
export interface DesignUpdateState {
  policy: Tree;
  design: Tree;
}

export interface DesignUpdate {
  readonly names: { readonly policy: string; readonly design: string };
  init<Theta>(theta: DesignTheta<Theta>): DesignUpdateState;
  /** Traced. `raw` is the design before it is projected. */
  update<Theta>(
    gradient: DesignTheta<Theta>,
    state: DesignUpdateState,
    theta: DesignTheta<Theta>,
  ): { theta: DesignTheta<Theta>; state: DesignUpdateState; raw: Tensor };
}

/** What is moved. */
export type Learned = "both" | "design" | "policy";

/** The nearest design in the box. */
export function projectDesign({ low, high }: DesignBox, design: Tensor): Tensor {
  return np.minimum(np.maximum(design, numbersLike(design, low)), numbersLike(design, high)) as Tensor;
}

/** Optimizers of both, checked. */
export function designUpdate(
  where: string,
  box: DesignBox,
  optimizers: DesignOptimizers = {},
  learn: Learned = "both",
): DesignUpdate {
  requireKnownOptions(`${where}.optimizers`, optimizers, ["policy", "design"]);
  const own = adam({ learningRate: 0.005 });
  const { policy: ofPolicy = own, design: ofDesign = own } = optimizers;
  requireOptimizer(where, "optimizers.policy", ofPolicy);
  requireOptimizer(where, "optimizers.design", ofDesign);
  const { designScale } = box;
  const isScaled = designScale.some((scale) => scale !== 1);
  return {
    names: { policy: ofPolicy.name, design: ofDesign.name },
    init: ({ design, policy }) => ({ policy: ofPolicy.init(policy), design: ofDesign.init(design) }),
    update<Theta>(gradient: DesignTheta<Theta>, state: DesignUpdateState, theta: DesignTheta<Theta>) {
      let next: { theta: Theta; state: Tree } = { theta: theta.policy, state: state.policy };
      if (learn !== "design") next = updated(ofPolicy, gradient.policy, state.policy, theta.policy);
      if (learn === "policy") {
        return {
          theta: { design: theta.design, policy: next.theta },
          state: { policy: next.state, design: state.design },
          raw: theta.design,
        };
      }
      const scale = numbersLike(theta.design, designScale);
      const moved = isScaled
        ? updated(ofDesign, gradient.design.mul(scale), state.design, theta.design.div(scale))
        : updated(ofDesign, gradient.design, state.design, theta.design);
      const raw = isScaled ? moved.theta.mul(scale) : moved.theta;
      return {
        theta: { design: projectDesign(box, raw), policy: next.theta },
        state: { policy: next.state, design: moved.state },
        raw,
      };
    },
  };
}

/** An update whose gradient has the type of theta. */
function updated<Theta>(
  optimizer: Optimizer,
  gradient: Theta,
  state: Tree,
  theta: Theta,
): { theta: Theta; state: Tree } {
  const next = optimizer.update<unknown>(gradient, state, theta);
  return { theta: next.theta as Theta, state: next.state };
}

export function requireOptimizer(where: string, option: string, given: unknown): void {
  const { init, update } = (given ?? {}) as { init?: unknown; update?: unknown };
  if (typeof init === "function" && typeof update === "function") return;
  throw new OptionError(where, option, given, "an optimizer", "Write adam().");
}
