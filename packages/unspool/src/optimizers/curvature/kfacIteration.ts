/** One step of K-FAC (Martens and Grosse 2015, Algorithm 2), put together from statistics, inverses and proposals. */
import { type Key, type Tensor, np, random, tree } from "../../array/index.ts";
import { belowRounding } from "../objective/belowRounding.ts";
import { advance, counter, mapFloats, root } from "../leaves.ts";
import type { NetworkView, Objective, StepOptions, StepOutcome } from "../objective/objective.ts";
import { countOf, withFrozen } from "./frozenLayers.ts";
import { type GradientRows, buildInverses, conditionsOf, frozenBlocks } from "./kfacInverses.ts";
import { type KfacRule, usesGamma } from "./kfacOptions.ts";
import { type Due, dueAt, when } from "./kfacPhase.ts";
import type { KfacState } from "./kfacState.ts";
import { drawSamples, keeping, partOf, withDiagonals, withSamples, withScales } from "./kfacStatistics.ts";
import { type Point, type Proposal, better, propose, ratioOf, scalarAt, withPenalty } from "./kfacStep.ts";
import { adaptedDamping, keptChange, raisedDamping } from "./kfacStep.ts";
import { type LayerTaps, layerTaps, networkOf } from "./layerTaps.ts";
import { largestOf } from "./precision.ts";

/** The step: theta and state after it, and what happened as `metrics`. */
export function iterate<Theta>(
  rule: KfacRule,
  theta: Theta,
  given: KfacState,
  objective: Objective<Theta>,
  { key, phase, fisher }: StepOptions<Theta>,
): StepOutcome<Theta, KfacState> {
  const network = networkOf("kfac", objective);
  const taps = layerTaps(network, theta);
  const due = dueAt(rule, given.step, phase);
  const statisticsKey = random.foldIn(key, "statistics");
  const source = fisher
    ? networkOf("kfac", fisher)
    : partOf(network, theta, statisticsKey, rule.statisticsPart);
  const start = {
    ...given,
    damping: rule.adaptDamping ? given.damping : scalarAt(rule.damping, given.step, given.damping),
  };
  const sourceTaps = source === network ? taps : layerTaps(source, theta);
  const state = observed(rule, theta, start, source, sourceTaps, key, due.refresh);
  const point: Point<Theta> = {
    theta,
    registration: taps.registration,
    modelNetwork: partOf(network, theta, random.foldIn(key, "model"), rule.modelPart),
    loss: withPenalty(rule, taps.loss, theta),
    gradient:
      rule.l2 === 0
        ? taps.gradient
        : mapFloats((slope, x) => slope.add(x!.mul(rule.l2)), taps.gradient, theta),
    ...(rule.lowRank && { rows: rowsOf(taps) }),
  };
  const first = propose(rule, point, state, due.adaptGamma !== false || due.adaptDamping !== false);
  const best = when(due.adaptGamma, () => bestGamma(rule, point, state, first), first);
  const { metrics, ...next } = moved(rule, point, state, objective, best, due);
  return { ...next, loss: taps.loss, metrics: { ...metrics, alpha: best.alpha, mu: best.mu } };
}

/** State with the statistics of one more batch, and inverses made of them where they are due. */
export function observed<Theta>(
  rule: KfacRule,
  theta: Theta,
  state: KfacState,
  network: NetworkView<Theta>,
  taps: LayerTaps<Theta>,
  key: Key,
  isDue: Due["refresh"],
): KfacState {
  const { blocks } = taps.registration;
  const samples = drawSamples(rule.fisher, network, taps, random.foldIn(key, "targets"));
  const counted = withSamples(rule, blocks, state, samples);
  const seen = withDiagonals(rule, network, theta, counted, random.foldIn(key, "signs"));
  const follows = usesGamma(rule) && rule.gamma === null && !rule.adaptGamma;
  const refresh = (): KfacState => {
    const gamma = follows ? gammaOf(rule, seen.damping) : seen.gamma;
    const inverses = buildInverses(rule, blocks, seen.factors, gamma);
    return { ...seen, gamma, inverses, scaleStatistics: counter() };
  };
  const fresh = when(isDue, refresh, seen);
  return rule.eigenbasis === "ekfac" ? withScales(rule, blocks, fresh, samples) : fresh;
}

function rowsOf<Theta>({ inputs, errors, outputs }: LayerTaps<Theta>): GradientRows[] {
  return inputs.map((own, i) => ({ inputs: own, errors: errors[i]!, batch: outputs.shape[0]! }));
}

/** √(λ + l2). */
export function gammaOf(rule: KfacRule, damping: Tensor): Tensor {
  return root(damping.add(rule.l2));
}

/** The best of the proposals for γ, ω₂ γ and γ / ω₂. */
function bestGamma<Theta>(rule: KfacRule, point: Point<Theta>, state: KfacState, first: Proposal): Proposal {
  const factor = Math.sqrt(rule.dampingDecay) ** rule.gammaInterval;
  const candidates = [factor, 1 / factor].map((by) => {
    const gamma = state.gamma.mul(by);
    const inverses = buildInverses(rule, point.registration.blocks, state.factors, gamma);
    return propose(rule, point, { ...state, gamma, inverses }, true);
  });
  return candidates.reduce(better, first);
}

/** Theta and state after the proposal, with λ adapted and a step undone where that is asked for. */
function moved<Theta>(
  rule: KfacRule,
  point: Point<Theta>,
  state: KfacState,
  objective: Objective<Theta>,
  best: Proposal,
  due: Due,
): Omit<StepOutcome<Theta, KfacState>, "loss"> {
  const { theta, loss } = point;
  const { inverses, gamma, change } = best;
  const { blocks } = point.registration;
  const frozen = frozenBlocks(blocks, inverses);
  const conditions = conditionsOf(rule, blocks, { ...state, inverses }, state.damping.add(rule.l2));
  let next = withFrozen(
    theta,
    mapFloats((x, d) => x.add(d!), theta, change),
    blocks,
    frozen,
  );
  let { damping } = state;
  let previous = change as KfacState["previous"];
  const metrics: Record<string, Tensor> = {};
  if (best.predicted !== undefined) metrics["predicted"] = best.predicted;
  if (due.adaptDamping !== false || rule.stepRejection) {
    const after = withPenalty(rule, objective.loss(next), next);
    if (due.adaptDamping !== false) {
      const ratio = ratioOf(best, loss, after);
      const predicted = best.predicted!;
      metrics["ratio"] = ratio;
      // At rest both are rounding errors of the loss, of which there is nothing to learn.
      const isAtRest = belowRounding(loss, after.sub(loss), predicted);
      const adapted = () => np.where(isAtRest, damping, adaptedDamping(rule, damping, predicted, ratio));
      damping = when(due.adaptDamping, adapted, damping);
      previous = when(due.adaptDamping, () => keptChange(predicted.less(0), change), previous);
    }
    if (rule.stepRejection) {
      const isFine = after.lessEqual(loss);
      next = tree.select(isFine, next, theta);
      previous = keptChange(isFine, previous);
      damping = np.where(isFine, damping, raisedDamping(rule, state.damping));
    }
  }
  const step = advance(state.step);
  const mix = rule.polyak === null ? undefined : keeping(rule.polyak, step);
  return {
    theta: next,
    // Those of this step: the damping in the state is that of the next.
    metrics: {
      ...metrics,
      damping: state.damping,
      gamma,
      conditionNumber: largestOf(conditions, tree.floatType(inverses)),
      frozenLayers: countOf(frozen),
    },
    state: {
      ...state,
      step,
      damping,
      gamma,
      inverses,
      previous,
      ...(mix && { average: mapFloats((a, x) => mix(a, x!), state.average!, next) }),
    },
  };
}
