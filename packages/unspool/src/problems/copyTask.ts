/**
 * The copy task: an LSTM reads a string of random bits and then reproduces it. Each character read is one of three
 * symbols (0, 1, "write"); the loss of a step in which a bit is written is its cross-entropy in bits, that of all
 * others is 0. Mujika, Meier, Steger 2018; Vicol, Kolter, Swersky 2023, section 4.3.
 */
import { type Key, type Tensor, nn, np, random, tree } from "../array/index.ts";
import { requireInteger, requireKnownOptions } from "../errors.ts";
import { type Problem, defineProblem, unroll } from "../unroll/index.ts";
import { type LstmState, type LstmWeights, fanInNormal, initLstm, lstmCell } from "../networks/index.ts";

export interface CopyTaskOptions {
  /** Length of the longest strings, L. */
  length: number;
  /** Lengths are uniform from L less this (at least 1) to L, one for all strings of a trajectory. Default 0. */
  spread?: number;
  /** Strings per trajectory, over which losses are averaged. Default 8. */
  strings?: number;
  /** The horizon is 2 L, rounded up to a multiple of this, so that windows fit. Default 1. */
  truncation?: number;
}

export type CopyTaskTheta = {
  cell: LstmWeights;
  /** [units, 1]: the logit of a 1. */
  readWeights: Tensor;
  /** [1]. */
  readBias: Tensor;
};

export type CopyTaskState = {
  cell: LstmState;
  /** int32 [strings, L]; those from `length` on are not used. */
  bits: Tensor;
  /** int32: length of the strings of this trajectory. */
  length: Tensor;
};

const symbols = 3;

/** The copy task as an inner problem: theta are the weights of the LSTM and of its output, the state is that of the LSTM. */
export function copyTask(options: CopyTaskOptions): Problem<CopyTaskTheta, CopyTaskState, undefined> {
  requireKnownOptions("copyTask", options, ["length", "spread", "strings", "truncation"]);
  const { length: longest, spread = 0, strings = 8, truncation = 1 } = options;
  requireInteger("copyTask", "length", longest, 1);
  requireInteger("copyTask", "strings", strings, 1);
  requireInteger("copyTask", "truncation", truncation, 1);
  requireInteger("copyTask", "spread", spread, 0);
  const shortest = Math.max(1, longest - spread);
  return defineProblem({
    name: "copyTask",
    horizon: Math.ceil((2 * longest) / truncation) * truncation,
    init(theta: CopyTaskTheta, key) {
      const zero = np.zeros([strings, theta.cell.stateWeights.shape[0]!]);
      const length =
        shortest === longest
          ? tree.scalar(longest, "int32")
          : random.randint(random.foldIn(key, "length"), [], shortest, longest + 1);
      return {
        cell: { h: zero, c: zero },
        bits: random.randint(random.foldIn(key, "bits"), [strings, longest], 0, 2),
        length,
      };
    },
    step(theta: CopyTaskTheta, { cell, bits, length }, { t }) {
      const bitAt = (position: Tensor): Tensor =>
        np.take(bits, np.clip(position, tree.scalar(0, "int32"), tree.scalar(longest - 1, "int32")), 1);
      const written = t.sub(length);
      const isReading = t.less(length);
      const isWriting = np.logicalAnd(t.greaterEqual(length), written.less(length));
      const symbol = np.where(isReading, bitAt(t), tree.scalar(2, "int32"));
      const dtype = theta.readBias.dtype;
      const next = lstmCell(theta.cell, nn.oneHot(symbol, symbols).astype(dtype), cell);
      const logit = np.matmul(next.h, theta.readWeights).add(theta.readBias).reshape([strings]);
      const nats = nn.softplus(logit).sub(logit.mul(bitAt(written).astype(dtype)));
      const loss = np.where(isWriting, nats.mean().mul(1 / Math.LN2), np.zeros([], { dtype }));
      return { state: { cell: next, bits, length }, loss };
    },
  });
}

/** Random parameters for an LSTM of `units`. */
export function initCopyTask(key: Key, units: number): CopyTaskTheta {
  return {
    cell: initLstm(random.foldIn(key, "cell"), { inputs: symbols, units }),
    readWeights: fanInNormal(random.foldIn(key, "read"), [units, 1]),
    readBias: np.zeros([1]),
  };
}

/** Bits per character written, over all strings: 1 for guessing, 0 for perfect copies of strings of one length. */
export function copyScore(options: {
  length: number;
  strings?: number;
}): (theta: CopyTaskTheta, key: Key) => number {
  requireKnownOptions("copyScore", options, ["length", "strings"]);
  const { length, strings = 256 } = options;
  requireInteger("copyScore", "strings", strings, 1);
  const problem = copyTask({ length, strings: 1 });
  return (theta, key) =>
    unroll(problem, theta, { key, particles: strings }).losses.sum().item() / (strings * length);
}
