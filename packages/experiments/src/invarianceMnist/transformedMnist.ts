/**
 * MNIST under random transformations: rotated within 90 or 180 degrees to either side, moved by up to 8 pixels, scaled by half to
 * twice; or as it is. The evidence should find what was done (Immer et al., NeurIPS 2022, section 5).
 */
import {
  type Key,
  OptionError,
  type Tensor,
  affineGenerators,
  affineMatrices,
  bilinearWarp,
  np,
  random,
} from "unspool";
import { mnistPart, pixelMean, pixelStd } from "../shared/data/mnist.ts";

export const mnistKinds = ["plain", "r90", "r180", "translated", "scaled"] as const;
export type MnistKind = (typeof mnistKinds)[number];

/** Ranges in the parameters of `affineAugment`, all six: what a perfect answer would be. */
export const trueRanges: Readonly<Record<MnistKind, readonly number[]>> = {
  plain: [0, 0, 0, 0, 0, 0],
  r90: [0, 0, Math.PI / 2, 0, 0, 0],
  r180: [0, 0, Math.PI, 0, 0, 0],
  translated: [8 / 14, 8 / 14, 0, 0, 0, 0],
  scaled: [0, 0, 0, Math.LN2, Math.LN2, 0],
};

export interface TransformedData {
  /** [n, pixels], from 0 to 1. */
  inputs: Tensor;
  /** int32 [n]. */
  targets: Tensor;
}

export interface TransformedMnistOptions {
  kind: MnistKind;
  split: "train" | "test";
  /** Images `from` to `from + n - 1`. */
  from?: number;
  n: number;
  /** Of the transformations. */
  key: Key;
  /** Blocks of so many pixels are averaged after the transformation: 1, 2 or 4. Default 1. */
  pool?: number;
}

/**
 * Each image is transformed once, at its full size of 28 by 28, as bytes: rotations with corners at the edges of the image,
 * the others with corners in the outermost pixels, as in the authors' code.
 */
export function transformedMnist({
  kind,
  split,
  from = 0,
  n,
  key,
  pool = 1,
}: TransformedMnistOptions): TransformedData {
  if (![1, 2, 4].includes(pool)) throw new OptionError("transformedMnist", "pool", pool, "1, 2 or 4");
  const { inputs, labels } = mnistPart(split, [from, from + n], 1);
  const bytes = np.array(
    Float32Array.from(inputs.data, (x) => Math.round((x * pixelStd + pixelMean) * 255)),
    { shape: [n, 1, 28, 28] },
  );
  const moved = kind === "plain" ? bytes : warped(kind, bytes, key);
  // Truncated to a byte; a little more, so that what is whole but for rounding stays.
  const images = np
    .floor(moved.add(1e-3))
    .div(255)
    .reshape([n, 28 / pool, pool, 28 / pool, pool]);
  return { inputs: images.mean([2, 4]).reshape([n, (28 / pool) ** 2]), targets: labels };
}

function warped(kind: Exclude<MnistKind, "plain">, images: Tensor, key: Key): Tensor {
  const n = images.shape[0]!;
  const isJoint = kind === "scaled";
  const drawn = random.uniform(key, [n, isJoint ? 1 : 6], { minval: -1, maxval: 1 });
  const coefficients = drawn.mul(np.array([...trueRanges[kind]]));
  const maps = affineMatrices(coefficients.reshape([n, 1, 6]), Object.values(affineGenerators));
  return bilinearWarp(images, maps, { alignCorners: kind !== "r90" && kind !== "r180" });
}
