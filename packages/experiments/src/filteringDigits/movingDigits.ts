/**
 * An MNIST digit that drifts over a torus: frame t is the digit moved by a hidden walk, whose steps have a mean. Moves of parts
 * of a pixel are by bilinear weights; frames are pooled.
 */
import { type Key, type Tensor, np, random } from "unspool";
import { mnistPixels } from "../shared/data/mnist.ts";

const side = 28;

export interface MovingDigitsOptions {
  /** Which training image. */
  digit: number;
  frames: number;
  /** Mean move per frame, in pixels. */
  drift: readonly [number, number];
  /** Standard deviation of a move, in pixels. */
  spread: number;
  /** Blocks of so many by so many pixels are averaged. */
  pool: number;
}

export interface MovingDigits {
  /** float64 [frames, (28 / pool)²], grey levels from 0 to 1. */
  frames: Tensor;
  /** Where the digit is, [row, column] of each frame. */
  places: [number, number][];
}

/** Frames in the order of the walk. */
export function movingDigits(key: Key, options: MovingDigitsOptions): MovingDigits {
  const { digit, frames: count, drift, spread, pool } = options;
  const image = mnistPixels(digit + 1).data.slice(digit * side ** 2, (digit + 1) * side ** 2);
  const moves = random.normal(random.foldIn(key, "moves"), [count, 2]).data;
  const start = random.uniform(random.foldIn(key, "start"), [2]).data;
  const places: [number, number][] = [];
  let [row, column] = [Number(start[0]) * side, Number(start[1]) * side];
  for (let t = 0; t < count; t++) {
    places.push([row, column]);
    row = around(row + drift[0] + spread * Number(moves[2 * t]!));
    column = around(column + drift[1] + spread * Number(moves[2 * t + 1]!));
  }
  return { frames: framesAt(image, places, pool), places };
}

/** The digit at places drawn evenly over the torus: what an autoencoder is trained on, no frame knowing of another. */
export function scatteredDigits(
  key: Key,
  count: number,
  { digit, pool }: Pick<MovingDigitsOptions, "digit" | "pool">,
): Tensor {
  const image = mnistPixels(digit + 1).data.slice(digit * side ** 2, (digit + 1) * side ** 2);
  const drawn = random.uniform(key, [count, 2]).data;
  const places = Array.from({ length: count }, (_, i): [number, number] => [
    Number(drawn[2 * i]!) * side,
    Number(drawn[2 * i + 1]!) * side,
  ]);
  return framesAt(image, places, pool);
}

const around = (x: number): number => ((x % side) + side) % side;

function framesAt(image: ArrayLike<number>, places: readonly [number, number][], pool: number): Tensor {
  const width = side / pool;
  const data = new Float64Array(places.length * width ** 2);
  places.forEach(([row, column], frame) => {
    const moved = movedImage(image, row, column);
    for (let i = 0; i < side; i++) {
      for (let j = 0; j < side; j++) {
        const at = frame * width ** 2 + Math.floor(i / pool) * width + Math.floor(j / pool);
        data[at]! += moved[i * side + j]! / pool ** 2;
      }
    }
  });
  return np.array(data, { shape: [places.length, width ** 2] });
}

/** The image moved by (row, column) around the torus, parts of pixels by bilinear weights. */
function movedImage(image: ArrayLike<number>, row: number, column: number): Float64Array {
  const moved = new Float64Array(side ** 2);
  const [i0, j0] = [Math.floor(row), Math.floor(column)];
  const [a, b] = [row - i0, column - j0];
  for (let i = 0; i < side; i++) {
    for (let j = 0; j < side; j++) {
      const value = image[i * side + j]!;
      if (value === 0) continue;
      for (const [di, dj, weight] of [
        [0, 0, (1 - a) * (1 - b)],
        [0, 1, (1 - a) * b],
        [1, 0, a * (1 - b)],
        [1, 1, a * b],
      ] as const) {
        moved[around(i + i0 + di) * side + around(j + j0 + dj)]! += weight * value;
      }
    }
  }
  return moved;
}
