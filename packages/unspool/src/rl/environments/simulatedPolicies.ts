/** Policies in plain code: linear ones and networks with one or more hidden layers. */
import { requireInteger, requireKnownOptions } from "../../errors.ts";
import type { SimulatedPolicy } from "./playSimulated.ts";

export interface LinearSimulatedOptions {
  /** Numbers of an observation, `spaceSize(environment.observationSpace)`. */
  observationSize: number;
  /** Numbers of an action. */
  actionSize: number;
}

/** a = W s; theta is W, [actions, observations] row by row. */
export function linearSimulated(options: LinearSimulatedOptions): SimulatedPolicy {
  requireKnownOptions("linearSimulated", options, ["observationSize", "actionSize"]);
  const { observationSize, actionSize } = options;
  requireInteger("linearSimulated", "observationSize", observationSize, 1);
  requireInteger("linearSimulated", "actionSize", actionSize, 1);
  return {
    name: "linear",
    observationSize,
    actionSize,
    size: observationSize * actionSize,
    act(theta, observation, action) {
      for (let i = 0; i < actionSize; i++) {
        let sum = 0;
        for (let j = 0; j < observationSize; j++) sum += theta[i * observationSize + j]! * observation[j]!;
        action[i] = sum;
      }
    },
  };
}

export interface MlpSimulatedOptions extends LinearSimulatedOptions {
  /** Units of hidden layers. Default [64]. */
  hidden?: readonly number[];
}

/** A network with tanh between its layers; theta is, layer by layer, weights [outputs, inputs] and biases [outputs]. */
export function mlpSimulated(options: MlpSimulatedOptions): SimulatedPolicy {
  requireKnownOptions("mlpSimulated", options, ["observationSize", "actionSize", "hidden"]);
  const { observationSize, actionSize, hidden = [64] } = options;
  const sizes = [observationSize, ...hidden, actionSize];
  sizes.forEach((size) => requireInteger("mlpSimulated", "the units of a layer", size, 1));
  const layers = sizes.slice(1).map((outputs, i) => ({ inputs: sizes[i]!, outputs }));
  const values = sizes.map((size) => new Float64Array(size));
  return {
    name: "mlp",
    observationSize,
    actionSize,
    size: layers.reduce((sum, { inputs, outputs }) => sum + (inputs + 1) * outputs, 0),
    act(theta, observation, action) {
      values[0]!.set(observation);
      let at = 0;
      layers.forEach(({ inputs, outputs }, layer) => {
        const [from, to] = [values[layer]!, layer === layers.length - 1 ? action : values[layer + 1]!];
        for (let i = 0; i < outputs; i++) {
          let sum = theta[at + inputs * outputs + i]!;
          for (let j = 0; j < inputs; j++) sum += theta[at + i * inputs + j]! * from[j]!;
          to[i] = layer === layers.length - 1 ? sum : Math.tanh(sum);
        }
        at += (inputs + 1) * outputs;
      });
    },
  };
}
