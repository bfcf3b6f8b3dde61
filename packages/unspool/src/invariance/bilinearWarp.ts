/**
 * Images seen through affine maps: each pixel of the result lies where the map sends it in the original, and is
 * interpolated between its four neighbours there; outside of the image everything is 0. Differentiable in the maps (the
 * image counts as a constant), piecewise: within a cell of four pixels the derivative is that of the interpolation.
 */
import { type Tensor, lax, np } from "../array/index.ts";
import { ShapeError, requireKnownOptions } from "../errors.ts";
import { type AffineRows, mapRows } from "./affineMatrices.ts";

export interface BilinearWarpOptions {
  /**
   * Whether -1 and 1 are the centres of the outermost pixels (true) or the outer edges of the image. Default true, as in
   * the paper's code.
   */
  alignCorners?: boolean;
}

/** [n, S, channels, height, width] for images [n, channels, height, width] and maps with elements [n, S]. */
export function bilinearWarp(images: Tensor, maps: AffineRows, options: BilinearWarpOptions = {}): Tensor {
  requireKnownOptions("bilinearWarp", options, ["alignCorners"]);
  const { alignCorners = true } = options;
  if (images.ndim !== 4 || maps[0].ndim !== 2 || maps[0].shape[0] !== images.shape[0]) {
    throw new ShapeError(
      "bilinearWarp",
      `images must be [n, channels, height, width] and maps [n, samples], got ${images.toString()} and ${maps[0].toString()}.`,
    );
  }
  const [n, channels, height, width] = images.shape as [number, number, number, number];
  const samples = maps[0].shape[1]!;
  const { dtype } = images;
  const [columns, rows] = [coordinates(width, alignCorners), coordinates(height, alignCorners)];
  const grid = (values: (row: number, column: number) => number): Tensor =>
    np.array(
      Array.from({ length: height * width }, (_, k) => values(Math.floor(k / width), k % width)),
      { dtype },
    );
  const [x, y] = [grid((_, column) => columns[column]!), grid((row) => rows[row]!)];
  const [a, b, c, d, e, f] = mapRows(maps, (element) => element.reshape([n, samples, 1]));
  const across = place(a.mul(x).add(b.mul(y)).add(c), width, alignCorners);
  const down = place(d.mul(x).add(e.mul(y)).add(f), height, alignCorners);
  // A frame of zeros, so that every neighbour exists.
  const [high, wide] = [height + 2, width + 2];
  const padded = np.pad(images, [
    [0, 0],
    [0, 0],
    [1, 1],
    [1, 1],
  ]) as Tensor;
  const flat = padded.reshape([-1]);
  const firstOf = np
    .arange(n * channels)
    .mul(high * wide)
    .astype("int32")
    .reshape([n, 1, channels, 1]);
  const inside = down.cell
    .mul(wide)
    .add(across.cell)
    .astype("int32")
    .reshape([n, samples, 1, height * width]);
  const index = firstOf.add(inside);
  const pixel = (offset: number): Tensor => np.take(flat, index.add(np.array(offset, { dtype: "int32" })));
  const shaped = (share: Tensor): Tensor => share.reshape([n, samples, 1, height * width]);
  const [right, below] = [shaped(across.share), shaped(down.share)];
  const between = (from: Tensor, to: Tensor, share: Tensor): Tensor => from.add(to.sub(from).mul(share));
  const result = between(
    between(pixel(0), pixel(1), right),
    between(pixel(wide), pixel(wide + 1), right),
    below,
  );
  return result.reshape([n, samples, channels, height, width]);
}

/** Where the centres of pixels lie in -1 to 1. */
function coordinates(size: number, alignCorners: boolean): number[] {
  return Array.from({ length: size }, (_, i) => {
    if (!alignCorners) return (2 * i + 1) / size - 1;
    return size === 1 ? 0 : (2 * i) / (size - 1) - 1;
  });
}

/** The pixel before each coordinate, in the framed image, and how far it is to the next, 0 to 1. */
function place(x: Tensor, size: number, alignCorners: boolean): { cell: Tensor; share: Tensor } {
  const pixel = alignCorners
    ? x.add(1).mul((size - 1) / 2)
    : x
        .add(1)
        .mul(size / 2)
        .sub(0.5);
  // One pixel outside of the image everything is 0, and further out as well.
  const framed = np.clip(pixel.add(1), 0, size + 1) as Tensor;
  const cell = lax.stopGradient(np.minimum(np.floor(framed), size)) as Tensor;
  return { cell, share: framed.sub(cell) };
}
