/** A small variational autoencoder of single frames, trained on digits at scattered places: no frame knows of another. */
import {
  type Experiment,
  type Key,
  type Layer,
  type Tensor,
  adam,
  applyMlp,
  defineExperiment,
  firstOrder,
  initMlp,
  nn,
  np,
  objectiveDescent,
  random,
} from "unspool";
import { z } from "zod";
import { scatteredDigits } from "./movingDigits.ts";

/** Encoder and decoder, float64. */
export type FrameCode = { encoder: Layer[]; decoder: Layer[] };

const config = z.strictObject({
  digit: z.int().min(0).max(59_999).default(7).describe("which training image"),
  pool: z.int().min(1).default(2).describe("pixels averaged, by side"),
  stateSize: z.int().min(2).default(4).describe("numbers in a state"),
  hidden: z.int().min(4).default(64),
  frameSd: z.number().positive().default(0.1).describe("standard deviation of a pixel"),
  frames: z.int().min(10).default(2000),
  batch: z.int().min(1).default(64),
  steps: z.int().min(1).default(3000),
  learningRate: z.number().positive().default(0.003),
});

type Config = z.infer<typeof config>;

export const frameCoding: Experiment<unknown, FrameCode> = defineExperiment<Config, FrameCode>({
  name: "filtering-digits-code",
  summary: "an autoencoder of frames that know nothing of one another",
  config,
  setup(settings, key) {
    const { stateSize: d, hidden, frameSd, batch, steps } = settings;
    const frames = scatteredDigits(random.foldIn(key, "frames"), settings.frames, settings);
    const size = frames.shape[1]!;
    const make = (name: string, sizes: number[]): Layer[] =>
      initMlp(random.foldIn(key, name), sizes, { dtype: "float64" });
    return {
      theta: { encoder: make("encoder", [size, hidden, 2 * d]), decoder: make("decoder", [d, hidden, size]) },
      method: objectiveDescent({
        optimizer: firstOrder(adam({ learningRate: settings.learningRate })),
        data: (own: Key) => ({
          seen: rowsAt(frames, random.randint(random.foldIn(own, "batch"), [batch], 0, settings.frames)),
          noise: random.normal(random.foldIn(own, "noise"), [batch, d], { dtype: "float64" }),
        }),
        objective: ({ seen, noise }) => ({
          loss: (theta: FrameCode): Tensor => codeLoss(theta, seen, noise, frameSd),
        }),
      }),
      steps,
      evaluate(theta) {
        const error = decoded(theta, encoded(theta, frames, d).mean).sub(frames);
        return { metrics: { rmse: Math.sqrt(error.mul(error).mean().item()) } };
      },
    };
  },
}) as Experiment<unknown, FrameCode>;

/** Frames [n, size] of states [n, d]. */
export function decoded({ decoder }: Pick<FrameCode, "decoder">, x: Tensor): Tensor {
  return nn.sigmoid(applyMlp(decoder, x));
}

function encoded({ encoder }: FrameCode, frames: Tensor, d: number): { mean: Tensor; logSd: Tensor } {
  const both = applyMlp(encoder, frames);
  return { mean: both.slice([], [0, d]), logSd: both.slice([], [d, 2 * d]) };
}

const rowsAt = (x: Tensor, rows: Tensor): Tensor => np.take(x, rows, 0) as Tensor;

/** Minus the bound of log p(frame), mean over the batch, without constants of the pixels. */
function codeLoss(theta: FrameCode, frames: Tensor, noise: Tensor, frameSd: number): Tensor {
  const { mean, logSd } = encoded(theta, frames, noise.shape[1]!);
  const error = decoded(theta, mean.add(noise.mul(np.exp(logSd)))).sub(frames);
  const squares = error
    .mul(error)
    .sum(1)
    .div(2 * frameSd ** 2);
  const kl = np.exp(logSd.mul(2)).add(mean.mul(mean)).sub(logSd.mul(2)).sub(1).sum(1).mul(0.5);
  return squares.add(kl).mean();
}
