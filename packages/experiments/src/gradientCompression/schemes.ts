/** What workers send in `gradient-compression`: compressors with the settings that are compared. */
import { type Compressor, createCompressor } from "unspool";

/** A compressor, alone or with error feedback. */
export interface Scheme {
  name: string;
  hasFeedback: boolean;
}

interface SchemeOptions extends Record<string, unknown> {
  rateFactor?: number;
}

/**
 * By name of the compressor. Steps of one size (majority vote) need a rate of their own, and a momentum of 0.9 makes
 * steps ten times as long.
 */
const alone: Readonly<Record<string, SchemeOptions>> = {
  noCompression: {},
  topK: { fraction: 0.01 },
  scaledSign: {},
  powerSgd: { rank: 2 },
  oneBit: {},
  randomK: { fraction: 0.1 },
  aboveThreshold: { threshold: 0.02 },
  qsgd: { levels: 4 },
  ternGrad: {},
  naturalCompression: {},
  majorityVote: { rateFactor: 0.005 },
  deepGradientCompression: { fraction: 0.01, warmupStageSteps: 20, rateFactor: 0.2 },
};

/** With error feedback, for those that are biased; what is left out must not be sent larger than it is. */
const withFeedback: Readonly<Record<string, SchemeOptions>> = {
  topK: { fraction: 0.01 },
  scaledSign: {},
  powerSgd: { rank: 2 },
  oneBit: {},
  randomK: { fraction: 0.1, isScaled: false },
  aboveThreshold: { threshold: 0.004 },
};

export const schemeNames: readonly string[] = Object.keys(alone);

/** The schemes of these compressors. */
export function schemesOf(names: readonly string[]): Scheme[] {
  return names.flatMap((name) => [
    ...(name in withFeedback ? [{ name, hasFeedback: true }] : []),
    { name, hasFeedback: false },
  ]);
}

/** What a scheme sends, and its learning rate over that of the others. */
export function compressorOf({ name, hasFeedback }: Scheme): { compressor: Compressor; rateFactor: number } {
  const { rateFactor = 1, ...options } = (hasFeedback ? withFeedback : alone)[name]!;
  return { compressor: createCompressor({ name, ...options, errorFeedback: hasFeedback }), rateFactor };
}
