/** What a state is fitted to: a loss of a model, its target, and what is measured along the way. */
import { type Key, type Tensor, random } from "../../array/index.ts";
import { OptionError, requireInteger, requireOneOf } from "../../errors.ts";
import type { Estimate, EstimateMetrics, GradientEstimator } from "../../estimators/index.ts";
import { compiled } from "../../unroll/index.ts";
import { type ComplexPair, multiply, squareRoot } from "../hermitian/index.ts";
import { realForm, symmetricEigen } from "../hermitian/hermitianEigen.ts";
import { traceOf } from "../hermitian/matrixFunction.ts";
import type { QuantumModel } from "../models/quantumModel.ts";
import {
  type LossName,
  type LossSettings,
  type LossTarget,
  type QuantumLoss,
  quantumLoss,
} from "./quantumLoss.ts";

export interface QuantumTaskOptions<Theta> {
  /** What is fitted: of `qhbm` or `qbm`. */
  model: QuantumModel<Theta>;
  /** "exact", or "sampled" from measurements as a machine would make them. Default "exact". */
  mode?: "exact" | "sampled";
  /** Measurements of each expectation, of "sampled". Default 500. */
  shots?: number;
  /** Of "exact": derivatives through the circuit, or by the shift rule. "sampled" shifts. Default "derivative". */
  gradient?: "derivative" | "parameterShift";
  /** Estimates between measurements of the fidelity, which takes an eigensystem; 0 for none. Default 1. */
  measureEvery?: number;
}

/** Names of the options that all tasks have. */
export const taskOptionNames = ["model", "mode", "shots", "gradient", "measureEvery"] as const;

export interface QuantumMetrics extends EstimateMetrics {
  /** D, in nats: what is left of the loss. Of sampled estimates where the fidelity is measured, exactly. */
  relativeEntropy?: number;
  /** From 0 to 1, where it is measured. */
  fidelity?: number;
}

export interface QuantumTarget {
  loss: LossTarget;
  /** The loss at the target itself: -log Z_β, or S(σ). */
  floor: number;
  /** √ of the state that fidelity compares with [D, D]. */
  root: ComplexPair;
}

export type QuantumTaskState = { estimates: number };

/** A `GradientEstimator` whose parts can be compiled into something larger. */
export interface QuantumTask<Theta = unknown> extends GradientEstimator<Theta, QuantumTaskState> {
  readonly model: QuantumModel<Theta>;
  readonly loss: QuantumLoss<Theta>;
  readonly target: QuantumTarget;
  readonly measureEvery: number;
  /** Exact relative entropy and fidelity at theta. */
  measures(theta: Theta): { relativeEntropy: number; fidelity: number };
  /** Metrics of the estimate with this number (from 0) and this loss at theta. */
  metricsAt(theta: Theta, estimates: number, loss: number): QuantumMetrics;
}

/** The settings of a task. Throws `OptionError` for what the model cannot be asked. */
export function lossSettings<Theta>(where: string, options: QuantumTaskOptions<Theta>): LossSettings {
  const { model, mode = "exact", shots = 500, gradient = "derivative", measureEvery = 1 } = options;
  if (typeof model?.freeEnergy !== "function")
    throw new OptionError(where, "model", model, "a model of qhbm or qbm", `Write ${where}({ model: qhbm({ qubits: 4 }), … }).`); // prettier-ignore
  requireOneOf(where, "mode", mode, ["exact", "sampled"]);
  requireOneOf(where, "gradient", gradient, ["derivative", "parameterShift"]);
  // A covariance, of which VQT makes its gradient, needs two.
  requireInteger(where, "shots", shots, where === "vqt" ? 2 : 1);
  requireInteger(where, "measureEvery", measureEvery, 0);
  if (options.shots !== undefined && mode === "exact")
    throw new OptionError(where, "shots", shots, 'left out in the mode "exact"', 'Write mode: "sampled".');
  if (mode === "exact" && gradient === "derivative") return { mode, shots: 0, gradient };
  const asked = mode === "sampled" ? 'mode: "sampled"' : 'gradient: "parameterShift"';
  if (model.spectral?.circuit.hasShiftRule !== true)
    throw new OptionError(where, "model", model.spectral === undefined ? model.name : `a "${model.spectral.circuit.name}" circuit`, `a qhbm whose circuit is "qhea", with ${asked}: its gates have a shift rule`); // prettier-ignore
  return { mode, shots: mode === "sampled" ? shots : 0, gradient: "parameterShift" };
}

/** Programs of one loss, compiled once. */
const programs = new WeakMap<object, unknown>();

interface Programs<Theta> {
  estimate(theta: Theta, target: LossTarget, key: Key): { loss: Tensor; gradient: Theta };
  measures(theta: Theta, target: LossTarget, root: ComplexPair): { loss: Tensor; product: ComplexPair };
}

function programsOf<Theta>(loss: QuantumLoss<Theta>): Programs<Theta> {
  const known = programs.get(loss) as Programs<Theta> | undefined;
  if (known !== undefined) return known;
  const made: Programs<Theta> = {
    estimate: compiled(loss.name, (theta: Theta, target: LossTarget, key: Key) =>
      loss.evaluate(theta, target, key),
    ),
    // The eigensystem of √σ ρ √σ is computed outside, by fewer operations.
    measures: compiled("fidelity", (theta: Theta, target: LossTarget, root: ComplexPair) => ({
      loss: loss.exact(theta, target),
      product: multiply(multiply(root, loss.model.state(theta)), root),
    })),
  };
  programs.set(loss, made);
  return made;
}

/** A task of checked parts. */
export function quantumTask<Theta>(
  name: LossName,
  options: QuantumTaskOptions<Theta>,
  settings: LossSettings,
  target: QuantumTarget,
): QuantumTask<Theta> {
  const { model, measureEvery = 1 } = options;
  const loss = quantumLoss(name, model, settings);
  const run = programsOf(loss);
  const measures = (theta: Theta) => {
    const found = run.measures(theta, target.loss, target.root);
    const { matrix, copies } = realForm(found.product);
    const root = traceOf(squareRoot, symmetricEigen(matrix)[0], copies).item();
    return { relativeEntropy: found.loss.item() - target.floor, fidelity: root ** 2 };
  };
  const metricsAt = (theta: Theta, estimates: number, value: number): QuantumMetrics => ({
    innerSteps: 1,
    ...(settings.mode === "exact" && { relativeEntropy: value - target.floor }),
    ...(measureEvery > 0 && estimates % measureEvery === 0 && measures(theta)),
  });
  return {
    ...{ name, model, loss, target, measureEvery, measures, metricsAt },
    init: () => ({ estimates: 0 }),
    estimate(theta, { estimates }, key): Estimate<Theta, QuantumTaskState> {
      const { loss: value, gradient } = run.estimate(theta, target.loss, random.foldIn(key, "estimate"));
      const metrics = metricsAt(theta, estimates, value.item());
      return { loss: value.item(), gradient, state: { estimates: estimates + 1 }, metrics };
    },
  };
}
