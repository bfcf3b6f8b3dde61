/**
 * The largest eigenvalues of a large positive semidefinite matrix and their vectors, by orthogonal iteration of a block
 * that is wider than what is asked for, with Rayleigh and Ritz in each round (Golub and Van Loan, section 8.2.4):
 *
 *     V ← qf(A V),    V ← V W with W the eigenvectors of VᵀAV
 *
 * An error shrinks by λ_{b+1} / λ_k in each round, b the width of the block.
 */
import { OptionError } from "../errors.ts";
import { dot, orthonormalColumns } from "./orthonormalColumns.ts";
import { symmetricEigensystem } from "./symmetricEigensystem.ts";

export interface TopEigenvectors {
  /** Falling. */
  values: Float64Array;
  /** `vectors[k]` is the unit vector [n] of `values[k]`. */
  vectors: Float64Array[];
}

/** Below, all of them are found. */
const smallSize = 96;
/** Vectors beyond those asked for. */
const extra = 16;
const mostRounds = 500;

/**
 * The top `count` eigenvalues of A [n, n], falling, with their unit vectors. Rounds end when every vector is one to
 * `tolerance`: |A v - λ v| over λ_1.
 */
export function topEigenvectors(
  matrix: Float64Array,
  n: number,
  count: number,
  tolerance = 1e-12,
): TopEigenvectors {
  if (!(count >= 1 && count <= n))
    throw new OptionError("topEigenvectors", "count", count, `from 1 to the size of the matrix, ${n}`);
  const width = Math.min(n, count + extra);
  if (n <= smallSize || width === n) return first(falling(matrix, n), count);
  let block = orthonormalColumns(Array.from({ length: width }, (_, k) => start(n, k)));
  for (let round = 0; ; round++) {
    const images = block.map((vector) => multiplied(matrix, n, vector));
    const small = new Float64Array(width * width);
    for (let i = 0; i < width; i++)
      for (let j = 0; j <= i; j++)
        small[i * width + j] = small[j * width + i] =
          (dot(block[i]!, images[j]!) + dot(block[j]!, images[i]!)) / 2;
    const { values, vectors } = falling(small, width);
    const turned = vectors.map((weights) => combined(block, weights));
    const turnedImages = vectors.map((weights) => combined(images, weights));
    const error = Math.max(
      ...turned.slice(0, count).map((v, k) => Math.sqrt(residual(turnedImages[k]!, v, values[k]!))),
    );
    const found = { values, vectors: turned };
    if (error <= tolerance * values[0]! || round === mostRounds) return first(found, count);
    block = orthonormalColumns(turnedImages, 0);
    // A matrix of lower rank than the block: the rest of it is no loss.
    if (block.length < width) return first(found, count);
  }
}

/** All eigenvalues of a small matrix [n, n], the largest first. */
export function falling(entries: Float64Array, n: number): TopEigenvectors {
  const { values, vectors } = symmetricEigensystem({ size: n, entries });
  const rows = Array.from({ length: n }, (_, k) => n - 1 - k);
  return {
    values: values.toReversed(),
    vectors: rows.map((row) => vectors.slice(row * n, (row + 1) * n)),
  };
}

const first = ({ values, vectors }: TopEigenvectors, count: number): TopEigenvectors => ({
  values: values.slice(0, count),
  vectors: vectors.slice(0, count),
});

/** Vectors that are no eigenvectors of anything usual: by a linear congruential generator (Numerical Recipes). */
function start(n: number, k: number): Float64Array {
  let state = (k + 1) * 2654435761;
  return Float64Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

function multiplied(matrix: Float64Array, n: number, vector: Float64Array): Float64Array {
  const out = new Float64Array(n);
  for (let i = 0, at = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++, at++) sum += matrix[at]! * vector[j]!;
    out[i] = sum;
  }
  return out;
}

function combined(vectors: readonly Float64Array[], weights: Float64Array): Float64Array {
  const out = new Float64Array(vectors[0]!.length);
  vectors.forEach((vector, k) => {
    const weight = weights[k]!;
    for (let i = 0; i < out.length; i++) out[i]! += weight * vector[i]!;
  });
  return out;
}

function residual(image: Float64Array, vector: Float64Array, value: number): number {
  let sum = 0;
  for (let i = 0; i < image.length; i++) sum += (image[i]! - value * vector[i]!) ** 2;
  return sum;
}
