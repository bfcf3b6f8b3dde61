/** Nine modes on a grid (`gmm_v1` of fab-jax): means {-5, 0, 5}², variance 0.3. */
import type { DensityTarget } from "./densityTarget.ts";
import { gaussianMixture } from "./gaussianMixture.ts";

const line = [-5, 0, 5];

/** Nine normals in the plane, far from each other. */
export function gmm9(): DensityTarget {
  return gaussianMixture({
    name: "gmm9",
    means: line.flatMap((x) => line.map((y) => [x, y])),
    sd: Math.sqrt(0.3),
    // By quadrature: -log 9 - 1 - log(2 pi 0.3), and 2e-5 of overlap.
    meanLogProb: -3.831108867364634,
  });
}
