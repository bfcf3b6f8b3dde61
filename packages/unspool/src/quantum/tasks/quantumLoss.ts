/**
 * The two losses and their gradients, exactly or from measurements:
 *
 *     VQT:  L = tr[ρ βH] - S(ρ) = D(ρ‖σ_β) - log Z_β        QMHL:  L = tr[σ K] + log Z = D(σ‖ρ) + S(σ)
 *
 * Sampled, each of `shots` repetitions is one measurement, as on a machine: of VQT a bitstring b is drawn from p, U|b⟩ is
 * prepared and its energy measured; of QMHL the data's state is turned by U† and its bitstring is read. What the classical
 * side knows, energies, p and log Z, stays exact. Derivatives by gates are then shift rules, all with the same uniforms.
 */
import { type Key, type Tensor, grad, np, valueAndGrad } from "../../array/index.ts";
import {
  type ComplexPair,
  type HermitianMatrix,
  adjoint,
  expectations,
  multiply,
} from "../hermitian/index.ts";
import type { QhbmTheta, QuantumModel, SpectralParts } from "../models/quantumModel.ts";
import { logPartition } from "../models/logPartition.ts";
import { drawn, frequenciesOf, uniforms } from "./drawing.ts";
import { parameterShift } from "./parameterShift.ts";

export type LossName = "vqt" | "qmhl";

export interface LossSettings {
  mode: "exact" | "sampled";
  shots: number;
  gradient: "derivative" | "parameterShift";
}

/** What a loss is taken of, as tensors: programs take it as an argument, and are the same for all targets. */
export interface LossTarget {
  /** βH, or σ. */
  matrix: HermitianMatrix;
  /** Of sampled VQT: βH's levels [D] and eigenvectors, in which energy is measured. */
  levels?: Tensor;
  vectors?: ComplexPair;
}

export interface LossValue<Theta> {
  loss: Tensor;
  gradient: Theta;
}

/** One loss of one model. */
export interface QuantumLoss<Theta> {
  readonly name: LossName;
  readonly model: QuantumModel<Theta>;
  readonly settings: LossSettings;
  /** Loss and gradient; made of `np` functions, to be compiled into something larger. */
  evaluate(theta: Theta, target: LossTarget, key: Key): LossValue<Theta>;
  /** The exact loss. */
  exact(theta: Theta, target: LossTarget): Tensor;
  /** Shares of bitstrings for an estimate of the metric; undefined where it is exact. */
  frequencies(theta: Theta, key: Key): Tensor | undefined;
}

const known = new WeakMap<QuantumModel, Map<string, unknown>>();

/** The loss of a model; the same object for the same settings, and so the same compiled programs. */
export function quantumLoss<Theta>(
  name: LossName,
  model: QuantumModel<Theta>,
  settings: LossSettings,
): QuantumLoss<Theta> {
  const of = known.get(model) ?? new Map<string, unknown>();
  known.set(model, of);
  const id = `${name} ${JSON.stringify(settings)}`;
  const made = (of.get(id) as QuantumLoss<Theta> | undefined) ?? make(name, model, settings);
  of.set(id, made);
  return made;
}

function make<Theta>(name: LossName, model: QuantumModel<Theta>, settings: LossSettings): QuantumLoss<Theta> {
  const exact = (theta: Theta, { matrix }: LossTarget): Tensor =>
    name === "vqt" ? model.freeEnergy(theta, matrix) : model.crossEntropy(theta, matrix);
  const { spectral } = model;
  // Checked where tasks are made: these need bitstrings and shift rules.
  const asSpectral = (theta: Theta) => theta as QhbmTheta<unknown>;
  const evaluate = (theta: Theta, target: LossTarget, key: Key): LossValue<Theta> => {
    if (settings.mode === "sampled") {
      const sampled = name === "vqt" ? sampledVqt : sampledQmhl;
      return sampled(spectral!, asSpectral(theta), target, {
        key,
        shots: settings.shots,
      }) as LossValue<Theta>;
    }
    const [loss, gradient] = valueAndGrad((x: Theta) => exact(x, target))(theta);
    if (settings.gradient === "derivative") return { loss, gradient: gradient as Theta };
    const circuit = parameterShift(
      (x) => exact({ ...asSpectral(theta), circuit: x } as Theta, target),
      asSpectral(theta).circuit,
    );
    return { loss, gradient: { ...asSpectral(gradient as Theta), circuit } as Theta };
  };
  return {
    ...{ name, model, settings, exact, evaluate },
    frequencies: (theta, key) =>
      settings.mode === "exact"
        ? undefined
        : frequenciesOf(drawn(model.probabilities(theta), uniforms(key, "metric", settings.shots))),
  };
}

interface Sampling {
  key: Key;
  shots: number;
}

const unitaryOf = ({ circuit }: SpectralParts, angles: Tensor): ComplexPair =>
  circuit.unitary(angles, np.zeros([0]));

function sampledVqt(
  parts: SpectralParts,
  theta: QhbmTheta<unknown>,
  { levels, vectors }: LossTarget,
  { key, shots }: Sampling,
): LossValue<QhbmTheta<unknown>> {
  const energiesOf = (params: unknown): Tensor =>
    parts.energies.energies(params, parts.spins).astype("float64");
  const energies = energiesOf(theta.energy);
  const logZ = logPartition(energies);
  const bitstrings = drawn(np.exp(energies.neg().sub(logZ)) as Tensor, uniforms(key, "bitstrings", shots));
  const u = uniforms(key, "measurements", shots).reshape([shots, 1]);
  const turned = adjoint(vectors!);
  const rises = levels!.slice([1, null]).sub(levels!.slice([0, -1]));
  /** The measured βH of each shot. */
  const measured = (angles: Tensor): Tensor => {
    const overlap = multiply(turned, unitaryOf(parts, angles));
    const p = overlap.re.mul(overlap.re).add(overlap.im.mul(overlap.im));
    const edges = np.matmul(bitstrings, np.cumsum(np.transpose(p), 1)) as Tensor;
    const isBeyond = u.greaterEqual(edges.slice([], [0, -1])).astype("float64");
    return (np.matmul(isBeyond, rises) as Tensor).add(levels!.slice(0));
  };
  const excess = measured(theta.circuit).sub(np.matmul(bitstrings, energies));
  const mean = excess.mean() as Tensor;
  // -Cov(∂E, βh - E), with the sample covariance.
  const weights = np.matmul(excess.sub(mean).div(1 - shots), bitstrings) as Tensor;
  return {
    loss: mean.sub(logZ),
    gradient: {
      energy: grad((params: unknown) => energiesOf(params).mul(weights).sum())(theta.energy),
      circuit: parameterShift((angles) => measured(angles).mean() as Tensor, theta.circuit),
    },
  };
}

function sampledQmhl(
  parts: SpectralParts,
  theta: QhbmTheta<unknown>,
  { matrix }: LossTarget,
  { key, shots }: Sampling,
): LossValue<QhbmTheta<unknown>> {
  const energiesOf = (params: unknown): Tensor =>
    parts.energies.energies(params, parts.spins).astype("float64");
  const u = uniforms(key, "measurements", shots);
  const frequencies = (angles: Tensor): Tensor =>
    frequenciesOf(drawn(expectations(unitaryOf(parts, angles), matrix), u));
  const found = frequencies(theta.circuit);
  const [loss, energy] = valueAndGrad((params: unknown) => {
    const energies = energiesOf(params);
    return energies.mul(found).sum().add(logPartition(energies));
  })(theta.energy);
  const energies = energiesOf(theta.energy);
  const circuit = parameterShift((angles) => frequencies(angles).mul(energies).sum(), theta.circuit);
  return { loss, gradient: { energy, circuit } };
}
