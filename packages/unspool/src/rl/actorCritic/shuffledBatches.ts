/** Rows in shuffled batches of two shapes only, so that what is computed with them is compiled twice at most. */
import { type Key, type Tensor, randomStream, tensorOf } from "../../array/index.ts";

/** Numbers 0 … count - 1 in an order drawn by the key, in batches; the last one takes what is left beside its own. */
export function shuffledBatches(count: number, batch: number, key: Key): number[][] {
  const order = shuffled(count, key);
  const batches = Math.max(1, Math.floor(count / batch));
  return Array.from({ length: batches }, (_, b) =>
    order.slice(b * batch, b === batches - 1 ? count : (b + 1) * batch),
  );
}

/** Rows that a batch of so many is filled up to: those that are beyond do not count. */
export const capacityOf = (rows: number, batch: number): number => (rows <= batch ? batch : 2 * batch - 1);

/** Rows `which` of [rows · size], filled up with zeros: [capacity, size], float32. */
export function rowsOf(
  rows: ArrayLike<number>,
  size: number,
  which: readonly number[],
  capacity: number,
): Tensor {
  const data = new Float32Array(capacity * size);
  which.forEach((row, i) => {
    for (let j = 0; j < size; j++) data[i * size + j] = rows[row * size + j]!;
  });
  return tensorOf(data, [capacity, size], "float32");
}

/** Numbers of a batch, [capacity] float32; 0 beyond `count`. */
export function column(count: number, capacity: number, of: (i: number) => number): Tensor {
  const data = Float32Array.from({ length: capacity }, (_, i) => (i < count ? of(i) : 0));
  return tensorOf(data, [capacity], "float32");
}

/** 0 … count - 1 in an order drawn by the key (Fisher and Yates). */
function shuffled(count: number, key: Key): number[] {
  const stream = randomStream(key.data);
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = stream.integer(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
