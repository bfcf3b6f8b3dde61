/** From a window of antithetic pairs to an estimate: checks, the mean loss, the gradient in the dtypes of theta. */
import { type Tensor, tree } from "../../array/index.ts";
import { type Clock, settle } from "../../unroll/index.ts";
import type { EstimateMetrics, PairInfo } from "../estimator.ts";
import type { EsSettings } from "./esOptions.ts";
import { type PairMean, type PairProgram, lossSummary, requireFiniteLosses } from "./pairLosses.ts";
import type { EsShared } from "./pairMembers.ts";

/** The result of one window as an estimate: checks, mean loss over finite pairs, gradient in theta's dtype. */
export function esEstimate<Shared extends EsShared, Unit extends { clock: Clock }, Kept>(
  settings: EsSettings,
  program: PairProgram<Shared, Unit, Kept>,
  shared: Shared,
  units: Unit,
): { units: Unit; loss: number; gradient: unknown; metrics: EstimateMetrics; info?: PairInfo<unknown> } {
  const result = settings.executor.forward(program, shared, units);
  if (settings.nanPolicy === "error")
    requireFiniteLosses(settings, program, shared, units, result.each.losses);
  const { isDividedByStd, sigma, keepsPairs } = settings;
  const { losses, gradient: ofPairs } = result.each;
  const scale = isDividedByStd ? 2 * sigma * inverseStd(losses) : 1;
  const scaled = (sum: unknown): unknown => (isDividedByStd ? tree.scale(sum, scale) : sum);
  const mean = { ...result.mean, gradient: scaled(result.mean.gradient) };
  const { loss, gradient, metrics } = esSummary(settings, mean, shared.theta);
  return {
    units: { ...result.units, clock: settle(settings.plan, result.units.clock) },
    loss: loss.item(),
    gradient,
    metrics: {
      innerSteps: 2 * settings.pairs * settings.plan.truncation,
      ...Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value.item()])),
    },
    ...(keepsPairs && { info: { losses, gradients: scaled(ofPairs) } }),
  };
}

/**
 * 1 / the standard deviation of the finite losses of all particles, [pairs, 2]; 0 where they are all equal. Their mean
 * is taken off before they are squared, and sums go in the order of the particles: a constant that is added to every
 * loss changes nothing, and neither does the number of threads.
 */
function inverseStd({ data }: Tensor): number {
  const finite = data.filter((loss) => Number.isFinite(loss)) as Float64Array;
  const meanOf = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0) / values.length;
  // Twice: the mean of large losses is rounded, that of what is left is not.
  const about = meanOf(finite);
  const rough = finite.map((loss) => loss - about);
  const offset = meanOf(rough);
  const variance = meanOf(rough.map((x) => (x - offset) ** 2));
  return variance > 0 ? 1 / Math.sqrt(variance) : 0;
}

/** Loss, gradient in theta's dtype, and metrics of a window (traced or concrete). */
export function esSummary(
  settings: EsSettings,
  mean: PairMean,
  theta: unknown,
): { loss: Tensor; gradient: unknown; metrics: Record<string, Tensor> } {
  const { loss, lossDifferenceStd, nonFinite } = lossSummary(mean.statistics, settings.pairs);
  return {
    loss,
    gradient: tree.map((g: Tensor, leaf: Tensor) => g.astype(leaf.dtype), mean.gradient, theta),
    metrics: { lossDifferenceStd, ...(settings.nanPolicy === "zero" ? { nonFinite } : {}) },
  };
}
