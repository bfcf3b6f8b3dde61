/** Tensors cut along all axes into blocks of at most a given length, and put together again. */
import { type Tensor, np } from "../../array/index.ts";

/** The blocks in the order of their places, the last axis fastest. One block where every axis is short enough. */
export function cut(tensor: Tensor, blockSize: number): Tensor[] {
  return tensor.shape.reduce(
    (blocks, length, axis) => {
      const starts = startsOf(length, blockSize);
      if (starts.length === 1) return blocks;
      return blocks.flatMap((block) =>
        starts.map((start) => sliceAxis(block, axis, start, Math.min(length, start + blockSize))),
      );
    },
    [tensor],
  );
}

/** What `cut` made of a tensor of this shape. */
export function join(blocks: readonly Tensor[], shape: readonly number[], blockSize: number): Tensor {
  return shape.reduceRight<readonly Tensor[]>((parts, length, axis) => {
    const count = startsOf(length, blockSize).length;
    if (count === 1) return parts;
    return Array.from({ length: parts.length / count }, (_, i) =>
      np.concatenate(parts.slice(i * count, (i + 1) * count), axis),
    );
  }, blocks)[0]!;
}

function startsOf(length: number, blockSize: number): number[] {
  return Array.from({ length: Math.max(1, Math.ceil(length / blockSize)) }, (_, i) => i * blockSize);
}

function sliceAxis(tensor: Tensor, axis: number, from: number, to: number): Tensor {
  return tensor.slice(...Array.from({ length: axis }, () => [] as []), [from, to]);
}
