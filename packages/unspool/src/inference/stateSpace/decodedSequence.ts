/**
 * Sequences of frames with a decoder that is known, and a transition that is learned: the sequential VAE of section 5.3 of
 * Campbell, Shi, Rainforth and Doucet 2021,
 *
 *     x_0 ~ N(0, I),   x_t ~ N(x + Σ_b scale_b · block_b(x), stateSd² I),   y_t ~ N(decoder(x_t), frameSd² I)
 *
 * with blocks of two layers and ReLU in a row, each added to what came before it.
 */
import { type Key, type Tensor, nn, np, random } from "../../array/index.ts";
import { diagonalNormal } from "../../distributions/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requirePositive } from "../../errors.ts";
import { type Layer, initMlp } from "../../networks/index.ts";
import type { StateSpaceModel } from "./stateSpaceModel.ts";

export interface DecodedSequenceOptions {
  /** Numbers in a state. */
  stateSize: number;
  /** Numbers in a frame. */
  frameSize: number;
  /** Frames [n, frameSize] of states [n, stateSize]: trained before, and fixed. */
  decoder: (x: Tensor) => Tensor;
  /** Residual blocks of the transition. Default 4. */
  blocks?: number;
  /** Width of their hidden layer. Default 32. */
  hidden?: number;
  /** Standard deviation of a step of the state. Default √0.1. */
  stateSd?: number;
  /** Standard deviation of a pixel. Default √0.1. */
  frameSd?: number;
}

export interface ResidualBlock {
  layers: Layer[];
  /** []: learned, 0.1 at the start. */
  scale: Tensor;
}

/** float64. */
export type DecodedSequenceTheta = { blocks: ResidualBlock[] };

const where = "decodedSequence";

/** The model. At the start each block adds a tenth of a random function. */
export function decodedSequence(options: DecodedSequenceOptions): StateSpaceModel<DecodedSequenceTheta> {
  requireKnownOptions(where, options, [
    ...(["stateSize", "frameSize", "decoder", "blocks", "hidden", "stateSd", "frameSd"] as const),
  ]);
  const { stateSize: d, frameSize, decoder, blocks = 4, hidden = 32 } = options;
  const { stateSd = Math.sqrt(0.1), frameSd = Math.sqrt(0.1) } = options;
  for (const [name, value] of Object.entries({ stateSize: d, frameSize, blocks, hidden }))
    requireInteger(where, name, value, 1);
  requirePositive(where, "stateSd", stateSd);
  requirePositive(where, "frameSd", frameSd);
  if (typeof decoder !== "function") throw new OptionError(where, "decoder", decoder, "a function");
  const float64 = { dtype: "float64" } as const;
  const spread = (value: number, n: number): Tensor => np.full([n], value, float64);
  /** Applies to rows what is defined of matrices. */
  const byRows = (x: Tensor, width: number, run: (rows: Tensor) => Tensor): Tensor =>
    run(x.reshape([x.size / d, d])).reshape([...x.shape.slice(0, -1), width]);
  return {
    name: where,
    stateSize: d,
    observationSize: frameSize,
    init: (key: Key) => ({
      blocks: Array.from({ length: blocks }, (_, b) => ({
        layers: initMlp(random.foldIn(key, b), [d, hidden, d], float64),
        scale: np.array(0.1, float64),
      })),
    }),
    initial: () => diagonalNormal({ mean: spread(0, d), sd: spread(1, d) }),
    transition: (theta, x) =>
      diagonalNormal({
        mean: byRows(x, d, (rows) => theta.blocks.reduce(withBlock, rows)),
        sd: spread(stateSd, d),
      }),
    emission: (_theta, x) =>
      diagonalNormal({ mean: byRows(x, frameSize, decoder), sd: spread(frameSd, frameSize) }),
  };
}

function withBlock(x: Tensor, { layers, scale }: ResidualBlock): Tensor {
  const [first, second] = layers as [Layer, Layer];
  const inner = nn.relu((np.matmul(x, first.weights) as Tensor).add(first.bias));
  return x.add((np.matmul(inner, second.weights) as Tensor).add(second.bias).mul(scale));
}
