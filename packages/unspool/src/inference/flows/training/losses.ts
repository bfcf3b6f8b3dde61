/**
 * Losses that flows are trained by, each of a batch of points (Midgley et al., ICLR 2023, and its baselines). Weights are
 * numbers: no derivative goes through them, or through what drew the points, except in `rkl`.
 *
 *     fab      -Σ w̄ log q(x),  x, w by AIS with target p^α q^(1-α)     the α-divergence; α = 2 is the variance of p/q
 *     aisP     the same with AIS that has target p: w (p/q)^(α-1)
 *     alpha2q  -mean (p/q)^α log q(x),  x ~ q                           the same without AIS
 *     ml       -mean log q(x),  x ~ p                                   forward KL, where p can be drawn from
 *     rkl      mean (log q(x) - log p̃(x)),  x ~ q, reparameterised      reverse KL
 */
import { type Key, type Tensor, lax, nn, np } from "../../../array/index.ts";
import { type Registry, registry } from "../../../registry.ts";
import type { LogDensity } from "../ais/annealedPoints.ts";
import type { Flow } from "../flow.ts";

export type FabLossName = "fab" | "aisP" | "alpha2q" | "ml" | "rkl";

export interface FabLossContext<Params> {
  flow: Flow<Params>;
  /** What the loss is differentiated by. */
  params: Params;
  logDensity: LogDensity;
  alpha: number;
  /** Points in a batch. */
  batch: number;
  key: Key;
  /** Of losses that need them. */
  points: { x: Tensor; logW: Tensor; logQ: Tensor; logP: Tensor };
}

export interface FabLossEntry {
  readonly name: FabLossName;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** Where its points come from: AIS with the target's α or with α = 1, the flow, p itself, or drawn by the loss. */
  readonly points: "annealed" | "annealedToP" | "flow" | "target" | "own";
  create(): <Params>(context: FabLossContext<Params>) => Tensor;
}

const still = (x: Tensor): Tensor => lax.stopGradient(x) as Tensor;

/** -Σ w̄ log q with w̄ = softmax(log w); what is not finite weighs nothing. */
function weightedLikelihood<Params>(
  { flow, params, points }: Pick<FabLossContext<Params>, "flow" | "params" | "points">,
  logW: Tensor,
): Tensor {
  const known = np.where(np.isfinite(logW), logW, -Infinity) as Tensor;
  return nn.softmax(still(known)).mul(flow.logProb(params, points.x)).sum().neg();
}

// prettier-ignore
export const fabLosses: Registry<FabLossEntry> = registry("fabLosses", [
  { name: "fab", summary: "the α-divergence, by annealed importance sampling to p^α q^(1-α)", points: "annealed",
    create: () => (context) => weightedLikelihood(context, context.points.logW) },
  { name: "aisP", summary: "the same, by annealed importance sampling to p", points: "annealedToP",
    create: () => (context) => {
      const { points: { logW, logP, logQ }, alpha } = context;
      return weightedLikelihood(context, logW.add(logP.sub(logQ).mul(alpha - 1)));
    } },
  { name: "alpha2q", aliases: ["nis"], summary: "the α-divergence by points of the flow (neural importance sampling)", points: "flow",
    create: () => ({ flow, params, points: { x, logP, logQ }, alpha }) =>
      (np.exp(still(logP.sub(logQ)).mul(alpha)) as Tensor).mul(flow.logProb(params, x)).mean().neg() },
  { name: "ml", aliases: ["forwardKl"], summary: "maximum likelihood of points of p", points: "target",
    create: () => ({ flow, params, points: { x } }) => flow.logProb(params, x).mean().neg() },
  { name: "rkl", aliases: ["reverseKl"], summary: "the reverse Kullback-Leibler divergence, reparameterised", points: "own",
    create: () => ({ flow, params, logDensity, key, batch }) => {
      const { x, logProb } = flow.sampleAndLogProb(params, key, batch);
      return logProb.sub(logDensity(x)).mean();
    } },
]);
