/** Data that contestants in JavaScript share, made from a seed. Torch draws its own of the same shapes. */

/** A matrix of influence balancing, row by row: 1/2 on the diagonal and above it, `rest` elsewhere. */
export function influenceMatrix(rest: number): Float32Array {
  return Float32Array.from({ length: 23 * 23 }, (_, i) => {
    const [row, column] = [Math.floor(i / 23), i % 23];
    return column === row || column === row + 1 ? 0.5 : rest;
  });
}

/** Where theta drives the state upward (+1) and downward (-1). */
export const influenceSigns: Float32Array = Float32Array.from({ length: 23 }, (_, i) => (i < 10 ? 1 : -1));

/** Uniform in (0, 1): mulberry32. */
export function uniforms(count: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return (((word ^ (word >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  });
}

/** N(0, scale²) by Box and Muller. */
export function normals(count: number, seed: number, scale = 1): Float32Array {
  const u = uniforms(2 * count, seed);
  return Float32Array.from(
    { length: count },
    (_, i) => scale * Math.sqrt(-2 * Math.log(u[2 * i]!)) * Math.cos(2 * Math.PI * u[2 * i + 1]!),
  );
}

export interface Batches {
  /** [32 batches, 32 rows, features], N(0, 1). */
  inputs: Float32Array;
  /** [32 batches, 32 rows]: classes 0 to 9. */
  labels: Int32Array;
}

export const batchCount = 32;
export const batchSize = 32;
export const classes = 10;

export function batches(features: number): Batches {
  const rows = batchCount * batchSize;
  return {
    inputs: normals(rows * features, 1),
    labels: Int32Array.from(uniforms(rows, 2), (u) => Math.floor(u * classes)),
  };
}

export function oneHot(labels: Int32Array): Float32Array {
  const rows = new Float32Array(labels.length * classes);
  labels.forEach((label, i) => (rows[i * classes + label] = 1));
  return rows;
}

/** Symbols 0 to 7, a blank and a mark: [steps, batch] in and wanted. The second half repeats the first. */
export function copyTask(steps: number): { symbols: Int32Array; wanted: Int32Array } {
  const half = steps / 2;
  const [blank, mark] = [8, 9];
  const drawn = Int32Array.from(uniforms(half * batchSize, 3), (u) => Math.floor(u * 8));
  const [symbols, wanted] = [new Int32Array(steps * batchSize), new Int32Array(steps * batchSize)];
  for (let t = 0; t < steps; t++) {
    for (let row = 0; row < batchSize; row++) {
      const at = t * batchSize + row;
      symbols[at] = t < half ? drawn[at]! : t === half ? mark : blank;
      wanted[at] = t < half ? blank : drawn[at - half * batchSize]!;
    }
  }
  return { symbols, wanted };
}

/** Momentum coefficients of the learned optimizer. */
export const betas: readonly number[] = [0.1, 0.5, 0.9, 0.99, 0.999, 0.9999];

/** Time scales of the learned optimizer: its features tanh(t / scale - 1). */
export const timeScales: readonly number[] = [1, 3, 10, 30, 100, 300, 1e3, 3e3, 1e4, 3e4, 1e5];
