/**
 * Random affine transformations of images, whose ranges are learned (Immer et al., NeurIPS 2022; Benton et al., NeurIPS
 * 2020):
 *
 *     T = expm(Σ_i ε_i η_i G_i),   ε_i ~ U[-1, 1)
 *
 * T maps pixels of the result to where they are in the original, in coordinates from -1 to 1; pixels are interpolated.
 */
import { type Tensor, lax, np, random } from "../array/index.ts";
import { OptionError, ShapeError, requireInteger, requireKnownOptions, requireOneOf } from "../errors.ts";
import { type Generator, type GeneratorName, affineGenerators, affineMatrices } from "./affineMatrices.ts";
import type { Augmentation } from "./augmentation.ts";
import { bilinearWarp } from "./bilinearWarp.ts";

export interface AffineAugmentOptions {
  /** S, transformed copies of each image. Default 31. */
  samples?: number;
  /** Which of the six are drawn and learned, in this order. Default "affine6": all. */
  generators?: "affine6" | readonly GeneratorName[];
  /** Between pixels. Default "bilinear". */
  mode?: "bilinear";
  /** Whether -1 and 1 are the centres of the outermost pixels. Default true. */
  alignCorners?: boolean;
  /**
   * How the range of rotations stays within pi, the whole circle: "hard" cuts it off there, "soft" takes π tanh(η), "none"
   * leaves it. Default "hard".
   */
  rotationCap?: "hard" | "soft" | "none";
  /** Whether ranges are softplus(η), which has one sign. Default false: η itself, whose sign does not matter. */
  softplus?: boolean;
}

/** η of each generator at which the transformations are those of everything: the whole circle of rotations. */
const mostRotation = Math.PI;

/** Images are [n, pixels] (square), [n, height, width] or [n, channels, height, width]. */
export function affineAugment(options: AffineAugmentOptions = {}): Augmentation {
  const where = "affineAugment";
  requireKnownOptions(where, options, [
    "samples",
    "generators",
    "mode",
    "alignCorners",
    "rotationCap",
    "softplus",
  ]);
  const { samples = 31, generators = "affine6", mode = "bilinear", alignCorners = true } = options;
  const { rotationCap = "hard", softplus = false } = options;
  requireInteger(where, "samples", samples, 1);
  requireOneOf(where, "mode", mode, ["bilinear"]);
  requireOneOf(where, "rotationCap", rotationCap, ["hard", "soft", "none"]);
  const every = Object.keys(affineGenerators) as GeneratorName[];
  const names = generators === "affine6" ? every : [...generators];
  for (const name of names) requireOneOf(where, "a generator", name, every);
  if (names.length === 0 || new Set(names).size < names.length) {
    throw new OptionError(where, "generators", names, "a list of different generators, one at least");
  }
  const matrices: Generator[] = names.map((name) => affineGenerators[name]);
  const isRotation = names.map((name) => name === "rotation");
  const isMixing = names.some((name) => name === "rotation" || name === "shear");
  return {
    name: "affineAugment",
    samples,
    parameters: names,
    draw: (key, count, dtype = "float32") =>
      random.uniform(key, [count, samples, names.length], { minval: -1, maxval: 1, dtype }),
    transform(eta, epsilon, inputs) {
      const [shape, images] = asImages(inputs, isMixing);
      const maps = affineMatrices(epsilon.mul(rangesOf(eta, isRotation, rotationCap, softplus)), matrices);
      return bilinearWarp(images, maps, { alignCorners }).reshape([shape[0]!, samples, ...shape.slice(1)]);
    },
    project(eta) {
      return rotationCap === "hard" ? clipped(eta, isRotation) : eta;
    },
    ranges: (eta) => rangesOf(eta, isRotation, rotationCap, softplus),
    pixels: (width) => (alignCorners ? (width - 1) / 2 : width / 2),
    requireInputs: (inputs) => void asImages(inputs, isMixing),
  };
}

/** |η| as it enters T. */
function rangesOf(
  eta: Tensor,
  isRotation: readonly boolean[],
  cap: "hard" | "soft" | "none",
  softplus: boolean,
): Tensor {
  if (eta.ndim !== 1 || eta.shape[0] !== isRotation.length) {
    throw new ShapeError(
      "affineAugment",
      `eta must be [${isRotation.length}], one for each generator, got ${eta.toString()}.`,
    );
  }
  const ranges = softplus ? (np.logaddexp(eta, np.zerosLike(eta)) as Tensor) : eta;
  // The cut has the derivative of what is cut: else a range beyond it would never come back.
  if (cap === "hard") return ranges.add(lax.stopGradient(clipped(ranges, isRotation).sub(ranges)) as Tensor);
  if (cap === "none") return ranges;
  return np.where(np.array([...isRotation]), np.tanh(ranges).mul(mostRotation), ranges) as Tensor;
}

function clipped(eta: Tensor, isRotation: readonly boolean[]): Tensor {
  const within = np.clip(eta, -mostRotation, mostRotation) as Tensor;
  return np.where(np.array([...isRotation]), within, eta) as Tensor;
}

/** The shape that was given, and images [n, channels, height, width]. */
function asImages(inputs: Tensor, isMixing: boolean): [readonly number[], Tensor] {
  const { shape, ndim } = inputs;
  if (!inputs.dtype.startsWith("float")) {
    throw new ShapeError(
      "affineAugment",
      `images must be floats, got ${inputs.toString()}: pixels are interpolated. Write images.astype("float32").`,
    );
  }
  if (ndim < 2 || ndim > 4) {
    throw new ShapeError(
      "affineAugment",
      `images must be [n, pixels], [n, height, width] or [n, channels, height, width], got ${inputs.toString()}.`,
    );
  }
  const side = Math.round(Math.sqrt(shape[1]!));
  if (ndim === 2 && side * side !== shape[1]) {
    throw new ShapeError(
      "affineAugment",
      `${shape[1]} pixels are no square image, got ${inputs.toString()}. Reshape it to [n, height, width].`,
    );
  }
  const [height, width] = ndim === 2 ? [side, side] : [shape.at(-2)!, shape.at(-1)!];
  if (isMixing && height !== width) {
    throw new ShapeError(
      "affineAugment",
      `rotation and shear need square images, got ${inputs.toString()}: coordinates run from -1 to 1 along both sides, and a ` +
        "rotation would stretch. Pad the images, or leave these generators out.",
    );
  }
  const channels = ndim === 4 ? shape[1]! : 1;
  return [shape, inputs.reshape([shape[0]!, channels, height, width])];
}
