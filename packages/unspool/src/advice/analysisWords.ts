/** What an analysis of an optimizer found, in sentences. */
import type { OptimizerAnalysis } from "./analyseOptimizer.ts";

/** One paragraph per mechanism. */
export function analysisWords(analysis: OptimizerAnalysis): string[] {
  return [
    restWords(analysis),
    momentumWords(analysis),
    clippingWords(analysis),
    scheduleWords(analysis),
    adaptationWords(analysis),
  ];
}

const short = (value: number): string => (value === 0 ? "0" : String(Number(value.toPrecision(3))));
const percent = (share: number): string => `${Math.round(100 * share)} %`;

function restWords({ rest, linear, components }: OptimizerAnalysis): string {
  const { points, distinct } = rest;
  const fixed = points.filter(({ isFixed }) => isFixed).length;
  const stable = distinct.filter(({ isStable }) => isStable);
  const searches = `(${fixed} of ${points.length} searches)`;
  const counted = (n: number, what: string): string =>
    n === 1 ? `one ${what} fixed point` : `${n} ${what} fixed points`;
  const saddles = counted(distinct.length - stable.length, "unstable");
  const found =
    distinct.length === 0
      ? `no fixed point was found; the slowest point is left at a speed of ${short(Math.min(...points.map(({ speed }) => speed)))}`
      : stable.length === 0
        ? `only ${saddles} ${distinct.length === 1 ? "was" : "were"} found ${searches}: the state does not come to rest there. At the slowest of them`
        : `the state comes to rest: ${counted(stable.length, "stable")}${stable.length < distinct.length ? ` beside ${saddles}` : ""} ${searches}, where`;
  const [two] = [components.explained[Math.min(1, components.explained.length - 1)]!];
  const there = distinct.length === 0 ? ", where" : "";
  return `Without a gradient ${found}${there} the parameter drifts by ${short(linear.change)} per step. Two principal components hold ${percent(two)} of the variance of the states.`;
}

function momentumWords({ modes, nearest, optimum, linear }: OptimizerAnalysis): string {
  const slowest = modes.modes[0]!;
  const radius = Math.hypot(slowest.eigenvalue.re, slowest.eigenvalue.im);
  const memory =
    radius < 1
      ? `the slowest mode there keeps ${percent(radius)} of itself per step (a memory of ${short(slowest.timeConstant)} steps)`
      : `a mode there grows by ${short(radius)} per step: the point is not stable`;
  const one = `The momentum nearest to the response of all modes is ${short(nearest.momentum)} with learning rate ${short(nearest.learningRate)}; it leaves ${percent(nearest.unexplained)} of the response unexplained.`;
  const best =
    optimum === undefined
      ? ""
      : ` Optimal for these curvatures in the long run: ${short(optimum.momentum)} and ${short(optimum.learningRate)}.`;
  const doubt =
    modes.condition > 1e6
      ? ` The modes are nearly parallel (condition ${short(modes.condition)}): single learning rates mean little.`
      : "";
  return `Momentum: ${memory}. ${one}${best} The effective learning rate at rest is ${short(modes.effectiveLearningRate)}.${doubt}${linear.direct === 0 ? "" : ` Of it, ${short(modes.direct)} is without memory.`}`;
}

function clippingWords({ saturation, gradientQuantiles }: OptimizerAnalysis): string {
  const at = (size: number): number => {
    const index = saturation.gradients.findIndex((g) => g >= size);
    return saturation.values[index < 0 ? saturation.values.length - 1 : index]!;
  };
  const { p50, p90, p99 } = gradientQuantiles;
  const [middle, large] = [at(p50), at(p99)];
  const range =
    middle < 0.7 ? "mostly in the saturated range" : large < 0.9 ? "partly in the saturated range" : "linear";
  return `Clipping: the optimizer is ${range} for the gradients that it meets. Of a linear step it makes ${percent(middle)} at the median size ${short(p50)}, ${percent(at(p90))} at the 90 % quantile ${short(p90)}, ${percent(large)} at the 99 % quantile ${short(p99)}.`;
}

function scheduleWords({ autonomous }: OptimizerAnalysis): string {
  const { learningRates } = autonomous;
  const end = learningRates.at(-1)!;
  const top = learningRates.indexOf(Math.max(...learningRates));
  const settled = learningRates.findLastIndex((rate) => Math.abs(rate - end) > 0.02 * Math.abs(end)) + 1;
  const way =
    top === 0 || top === learningRates.length - 1
      ? `from ${short(learningRates[0]!)} to ${short(end)}`
      : `from ${short(learningRates[0]!)} over ${short(learningRates[top]!)} (step ${top}) to ${short(end)}`;
  return `Schedule: left alone, the effective learning rate goes ${way}, and is within 2 % of its end after ${settled} steps.`;
}

function adaptationWords({ adaptation }: OptimizerAnalysis): string {
  const { gradients, learningRates, origin, points } = adaptation;
  const share = (i: number): string => percent(learningRates[i]! / origin.learningRate);
  const last = gradients.length - 1;
  const lost = points.filter(({ isStable }) => !isStable).length;
  return `Adaptation: under steady gradients of ${short(gradients[0]!)} and ${short(gradients[last]!)} the effective learning rate settles at ${share(0)} and ${share(last)} of that without.${lost === 0 ? "" : ` For ${lost} of ${gradients.length} gradients the state did not come to rest.`}`;
}
