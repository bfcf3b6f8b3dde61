/**
 * What an optimizer does by itself: its state under zero gradients relaxes from the start to a fixed point, and its
 * effective learning rate with it. That is a schedule of learning rates. Maheswaranathan et al., NeurIPS 2021.
 */
import { requireInteger, requireKnownOptions } from "../../errors.ts";
import type { ComponentSystem } from "./componentSystem.ts";
import { type SlopeOptions, effectiveLearningRate, slopeOptions } from "./linearize.ts";

export interface AutonomousOptions extends SlopeOptions {
  /** T. Default 100. */
  steps?: number;
  /** h_0. Default: that of the system. */
  start?: Float64Array;
}

export interface AutonomousPath {
  /** h_0 … h_T. */
  states: Float64Array[];
  /** s(h_0) … s(h_T). */
  learningRates: Float64Array;
  /** Changes of the parameter in steps 1 … T, though there is no gradient. */
  drift: Float64Array;
}

/** Cost: T steps and T + 1 derivatives of the step. */
export function autonomous(system: ComponentSystem, options: AutonomousOptions = {}): AutonomousPath {
  requireKnownOptions("autonomous", options, ["steps", "start", "width"]);
  const { steps = 100, start = system.start } = options;
  requireInteger("autonomous", "steps", steps, 1);
  const slope = slopeOptions(options);
  const states = [start];
  for (let t = 0; t < steps; t++) states.push(system.step(0, states[t]!));
  return {
    states,
    learningRates: Float64Array.from(states, (state) => effectiveLearningRate(system, state, slope)),
    drift: Float64Array.from(states.slice(1), (state) => system.readout(state, 0)),
  };
}
