/** Families of twists by name, for configs and lists. An entry takes from a common set of options those that it needs. */
import { OptionError } from "../../../errors.ts";
import { type Registry, registry } from "../../../registry.ts";
import type { StateSpaceModel } from "../../stateSpace/stateSpaceModel.ts";
import { affineGaussianTwist } from "./affineGaussianTwist.ts";
import { backwardRecurrentTwist } from "./backwardRecurrentTwist.ts";
import { type LogTwistFunction, fixedTwist } from "./fixedTwist.ts";
import { quadraticMlpTwist } from "./quadraticMlpTwist.ts";
import type { Standardise } from "./standardise.ts";
import type { Twist } from "./twist.ts";
import { windowQuadratureTwist } from "./windowQuadratureTwist.ts";

/** Names of the families. */
export type TwistName =
  "fixed" | "affineGaussian" | "quadraticMlp" | "backwardRecurrent" | "windowQuadrature";

/** What a twist may be given by whoever knows it by name only. */
export interface CommonTwistOptions<Model = unknown> {
  model: StateSpaceModel<Model>;
  /** T. */
  steps: number;
  /** Of networks: what they see brought to mean 0 and standard deviation 1. Default: not. */
  standardise?: Standardise<Model>;
  /** Of "fixed", which is this function. */
  logTwist?: LogTwistFunction<Model>;
}

/** A family in the registry. */
export interface TwistEntry {
  readonly name: TwistName;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** Whether it has parameters, which density ratios or the bound teach. */
  readonly isTrained: boolean;
  create<Model>(options: CommonTwistOptions<Model>): Twist<Model, unknown>;
}

/** The registry: `twists.create("quadraticMlp", { model, steps: 10 })`. */
// prettier-ignore
export const twists: Registry<TwistEntry> = registry("twists", [
  { name: "fixed", summary: "a function that is known", isTrained: false, create: known },
  { name: "affineGaussian", summary: "normal in the last observation, shift and variance by step", isTrained: true,
    create: ({ model, steps }) => affineGaussianTwist({ steps, stateSize: model.stateSize }) },
  { name: "quadraticMlp", summary: "quadratic in the state, coefficients by a network of data and time", isTrained: true,
    create: (options) => quadraticMlpTwist(sized(options)) },
  { name: "backwardRecurrent", summary: "a network of the state and of an LSTM from the end of the series", isTrained: true,
    create: (options) => backwardRecurrentTwist(sized(options)) },
  { name: "windowQuadrature", summary: "quadrature of the next observations; of the model alone", isTrained: false,
    create: ({ model }) => windowQuadratureTwist({ model }) },
]);

function sized<Model>({ model, steps, standardise }: CommonTwistOptions<Model>): {
  steps: number;
  stateSize: number;
  observationSize: number;
  standardise?: Standardise<Model>;
} {
  const { stateSize, observationSize } = model;
  return { steps, stateSize, observationSize, ...(standardise !== undefined && { standardise }) };
}

function known<Model>({ logTwist }: CommonTwistOptions<Model>): Twist<Model, unknown> {
  if (logTwist !== undefined) return fixedTwist(logTwist);
  throw new OptionError("twists", "logTwist", logTwist, 'given with the twist "fixed"');
}
