/**
 * The critic: a network V(s) with tanh between its layers, fitted to targets by squared error in shuffled batches. Each of
 * its two programs, values of many rows and the step of one batch, is compiled once.
 */
import {
  type Key,
  type Tensor,
  type Tree,
  np,
  random,
  tensorOf,
  tree,
  valueAndGrad,
} from "../../array/index.ts";
import { NonFiniteError, OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import { type Layer, applyMlp, initMlp, orthogonal } from "../../networks/index.ts";
import { type Optimizer, adam } from "../../optimizers/index.ts";
import { compiled } from "../../unroll/index.ts";
import { capacityOf, column, rowsOf, shuffledBatches } from "./shuffledBatches.ts";

export interface CriticOptions {
  /** Sizes of the hidden layers. Default [64, 64]. */
  hidden?: readonly number[];
  /** Default `adam({ learningRate: 5e-4 })`. */
  optimizer?: Optimizer;
  /** Passes over what was collected, per update. Default 5. */
  epochs?: number;
  /** Rows of a batch; the last one of a pass takes what is left beside its own, so it has up to twice as many. Default 128. */
  batch?: number;
  /** Of the output layer's orthogonal weights; hidden ones have 5/3. Default 1. */
  outputGain?: number;
}

/** A network and its optimizer's state. */
export interface CriticState {
  layers: Layer[];
  optimizer: Tree;
}

export interface Critic {
  readonly epochs: number;
  readonly batch: number;
  readonly optimizer: Optimizer;
  init(key: Key, observationSize: number): CriticState;
  /** V of rows [rows · observationSize]. */
  values(state: CriticState, rows: Float64Array): Float64Array;
  /** One pass over `chosen` rows, whose targets are given in the same order; `loss` is the mean over its batches. */
  fit(
    state: CriticState,
    rows: Float64Array,
    chosen: readonly number[],
    targets: ArrayLike<number>,
    key: Key,
  ): { state: CriticState; loss: number };
}

/** Gain of orthogonal weights before a tanh (Glorot and Bengio 2010, as the authors' code has it). */
const tanhGain = 5 / 3;

/** A checked critic. */
export function critic(where: string, options: CriticOptions = {}): Critic {
  requireKnownOptions(where, options, ["hidden", "optimizer", "epochs", "batch", "outputGain"]);
  const { hidden = [64, 64], epochs = 5, batch = 128, outputGain = 1 } = options;
  const optimizer: Optimizer = options.optimizer ?? adam({ learningRate: 5e-4 });
  if (!Array.isArray(hidden))
    throw new OptionError(where, "critic.hidden", hidden, "a list, such as [64, 64]");
  hidden.forEach((size, i) => requireInteger(where, `critic.hidden[${i}]`, size, 1));
  requireInteger(where, "critic.epochs", epochs, 1);
  requireInteger(where, "critic.batch", batch, 1);
  if (typeof optimizer?.update !== "function")
    throw new OptionError(where, "critic.optimizer", optimizer, "an optimizer", "Make one with adam().");
  const network = (layers: readonly Layer[], rows: Tensor): Tensor =>
    applyMlp(layers, rows, undefined, (x) => np.tanh(x) as Tensor).reshape([-1]);
  const valuesOf = compiled("values of the critic", network);
  const stepOf = compiled(
    "step of the critic",
    (state: CriticState, rows: Tensor, targets: Tensor, isCounted: Tensor) => {
      const loss = (layers: Layer[]): Tensor => {
        const error = network(layers, rows).sub(targets);
        return error.mul(error).mul(isCounted).sum().div(isCounted.sum());
      };
      const [value, gradient] = valueAndGrad(loss)(state.layers);
      const next = optimizer.update(gradient, state.optimizer, state.layers);
      return { state: { layers: next.theta, optimizer: next.state }, loss: value };
    },
  );
  const sizeOf = ({ layers }: CriticState): number => layers[0]!.weights.shape[0]!;
  return {
    epochs,
    batch,
    optimizer,
    init(key, observationSize) {
      const sizes = [observationSize, ...hidden];
      const [inner, output] = [random.foldIn(key, "hidden"), random.foldIn(key, "output")];
      const layers = [
        ...initMlp(inner, sizes, { weights: orthogonal(tanhGain) }),
        ...initMlp(output, [sizes.at(-1)!, 1], { weights: orthogonal(outputGain) }),
      ];
      return { layers, optimizer: optimizer.init(layers) };
    },
    values(state, rows) {
      const size = sizeOf(state);
      const all = tensorOf(Float32Array.from(rows), [rows.length / size, size], "float32");
      return Float64Array.from(valuesOf(state.layers, all).data);
    },
    fit(start, rows, chosen, targets, key) {
      const size = sizeOf(start);
      const batches = shuffledBatches(chosen.length, batch, key);
      let state = start;
      let total = 0;
      for (const part of batches) {
        const capacity = capacityOf(part.length, batch);
        const which = part.map((i) => chosen[i]!);
        const made = stepOf(
          state,
          rowsOf(rows, size, which, capacity),
          column(part.length, capacity, (i) => targets[part[i]!]!),
          column(part.length, capacity, () => 1),
        );
        state = made.state;
        total += made.loss.item();
      }
      if (!Number.isFinite(total) || !tree.isFinite(state.layers)) {
        throw new NonFiniteError(
          where,
          `the critic's loss is not finite (${total / batches.length}). Scale the rewards down, or lower the learning rate of critic.optimizer.`,
          { quantity: "critic" },
        );
      }
      return { state, loss: total / batches.length };
    },
  };
}
