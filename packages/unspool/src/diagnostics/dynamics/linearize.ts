/**
 * The linear system that a component system is near a state h* at a gradient g*, and the slope of its update function.
 *
 *     h' ≈ F(g*, h*) + J_h (h - h*) + J_x (g - g*)
 *     s(h) = -d/dg r(F(g, h), g) at g = 0 = -(w · J_x + dr/dg):   the effective learning rate
 */
import { OptionError, requireKnownOptions } from "../../errors.ts";
import type { ComponentSystem, StepDerivatives } from "./componentSystem.ts";

export interface Linearization extends StepDerivatives {
  /** g*. */
  gradient: number;
  /** h*, [n]. */
  state: Float64Array;
  /** F(g*, h*), [n]; h* itself at a fixed point. */
  next: Float64Array;
  /** r at (g*, h*): what moves the parameter where nothing else does. */
  change: number;
}

export interface SlopeOptions {
  /**
   * Slopes over gradients from -width to width instead of derivatives. Needed for systems that jump at g = 0 (an input
   * of "log1p"); then it is half the width over which the update function is looked at.
   */
  width?: number;
}

/** Of options, those of a slope. */
export const slopeOptions = ({ width }: SlopeOptions): SlopeOptions => (width === undefined ? {} : { width });

/** Cost: one derivative of the step; 8 n + 8 steps for a system without derivatives of its own. */
export function linearize(
  system: ComponentSystem,
  state: Float64Array,
  { gradient = 0, ...options }: SlopeOptions & { gradient?: number } = {},
): Linearization {
  const next = system.step(gradient, state);
  const derivatives = derivativesAt("linearize", system, gradient, state, options);
  return { ...derivatives, gradient, state, next, change: system.readout(next, gradient) };
}

/** s(h). */
export function effectiveLearningRate(
  system: ComponentSystem,
  state: Float64Array,
  options: SlopeOptions = {},
): number {
  const { inputJacobian, readWeights, direct } = derivativesAt(
    "effectiveLearningRate",
    system,
    0,
    state,
    options,
  );
  return learningRateOf({ inputJacobian, readWeights, direct });
}

export function learningRateOf(
  at: Pick<StepDerivatives, "inputJacobian" | "readWeights" | "direct">,
): number {
  return -at.readWeights.reduce((sum, w, i) => sum + w * at.inputJacobian[i]!, at.direct);
}

function derivativesAt(
  where: string,
  system: ComponentSystem,
  gradient: number,
  state: Float64Array,
  options: SlopeOptions,
): StepDerivatives {
  requireKnownOptions(where, options, ["width"]);
  const { width } = options;
  if (system.isSmooth === false && width === undefined) {
    throw new OptionError(
      where,
      "width",
      width,
      `the width of a difference for ${system.name}`,
      "It jumps at g = 0, where a derivative says nothing; 0.001 looks at gradients of that size.",
    );
  }
  const found = system.derivatives?.(gradient, state) ?? differences(system, gradient, state);
  if (width === undefined) return found;
  const [up, down] = [system.step(gradient + width, state), system.step(gradient - width, state)];
  const middle = system.step(gradient, state);
  return {
    ...found,
    inputJacobian: up.map((x, i) => (x - down[i]!) / (2 * width)),
    direct:
      (system.readout(middle, gradient + width) - system.readout(middle, gradient - width)) / (2 * width),
  };
}

/** By central differences of fourth order. */
function differences(system: ComponentSystem, gradient: number, state: Float64Array): StepDerivatives {
  const { size } = system;
  const entries = new Float64Array(size * size);
  for (let j = 0; j < size; j++) {
    const column = slope((x) => system.step(gradient, withEntry(state, j, x)), state[j]!);
    for (let i = 0; i < size; i++) entries[i * size + j] = column[i]!;
  }
  const next = system.step(gradient, state);
  const scalar = (f: (x: number) => number, at: number): number =>
    slope((x) => Float64Array.of(f(x)), at)[0]!;
  return {
    stateJacobian: { size, entries },
    inputJacobian: slope((x) => system.step(x, state), gradient),
    readWeights: next.map((x, j) => scalar((to) => system.readout(withEntry(next, j, to), gradient), x)),
    direct: scalar((x) => system.readout(next, x), gradient),
  };
}

/** About the fifth root of the precision, where rounding and curvature cost alike. */
const stride = 1e-3;

function slope(f: (x: number) => Float64Array, at: number): Float64Array {
  const h = stride * Math.max(1, Math.abs(at));
  const [near, far] = [
    [f(at + h), f(at - h)],
    [f(at + 2 * h), f(at - 2 * h)],
  ] as const;
  return near[0].map((x, i) => (8 * (x - near[1][i]!) - (far[0][i]! - far[1][i]!)) / (12 * h));
}

function withEntry(values: Float64Array, index: number, value: number): Float64Array {
  const changed = values.slice();
  changed[index] = value;
  return changed;
}
