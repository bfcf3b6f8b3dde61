/**
 * 8-bit optimizer states (Dettmers, Lewis, Shleifer & Zettlemoyer, ICLR 2022): moments are kept as codes with a scale
 * per block, and are whole numbers only while the optimizer looks at them.
 *
 *     state ← encode(update(g, decode(state), θ))
 */
import { type Tensor, type Tensors, type Tree, np, tree } from "../../array/index.ts";
import { OptionError, requireInteger, requireOneOf } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import { advance, counter, isFloatLeaf, requireGradient } from "../leaves.ts";
import type { LossObservation, Optimizer } from "../optimizer.ts";
import { requireOptimizer } from "../wrappers/wrapping.ts";
import { type BlockCode, type Coded, decode, dynamicTable, encode, linearTable } from "./blockCodes.ts";

export interface QuantizedStateOptions {
  /** Elements that share a scale. Default 2048, the paper's. */
  block?: number;
  /** Per element: 4, 8 or 16. Default 8. */
  bits?: 4 | 8 | 16;
  /**
   * Numbers that codes stand for: "dynamic" (relative precision over some decades) or "linear" (evenly spaced: small second
   * moments count as 1 / 127 of the largest of their block, which shortens steps). Default "dynamic".
   */
  code?: "dynamic" | "linear";
  /** Leaves of fewer elements are kept whole. Default 4096, as bitsandbytes has it. */
  smallest?: number;
}

export type QuantizedState = {
  step: Tensor;
  /** Leaves of the inner state by path that are kept whole. */
  whole: Record<string, Tensor>;
  /** Leaves in short by path. */
  coded: Record<string, Coded>;
};

export const quantizedStateDefaults: Required<QuantizedStateOptions> = {
  block: 2048,
  bits: 8,
  code: "dynamic",
  smallest: 4096,
};

/**
 * For optimizers that hold no positions: their state may be off by half a code. Derivatives do not pass through codes.
 * Cost: state of bits / 32 of its size and 4 bytes per block; two passes over it.
 *
 * @example
 * const optimizer = quantizedState(adam(), { block: 2048, bits: 8 });
 */
export function quantizedState(
  inner: Optimizer,
  options: QuantizedStateOptions = {},
): Optimizer<QuantizedState> {
  requireOptimizer("quantizedState", inner);
  const { block, bits, code, smallest } = withDefaults("quantizedState", options, quantizedStateDefaults);
  requireInteger("quantizedState", "block", block, 1);
  requireInteger("quantizedState", "smallest", smallest, 1);
  requireOneOf("quantizedState", "code", code, ["dynamic", "linear"]);
  if (![4, 8, 16].includes(bits)) throw new OptionError("quantizedState", "bits", bits, "4, 8 or 16");
  if (inner.moveTo !== undefined) {
    throw new OptionError(
      "quantizedState",
      "the first argument",
      inner.name,
      "an optimizer that holds no positions in its state",
      "Put it around the innermost optimizer.",
    );
  }
  const scheme: BlockCode = {
    bits,
    block,
    table: code === "linear" ? linearTable(bits) : dynamicTable(bits),
  };
  const isCoded = (leaf: Tensor): boolean => isFloatLeaf(leaf) && leaf.size >= smallest;
  const pack = (state: Tree): Omit<QuantizedState, "step"> => {
    const [whole, coded]: [Record<string, Tensor>, Record<string, Coded>] = [{}, {}];
    for (const [path, leaf] of tree.entries(state)) {
      if (isCoded(leaf)) coded[path] = encode(scheme, leaf);
      else whole[path] = leaf;
    }
    return { whole, coded };
  };
  // Structure, shapes and dtypes of the inner state are those that it starts with.
  const unpack = (state: QuantizedState, theta: unknown): Tree =>
    tree.mapWithPath(
      (path, leaf) => (isCoded(leaf) ? decode(scheme, state.coded[path]!, leaf) : state.whole[path]!),
      inner.init(tree.map(np.zerosLike, theta)),
    );
  const { usesLoss, secondMoment, evaluationTheta } = inner;
  return {
    name: `quantizedState(${inner.name})`,
    ...(usesLoss !== undefined && { usesLoss }),
    ...(secondMoment !== undefined && {
      secondMoment: <Theta>(state: QuantizedState, theta: Theta) => secondMoment(unpack(state, theta), theta),
    }),
    ...(evaluationTheta !== undefined && {
      evaluationTheta: <Theta>(state: QuantizedState, theta: Theta) =>
        evaluationTheta(unpack(state, theta), theta),
    }),
    init: (theta) => ({ step: counter(), ...pack(inner.init(theta)) }),
    update<Theta>(gradient: Tensors<Theta>, state: QuantizedState, theta: Theta, observed?: LossObservation) {
      requireGradient("quantizedState", theta, gradient);
      const moved = inner.update(gradient, unpack(state, theta), theta, observed);
      return { theta: moved.theta, state: { step: advance(state.step), ...pack(moved.state) } };
    },
  };
}
