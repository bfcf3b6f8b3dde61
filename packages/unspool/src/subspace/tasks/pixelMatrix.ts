/**
 * The matrix of pixels by images, each pixel less its mean over the images: its principal subspace is that of PCA. Entries
 * are looked up in the images as they are; the centred matrix is never made.
 */
import { type Tensor, np } from "../../array/index.ts";
import { ShapeError } from "../../errors.ts";
import { type PrincipalDirections, directionsOfProducts } from "../diagnostics/principalDirections.ts";
import { type SampledMatrix, defineMatrix } from "../sampledMatrix.ts";

export interface PixelMatrix {
  matrix: SampledMatrix;
  /** Mean image, float32 [pixels]. */
  mean: Tensor;
  /** Whole columns [n, pixels], one image a row, by numbers [n]: what streaming baselines are given. */
  columns(images: Tensor): Tensor;
  /** The top d directions of all images, exactly. Cost: nonzero pixels squared for each image. */
  directions(dimensions: number): PrincipalDirections;
}

/**
 * Pixels by images, of images [n, pixels] (float32) with values from 0 to 1, say. Compiled programs keep images of up to
 * 256 grey levels as a byte per pixel.
 */
export function pixelMatrix(images: Tensor): PixelMatrix {
  if (images.ndim !== 2 || images.dtype !== "float32" || images.size === 0)
    throw new ShapeError("pixelMatrix", `needs images float32 [n, pixels], got ${images.toString()}.`);
  const [count, pixels] = images.shape as [number, number];
  const { data } = images;
  const sums = new Float64Array(pixels);
  for (let i = 0, at = 0; i < count; i++)
    for (let pixel = 0; pixel < pixels; pixel++, at++) sums[pixel]! += data[at]!;
  const exactMean = sums.map((sum) => sum / count);
  const mean = np.array(Float32Array.from(exactMean));
  const flat = images.flatten();
  const matrix = defineMatrix({
    ...{ name: "pixelMatrix", rows: pixels, columns: count },
    entries: (rows, column) =>
      (np.take(flat, column.mul(pixels).add(rows), 0) as Tensor).sub(np.take(mean, rows, 0) as Tensor),
  });
  return {
    matrix,
    mean,
    columns: (numbers) => (np.take(images, numbers, 0) as Tensor).sub(mean),
    directions: (dimensions) => directionsOfProducts(centredProducts(images, exactMean), dimensions),
  };
}

/** Σ (x - m)(x - m)ᵀ = Σ x xᵀ - n m mᵀ over images, of which only pixels that are not 0 are multiplied. */
function centredProducts({ shape, data }: Tensor, mean: Float64Array): Float64Array {
  const [count, pixels] = shape as [number, number];
  const products = new Float64Array(pixels * pixels);
  const lit = new Int32Array(pixels);
  for (let image = 0; image < count; image++) {
    let found = 0;
    const origin = image * pixels;
    for (let pixel = 0; pixel < pixels; pixel++) if (data[origin + pixel] !== 0) lit[found++] = pixel;
    for (let a = 0; a < found; a++) {
      const [value, line] = [data[origin + lit[a]!]!, lit[a]! * pixels];
      for (let b = 0; b <= a; b++) products[line + lit[b]!]! += value * data[origin + lit[b]!]!;
    }
  }
  for (let i = 0; i < pixels; i++) {
    for (let j = 0; j <= i; j++) {
      const centred = products[i * pixels + j]! - count * mean[i]! * mean[j]!;
      products[i * pixels + j] = products[j * pixels + i] = centred;
    }
  }
  return products;
}
