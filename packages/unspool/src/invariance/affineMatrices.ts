/**
 * Affine transformations of the plane as exponentials of generators, T = expm(Σ c_i G_i), many at once. The exponential
 * is a series of degree 8 of the matrix over 64, squared six times: elementwise operations only, so that thousands of
 * matrices are a few kernels, and derivatives exist everywhere.
 */
import { type Tensor, np } from "../array/index.ts";
import { ShapeError } from "../errors.ts";

/** The top two rows of a 3 by 3 matrix whose last row is zero, row by row. */
export type Generator = readonly [number, number, number, number, number, number];

export type GeneratorName = "translateX" | "translateY" | "rotation" | "scaleX" | "scaleY" | "shear";

/** Those of the paper: translations, rotation, scales and shear, in coordinates from -1 to 1 (Immer et al. 2022). */
export const affineGenerators: Readonly<Record<GeneratorName, Generator>> = {
  translateX: [0, 0, 1, 0, 0, 0],
  translateY: [0, 0, 0, 0, 0, 1],
  rotation: [0, -1, 0, 1, 0, 0],
  scaleX: [1, 0, 0, 0, 0, 0],
  scaleY: [0, 0, 0, 0, 1, 0],
  shear: [0, 1, 0, 1, 0, 0],
};

/** The six elements of the top rows, each of one shape. */
export type AffineRows = readonly [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];

/** 2^6 = 64: a rotation by pi becomes one by 0.05, whose series of degree 8 is exact to 1e-17. */
const squarings = 6;
const degree = 8;

/** The top rows of expm(Σ c_i G_i), each [...batch], for coefficients [...batch, generators]. */
export function affineMatrices(coefficients: Tensor, generators: readonly Generator[]): AffineRows {
  const count = coefficients.shape.at(-1);
  if (count !== generators.length) {
    throw new ShapeError(
      "affineMatrices",
      `coefficients must end in one for each of ${generators.length} generators, got ${coefficients.toString()}.`,
    );
  }
  const batch = coefficients.shape.slice(0, -1);
  const { dtype } = coefficients;
  const scale = 2 ** -squarings;
  const table = np.array(
    generators.flatMap((generator) => generator.map((x) => x * scale)),
    { shape: [count, 6], dtype },
  );
  const all = np.matmul(coefficients.reshape([-1, count]), table);
  const a = rowsOf((k) => all.slice([], k).reshape([...batch]));
  // Horner's rule: I + A (I + A/2 (I + A/3 (…))).
  let power = plusIdentity(mapRows(a, (x) => x.mul(1 / degree)));
  for (let k = degree - 1; k >= 1; k--) {
    power = plusIdentity(mapRows(times(a, power), (x) => x.mul(1 / k)));
  }
  for (let k = 0; k < squarings; k++) power = times(power, power);
  return power;
}

function rowsOf(element: (k: number) => Tensor): AffineRows {
  return [element(0), element(1), element(2), element(3), element(4), element(5)];
}

/** Each of the six elements. */
export function mapRows([a, b, c, d, e, f]: AffineRows, fn: (element: Tensor) => Tensor): AffineRows {
  return [fn(a), fn(b), fn(c), fn(d), fn(e), fn(f)];
}

function plusIdentity([a, b, c, d, e, f]: AffineRows): AffineRows {
  return [a.add(1), b, c, d, e.add(1), f];
}

/** The top rows of x y, where y has the last row (0, 0, 1); that of x does not matter. */
function times(x: AffineRows, y: AffineRows): AffineRows {
  const element = (row: number, column: number): Tensor => {
    const sum = x[row]!.mul(y[column]!).add(x[row + 1]!.mul(y[column + 3]!));
    return column === 2 ? sum.add(x[row + 2]!) : sum;
  };
  return [element(0, 0), element(0, 1), element(0, 2), element(3, 0), element(3, 1), element(3, 2)];
}
