/** Matrices and values that several tests use. */
import { type Tensor, np } from "../array/index.ts";

export const double = (values: number[][]): Tensor => np.array(values, { dtype: "float64" });

/** The small matrix of which all means are known, and features of it: S = 4, d = 2, T = 3. */
export const smallRows: [number, number][] = [
  [1, 0],
  [0, 1],
  [1, 1],
  [0.5, -0.5],
];
export const smallEntries: number[][] = [
  [2, 1, 0],
  [0, 1, -1],
  [1, 3, 1],
  [1, 0, 0.5],
];
export const smallFeatures: Tensor = double(smallRows);
export const smallMatrix: Tensor = double(smallEntries);
