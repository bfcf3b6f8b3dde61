/** Options of `fab`, with their defaults, checked. */
import { type Key, type Tensor, np, traceProgram } from "../../../array/index.ts";
import {
  OptionError,
  requireInteger,
  requireKnownOptions,
  requireOneOf,
  requirePositive,
} from "../../../errors.ts";
import { type Optimizer, adam, requireOptimizer } from "../../../optimizers/index.ts";
import { type Ais, ais } from "../ais/ais.ts";
import { type LogDensity, annealedPath } from "../ais/annealedPoints.ts";
import type { Flow, FlowParams } from "../flow.ts";
import type { GradientClip } from "./gradientStep.ts";
import { type FabLossEntry, type FabLossName, fabLosses } from "./losses.ts";

export interface FabBufferOptions {
  /** How points are drawn: by their weights ("weight", the paper's), or by age whatever they weigh. Default "weight". */
  draw?: "weight" | "age";
  /** Points that are there before the first update. Default 10 batches. */
  least?: number;
  /** Points that are kept. Default 100 batches. */
  most?: number;
  /** Updates of an outer step, each by a batch of its own. Default 4. */
  updates?: number;
  /** Largest factor by which a changed flow changes the weight of a point; Infinity: any. Default 10. */
  largestAdjustment?: number;
  /** Log q of drawn points is kept as it is after the update, not before. Default false. */
  adjustsAfter?: boolean;
  /** Of "age": draws are ∝ (1 / rank)^temperature; 0 is uniform. Default 0. */
  temperature?: number;
  /** Of "age": the share of a batch whose log w is brought down to the largest of the others. Default 0. */
  truncatedShare?: number;
}

export interface FabOptions<Params = FlowParams> {
  /** What is trained; a run's theta is its parameters. */
  flow: Flow<Params>;
  /** log p̃ [n] of points [n, d], made of `np` functions; it need not be normalised. */
  logDensity: LogDensity;
  /** Annealed importance sampling, with α. Default `ais()`: 4 levels, tuned HMC, α = 2. */
  sampler?: Ais;
  /** Chains per outer step, and points per update. Default 128. */
  batch?: number;
  /** What is minimised, see `fabLosses`. Default "fab". */
  loss?: FabLossName;
  /** Points that are used again; null: each once. Of "fab" only, where the default is `{}`. */
  buffer?: FabBufferOptions | null;
  /** Default `adam({ learningRate: 1e-3 })`. */
  optimizer?: Optimizer;
  /** Longest gradient, "adaptive" (twice the median of the last hundred), or null. Default 100. */
  gradientClip?: GradientClip;
  /** Draws points of p [count, d], which "ml" needs; made of `np` functions. */
  targetSamples?(key: Key, count: number): Tensor;
}

export type CheckedBuffer = Readonly<Required<FabBufferOptions>>;

export interface CheckedFab<Params> {
  flow: Flow<Params>;
  logDensity: LogDensity;
  sampler: Ais;
  batch: number;
  loss: FabLossEntry;
  buffer: CheckedBuffer | null;
  optimizer: Optimizer;
  gradientClip: GradientClip;
  targetSamples: FabOptions<Params>["targetSamples"] | undefined;
}

const where = "fab";

export function checkedFab<Params>(options: FabOptions<Params>): CheckedFab<Params> {
  requireKnownOptions(where, options, ["flow", "logDensity", "sampler", "batch", "loss", "buffer", "optimizer", "gradientClip", "targetSamples"]); // prettier-ignore
  const { flow, logDensity, sampler = ais(), batch = 128, gradientClip = 100, targetSamples } = options;
  const { optimizer = adam({ learningRate: 1e-3 }) } = options;
  const givenFlow: unknown = flow;
  if (typeof givenFlow !== "object" || givenFlow === null || !("sampleAndLogProb" in givenFlow))
    throw new OptionError(where, "flow", givenFlow, "a flow", "Write realNvp({ dim }).");
  if (typeof logDensity !== "function")
    throw new OptionError(where, "logDensity", logDensity, "a function of points [n, d] that gives [n]");
  const givenSampler: unknown = sampler;
  if (typeof givenSampler !== "object" || givenSampler === null || !("run" in givenSampler))
    throw new OptionError(where, "sampler", givenSampler, "a sampler", "Write ais({ levels: 4 }).");
  requireInteger(where, "batch", batch, 1);
  requireOptimizer(where, optimizer, "optimizer");
  const loss = fabLosses.entry(options.loss ?? "fab");
  if (gradientClip !== null && gradientClip !== "adaptive") {
    const hint = '"adaptive" follows the norms that were seen, null clips nothing.';
    requirePositive(where, "gradientClip", gradientClip, hint);
  }
  if (loss.points === "target" && typeof targetSamples !== "function") {
    const hint = 'Maximum likelihood needs draws of p; "fab" does not.';
    throw new OptionError(where, "targetSamples", targetSamples, "a function of a key and a count", hint);
  }
  const checked = { flow, logDensity, sampler, batch, loss, optimizer, gradientClip, targetSamples };
  return { ...checked, buffer: checkedBuffer(options.buffer, loss, batch) };
}

function checkedBuffer(
  given: FabBufferOptions | null | undefined,
  loss: FabLossEntry,
  batch: number,
): CheckedBuffer | null {
  if (given === null || (given === undefined && loss.points !== "annealed")) return null;
  if (loss.points !== "annealed") {
    const hint = 'Points in it are weighted for "fab".';
    throw new OptionError(where, "buffer", given, `null with the loss "${loss.name}"`, hint);
  }
  const of = "fab.buffer";
  const own = given ?? {};
  requireKnownOptions(of, own, ["draw", "least", "most", "updates", "largestAdjustment", "adjustsAfter", "temperature", "truncatedShare"]); // prettier-ignore
  const { draw = "weight", least = 10 * batch, most = 100 * batch, updates = 4 } = own;
  const { largestAdjustment = 10, adjustsAfter = false, temperature = 0, truncatedShare = 0 } = own;
  requireOneOf(of, "draw", draw, ["weight", "age"]);
  requireInteger(of, "updates", updates, 1);
  requireInteger(of, "least", least, 1);
  requireInteger(of, "most", most, 1);
  if (least < updates * batch) {
    const hint = "An outer step draws so many points without replacement.";
    throw new OptionError(of, "least", least, `at least updates · batch, ${updates * batch}`, hint);
  }
  if (most <= least) throw new OptionError(of, "most", most, `above least, ${least}`);
  if (!(largestAdjustment > 0))
    throw new OptionError(of, "largestAdjustment", largestAdjustment, "above 0", "Infinity clips nothing.");
  if (!(Number.isFinite(temperature) && temperature >= 0))
    throw new OptionError(of, "temperature", temperature, "a finite number of at least 0");
  if (!(truncatedShare >= 0 && truncatedShare < 1))
    throw new OptionError(of, "truncatedShare", truncatedShare, "a share from 0 to below 1");
  return { draw, least, most, updates, largestAdjustment, adjustsAfter, temperature, truncatedShare };
}

/**
 * Throws `OptionError` for a log-density that cannot be traced, or not be differentiated where the sampler follows
 * gradients. What it says of shapes is passed on.
 */
export function requireLogDensity<Params>(
  { flow, logDensity, sampler }: CheckedFab<Params>,
  dtype: "float32" | "float64",
): void {
  const points = np.zeros([2, flow.dim], { dtype });
  const { transition, alpha } = sampler.options;
  const trace = (needsGradients: boolean): void => {
    const logQ: LogDensity = (x) => x.sum(1);
    traceProgram(
      "logDensity",
      (x: Tensor) => annealedPath({ alpha, logQ, logP: logDensity, needsGradients }).at(x),
      [points],
    );
  };
  trace(false);
  if (!transition.needsGradients) return;
  try {
    trace(true);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OptionError(
      where,
      "logDensity",
      logDensity,
      `differentiable for the transition "${transition.name}"`,
      `${reason} Transitions without gradients: ais({ transition: metropolis() }).`,
    );
  }
}
