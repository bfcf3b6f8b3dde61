/**
 * A proposal that is affine in its parent and in numbers of the data, with parameters of its own at every step:
 *
 *     q_t = N(w_t x_{t-1} + U_t z_t + c_t, exp(s_t)),   z_t: what `inputs` takes of the series
 */
import { type Tensor, np } from "../../../array/index.ts";
import { diagonalNormal } from "../../../distributions/index.ts";
import { requireInteger, requireKnownOptions } from "../../../errors.ts";
import type { ObservedSeries } from "../series.ts";
import type { Proposal } from "./proposal.ts";

/** By step: w, c and s [T, dx], U [T, dx, inputs]. */
export type AffineProposalParams = {
  parentWeight: Tensor;
  inputWeight: Tensor;
  bias: Tensor;
  logVariance: Tensor;
};

export interface AffineProposalOptions {
  /** T. */
  steps: number;
  /** Numbers of a state, dx. */
  stateSize: number;
  /** Elements of z_t. Default 1. */
  inputSize?: number;
  /** z [T, inputs] of a series. Default: its observations. */
  inputs?(series: ObservedSeries): Tensor;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

type Row = AffineProposalParams & { z: Tensor };

/** The proposal; all parameters start at 0, which is N(0, 1). Cost: T (3 dx + dx inputs) parameters. */
export function affineProposal(options: AffineProposalOptions): Proposal<unknown, AffineProposalParams, Row> {
  const where = "affineProposal";
  requireKnownOptions(where, options, ["steps", "stateSize", "inputSize", "inputs", "dtype"]);
  const { steps, stateSize, inputSize = 1, inputs = ({ y }) => y, dtype = "float32" } = options;
  requireInteger(where, "steps", steps, 1);
  requireInteger(where, "stateSize", stateSize, 1);
  requireInteger(where, "inputSize", inputSize, 1);
  const zeros = (...more: number[]): Tensor => np.zeros([steps, stateSize, ...more], { dtype });
  return {
    name: "affineProposal",
    init: () => ({
      parentWeight: zeros(),
      inputWeight: zeros(inputSize),
      bias: zeros(),
      logVariance: zeros(),
    }),
    rows: (params, series) => ({ ...params, z: inputs(series) }),
    propose(_, { x, row }) {
      const fromData = row.inputWeight.mul(row.z).sum(-1);
      const mean = row.parentWeight.mul(x).add(fromData).add(row.bias);
      return diagonalNormal({ mean, logSd: row.logVariance.mul(0.5) });
    },
  };
}
