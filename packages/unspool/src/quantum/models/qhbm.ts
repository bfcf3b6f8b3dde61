/**
 * Quantum Hamiltonian-based models (Verdon et al. 2019): a classical distribution of bitstrings, turned by a circuit,
 *
 *     ρ = U(φ) diag(p_θ) U(φ)†,     p_θ(b) = exp(-E_θ(b)) / Z_θ,     K = U diag(E_θ) U†.
 *
 * Nothing here needs an eigensystem: derivatives go through sines and cosines.
 */
import { type Tensor, jacobian, np, random, tree } from "../../array/index.ts";
import { OptionError, ShapeError, requireInteger, requireKnownOptions } from "../../errors.ts";
import { type ComplexPair, type HermitianMatrix, expectations, fromEigenbasis } from "../hermitian/index.ts";
import { type CircuitName, circuits } from "./circuits.ts";
import { type EnergyModel, kobe, spinsOf, startDeviation } from "./energyModel.ts";
import { type QhbmTheta, type QuantumModel, flattened, requireQubits, unflattened } from "./quantumModel.ts";
import { logPartition } from "./logPartition.ts";
import { spectralMetric } from "./spectralMetric.ts";

export interface QhbmOptions<Params = Tensor> {
  /** n, at most 8. */
  qubits: number;
  /** Layers of the circuit; 0 is a state that is diagonal in bitstrings. Default 7. */
  layers?: number;
  /**
   * Energies of bitstrings: "kobe", all products of up to `order` spins, or functions of one's own: `init` draws parameters,
   * `energies` gives [D] of them for spins [D, n] (a network, say). Default "kobe".
   */
  energy?: "kobe" | Pick<EnergyModel<Params>, "init" | "energies">;
  /** Spins that interact in "kobe": 1 for independent bits. Default 2. */
  order?: number;
  /** "qhea" or "qaia". Default "qhea". */
  circuit?: CircuitName;
  /** Of "qaia": the Hamiltonians [D, D] that it turns by, as `tfimTerms` gives them. */
  terms?: readonly HermitianMatrix[];
}

/**
 * A spectral model of n qubits. Throws `OptionError` for more than 8 qubits, with the memory that they would take. Cost: a
 * state takes about 8 layers n D² multiplications and 8 D³, its metric 2 P² D² for P parameters.
 *
 * @example
 * const model = qhbm({ qubits: 4, layers: 3 });
 * const theta = model.init(random.key(0)); // { energy: [10], circuit: [33] }
 */
export function qhbm<Params = Tensor>(options: QhbmOptions<Params>): QuantumModel<QhbmTheta<Params>> {
  requireKnownOptions("qhbm", options, ["qubits", "layers", "energy", "order", "circuit", "terms"]);
  const { qubits, layers = 7, energy = "kobe", order = 2, circuit: name = "qhea", terms } = options;
  requireInteger("qhbm", "layers", layers, 0);
  // What a natural step holds: two parts of the generators of all gates.
  requireQubits("qhbm", qubits, (n) => 2 * (layers * (3 * n - 1) + 4));
  const entry = circuits.entry(name);
  if (terms !== undefined && !entry.needsTerms)
    throw new OptionError("qhbm", "terms", terms, `left out: "${name}" has gates of its own`, 'Or choose circuit: "qaia".'); // prettier-ignore
  const own: EnergyModel<unknown> = energyModel(qubits, energy, order);
  const circuit = entry.create({ qubits, layers, terms, features: own.features });
  const spins = spinsOf(qubits);
  type Theta = QhbmTheta<Params>;

  const energiesOf = ({ energy: params }: Theta): Tensor => {
    const energies = own.energies(params, spins);
    if (energies.ndim === 1 && energies.shape[0] === 2 ** qubits) return energies.astype("float64");
    throw new ShapeError("qhbm", `energies must be [${2 ** qubits}], one for each bitstring, got ${energies.toString()}.`); // prettier-ignore
  };
  /** Parameters that gates may share: only where energies are linear in them. */
  const tied = ({ energy: params }: Theta): Tensor => (circuit.isTied ? flattened(params) : np.zeros([0]));
  const unitary = (theta: Theta): ComplexPair => {
    const { circuit: given } = theta;
    if (given.ndim !== 1 || given.shape[0] !== circuit.parameters)
      throw new ShapeError("qhbm", `theta.circuit must be [${circuit.parameters}], the parameters of ${layers} layers of "${name}" on ${qubits} qubits, got ${given.toString()}.`); // prettier-ignore
    return circuit.unitary(given, tied(theta));
  };
  const featuresOf = ({ energy: params }: Theta): Tensor => {
    if (own.features !== undefined) return own.features;
    const slopes = jacobian((x: Tensor) => own.energies(unflattened(x, params), spins).astype("float64"));
    return slopes(flattened(params));
  };

  return {
    name: "qhbm",
    qubits,
    recipe: { qubits, layers, energy: own.name, order, circuit: name },
    init: (key) => ({
      // Whoever gives energies says what their parameters are.
      energy: own.init(random.foldIn(key, "energy")) as Params,
      circuit: random
        .normal(random.foldIn(key, "circuit"), [circuit.parameters], { dtype: "float64" })
        .mul(startDeviation),
    }),
    probabilities: (theta) => np.exp(logProbabilities(energiesOf(theta))) as Tensor,
    logZ: (theta) => logPartition(energiesOf(theta)),
    unitary,
    state: (theta) => fromEigenbasis(unitary(theta), np.exp(logProbabilities(energiesOf(theta))) as Tensor),
    modular: (theta) => fromEigenbasis(unitary(theta), energiesOf(theta)),
    freeEnergy(theta, hamiltonian) {
      const energies = energiesOf(theta);
      const logZ = logPartition(energies);
      const p = np.exp(energies.neg().sub(logZ)) as Tensor;
      return p
        .mul(expectations(unitary(theta), hamiltonian).sub(energies))
        .sum()
        .sub(logZ);
    },
    crossEntropy(theta, sigma) {
      const energies = energiesOf(theta);
      return expectations(unitary(theta), sigma).mul(energies).sum().add(logPartition(energies));
    },
    metric(theta, frequencies) {
      const energies = energiesOf(theta);
      const weights = frequencies ?? (np.exp(logProbabilities(energies)) as Tensor);
      const { circuit: turning, energy: shared } = circuit.generators(theta.circuit, tied(theta));
      const features = featuresOf(theta);
      return spectralMetric({
        weights,
        energies,
        features,
        circuit: turning,
        ...(shared && { energy: shared }),
      });
    },
    blocks({ energy: params }) {
      const count = tree.size(params);
      return circuit.isTied ? [count + circuit.parameters] : [count, circuit.parameters];
    },
    flatten: ({ energy: params, circuit: angles }) => flattened([params, angles]),
    unflatten(vector, { energy: params, circuit: angles }) {
      const [energyAgain, circuitAgain] = unflattened(vector, [params, angles] as const);
      return { energy: energyAgain, circuit: circuitAgain };
    },
    spectral: { energies: own, circuit, spins },
  };
}

const logProbabilities = (energies: Tensor): Tensor => energies.neg().sub(logPartition(energies));

function energyModel<Params>(
  qubits: number,
  given: "kobe" | Pick<EnergyModel<Params>, "init" | "energies">,
  order: number,
): EnergyModel<unknown> {
  if (given === "kobe") return kobe(qubits, order) as EnergyModel<unknown>;
  if (typeof given?.init !== "function" || typeof given.energies !== "function")
    throw new OptionError("qhbm", "energy", given, '"kobe", or { init, energies }', 'Did you mean "kobe"?');
  return {
    name: "own",
    init: given.init,
    energies: (params, spins) => given.energies(params as Params, spins),
  };
}
