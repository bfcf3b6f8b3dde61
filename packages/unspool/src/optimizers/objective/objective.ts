/**
 * Optimizers that evaluate the objective themselves: at other points than theta (SAM, L-BFGS), along directions
 * (AdaHessian), or through the layers of a network (K-FAC, FOOF).
 */
import { requireKnownOptions } from "../../errors.ts";
import { type Key, type Layers, type Tensor, type Tree, np, plainLayers } from "../../array/index.ts";
import type { Likelihood } from "../curvature/likelihoods.ts";
import type { RegistrationReport } from "../curvature/registrationReport.ts";

/** What is minimised, on one batch. */
export interface Objective<Theta = unknown> {
  /** Scalar: the mean over the batch. Made of `np` functions. */
  loss(theta: Theta): Tensor;
  /** The loss of each example [batch] (of each position of each example, of sequences), of which `loss` is the mean; for noise per example. */
  losses?(theta: Theta): Tensor;
  /** The network behind the loss, for optimizers that look at its layers. */
  readonly network?: NetworkView<Theta>;
}

/** A network on one batch, and what its outputs are compared with. */
export interface NetworkView<Theta = unknown> {
  /** [rows, n]: one row for each example, or several (the positions of a sequence), all of an example in a row. */
  outputs(theta: Theta, layers: Layers): Tensor;
  /** Examples, where an example has several rows of outputs. */
  readonly batch?: number;
  readonly likelihood: Likelihood;
  /** In the form that the likelihood takes. */
  readonly targets: Tensor;
  /** The same on some examples of the batch, given by their numbers (int32), for statistics that need fewer. */
  rows?(indices: Tensor): NetworkView<Theta>;
}

export interface NetworkObjectiveOptions<Theta> {
  /**
   * Outputs [batch, n] for inputs [batch, …]; it computes its layers through `layers`. Outputs [batch, …, n], as of a
   * sequence, have a target at each position, and the loss is the mean over all of them.
   */
  network(theta: Theta, inputs: Tensor, layers: Layers): Tensor;
  likelihood: Likelihood;
  inputs: Tensor;
  targets: Tensor;
}

/**
 * The mean loss of a network on a batch.
 *
 * @example
 * const objective = networkObjective({ network: applyMlp, likelihood: categoricalLogits, inputs, targets });
 */
export function networkObjective<Theta>(options: NetworkObjectiveOptions<Theta>): Objective<Theta> {
  requireKnownOptions("networkObjective", options, ["network", "likelihood", "inputs", "targets"]);
  const { network, likelihood, inputs, targets } = options;
  const losses = (theta: Theta): Tensor =>
    likelihood.loss(network(theta, inputs, plainLayers), targets).reshape([-1]);
  return {
    loss: (theta) => losses(theta).mean(),
    losses,
    network: viewOf(options),
  };
}

function viewOf<Theta>(options: NetworkObjectiveOptions<Theta>): NetworkView<Theta> {
  const { network, likelihood, inputs, targets } = options;
  const batch = inputs.shape[0]!;
  // Targets are [batch, …] for labels and [batch, …, n] for numbers: as many axes as outputs have, or one fewer.
  const isLabel = targets.dtype === "int32" || targets.dtype === "uint32";
  const positions = targets.shape.slice(1, isLabel ? undefined : -1);
  const isSequence = positions.length > 0;
  return {
    outputs(theta, layers) {
      const z = network(theta, inputs, layers);
      return isSequence && z.ndim > 2 ? z.reshape([-1, z.shape.at(-1)!]) : z;
    },
    ...(isSequence && { batch }),
    likelihood,
    targets: isSequence ? targets.reshape(isLabel ? [-1] : [-1, targets.shape.at(-1)!]) : targets,
    rows: (indices) =>
      viewOf({ ...options, inputs: np.take(inputs, indices, 0), targets: np.take(targets, indices, 0) }),
  };
}

/**
 * What a step does besides moving theta, by name (`refresh`: recompute inverses). Known before the step where the
 * step is known: then only that is compiled, and work that is due every hundredth step costs a hundredth.
 */
export type Phase = Readonly<Record<string, boolean>>;

export interface StepOptions<Theta = unknown> {
  /** Random key of this step. */
  key: Key;
  /** Default: read from the state, at the cost of computing everything and choosing. */
  phase?: Phase;
  /** A batch of its own for the Fisher information, where the optimizer's options ask for one. */
  fisher?: Objective<Theta>;
  /** The objective on all data, for SVRG's snapshots. Default: the objective of the step. */
  full?: Objective<Theta>;
}

export interface StepOutcome<Theta, State> {
  theta: Theta;
  state: State;
  /** The loss at the theta that came in. */
  loss: Tensor;
  /** Scalars worth logging (damping, trust ratios). */
  metrics: Readonly<Record<string, Tensor>>;
}

/**
 * Pure, like `Optimizer`: state in, state out, `np` functions only, the int32 scalar `step` in the state. Runs as it
 * is inside of an unrolled problem; `compiledStep` runs it from outside, one program per phase.
 */
export interface ObjectiveOptimizer<State extends Tree = Tree> {
  readonly name: string;
  /** `objective` shows the layers, and is a first batch for methods that measure before they move. */
  init<Theta>(theta: Theta, objective: Objective<Theta>, key: Key): State;
  step<Theta>(
    theta: Theta,
    state: State,
    objective: Objective<Theta>,
    options: StepOptions<Theta>,
  ): StepOutcome<Theta, State>;
  /** The phase of the step after `step` steps. Without it every step is the same. */
  phaseAt?(step: number): Phase;
  /** Which parameter is treated how, and why, for optimizers that look at layers. */
  registrationReport?<Theta>(theta: Theta, objective: Objective<Theta>): RegistrationReport;
  /** The parameters to evaluate and to keep, where they are not `theta` itself. */
  evaluationTheta?<Theta>(state: State, theta: Theta): Theta;
}
