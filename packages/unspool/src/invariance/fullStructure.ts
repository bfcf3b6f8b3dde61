/**
 * The whole curvature matrix of an averaged function, with the exact Jacobian of each example (`isReduced`: with the
 * rank-reduced one of the Kronecker factors). Its log determinant is that of I + D, D = h P^(-1/2) H P^(-1/2), by Cholesky:
 * well conditioned whatever the prior precision P.
 */
import { type Tensor, linalg, np } from "../array/index.ts";
import { inversePositive } from "../optimizers/index.ts";
import {
  type CurvatureStructure,
  type LayerSample,
  type PrecisionAt,
  averagedInputs,
  summedErrors,
} from "./curvatureStructure.ts";

export interface FullOptions {
  /** Default false. */
  isReduced?: boolean;
}

/** Rows and columns of the matrix: of each layer the weights [inputs, outputs] row by row, and the bias. */
export function fullStructure({ isReduced = false }: FullOptions = {}): CurvatureStructure<
  Tensor,
  Tensor,
  Tensor
> {
  const rowsOf = (samples: readonly LayerSample[]): Tensor =>
    np.concatenate(
      samples.flatMap((sample) => gradients(sample, isReduced)),
      1,
    );
  return {
    name: "full",
    measure(samples) {
      const rows = rowsOf(samples);
      return np.matmul(np.transpose(rows), rows);
    },
    combine: (parts) => parts.reduce((sum, part) => sum.add(part)),
    spectrum: (matrix) => (matrix.isTraced ? matrix : matrix.astype("float64")),
    logDetRatio(matrix, at) {
      const root = np.sqrt(at.scale.div(diagonal(at)));
      const scaled = matrix.mul(root.reshape([-1, 1])).mul(root);
      const factor = linalg.cholesky(scaled.add(np.eye(matrix.shape[0]!).astype(matrix.dtype)));
      return np
        .log(np.diagonal(factor) as Tensor)
        .sum()
        .mul(2);
    },
    contract(matrix, at) {
      const precision = diagonal(at);
      const identity = np.eye(matrix.shape[0]!).astype(matrix.dtype);
      return inversePositive(matrix.mul(at.scale).add(identity.mul(precision))).mul(at.scale);
    },
    inner(inverse, samples) {
      const rows = rowsOf(samples);
      return np.matmul(rows, inverse).mul(rows).sum();
    },
  };
}

/** Gradients of one layer by column and example, [columns · n, parameters]. */
function gradients(sample: LayerSample, isReduced: boolean): Tensor[] {
  const { block, inputs, errors } = sample;
  const [columns, n, copies, positions, outputs] = errors.shape as [number, number, number, number, number];
  const size = inputs.shape[3]!;
  const a = isReduced ? averagedInputs(sample) : inputs.reshape([n, copies * positions, size]);
  const g = isReduced ? summedErrors(sample) : errors.reshape([columns, n, copies * positions, outputs]);
  const weights = np.matmul(np.swapaxes(a, 1, 2), g).reshape([columns * n, size * outputs]);
  return block.biasPath === undefined ? [weights] : [weights, g.sum(2).reshape([columns * n, outputs])];
}

/** P as a vector in the order of the matrix. */
function diagonal({ layers }: PrecisionAt): Tensor {
  return np.concatenate(
    layers.flatMap(({ block: { inputs, outputs }, weights, bias }) => {
      if (bias === undefined) return [spread(weights, inputs * outputs)];
      return [spread(weights, (inputs - 1) * outputs), spread(bias, outputs)];
    }),
    0,
  );
}

function spread(precision: Tensor, size: number): Tensor {
  return precision.size === size ? precision.reshape([size]) : (np.broadcastTo(precision, [size]) as Tensor);
}
