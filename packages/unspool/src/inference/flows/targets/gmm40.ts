/** The forty modes of FAB's first experiment (fab-torch, seed 0): means uniform in [-40, 40]², sd softplus(1). */
import type { DensityTarget } from "./densityTarget.ts";
import { gaussianMixture } from "./gaussianMixture.ts";

// prettier-ignore
const means: readonly (readonly [number, number])[] = [
  [-0.2995, 21.4577], [-32.9218, -29.4376], [-15.4062, 10.7263], [-0.7925, 31.7156], [-3.5498, 10.5845],
  [-12.0885, -7.8626], [-38.2139, -26.4913], [-16.4889, 1.4817], [15.8134, 24.0009], [-27.1176, -17.4185],
  [14.5287, 33.2155], [-8.2320, 29.9325], [-6.4473, 4.2326], [36.2190, -37.1068], [-25.1815, -10.1266],
  [-15.5920, 34.5600], [-25.9272, -18.4133], [-27.9456, -37.4624], [-23.3496, 34.3839], [17.8487, 19.3869],
  [2.1037, -20.5073], [6.7674, -37.3478], [-28.9026, -20.6212], [25.2375, 23.4529], [-17.7398, -1.4433],
  [25.5824, 39.7653], [15.8753, 5.4037], [26.8195, -23.5521], [7.4538, -31.0122], [-27.7234, -20.6633],
  [18.0989, 16.0864], [-23.6941, 12.0843], [21.9589, -5.0487], [1.5273, 9.2682], [24.8151, 38.4078],
  [-30.8249, -14.6588], [15.7204, 33.1420], [34.8083, 35.2943], [7.9606, -34.7833], [3.6797, -25.0242],
];

/** Forty normals in the plane, some of them on top of each other. */
export function gmm40(): DensityTarget {
  return gaussianMixture({ name: "gmm40", means, sd: 1.31326162815094, meanLogProb: -6.8594687 });
}

const shift = [3.0819921, -0.5868578] as const;
const matrix = [
  [0.6148456, 1.2681574],
  [0.9801868, 1.7928895],
] as const;
const slope = [0.455628, 0.6323063] as const;

/** The authors' test function (x + s)ᵀ A (x + s) + bᵀ (x + s); its mean over `gmm40` is 1777.886. */
export function gmm40Quadratic([x = 0, y = 0]: readonly number[]): number {
  const v = [x + shift[0], y + shift[1]] as const;
  const quadratic = v.reduce(
    (sum, a, i) => sum + a * (matrix[i as 0 | 1][0] * v[0] + matrix[i as 0 | 1][1] * v[1]),
    0,
  );
  return quadratic + slope[0] * v[0] + slope[1] * v[1];
}
