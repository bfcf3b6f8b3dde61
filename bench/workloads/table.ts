/**
 * What is measured: computations in a loop, each fixed to the last constant so that every contestant does the
 * same work. Plain data: each contestant has its own program per `kind`.
 */

export type WorkloadKind =
  | "influence"
  | "toy"
  | "mlp"
  | "learnedOptimizer"
  | "lstm"
  | "distillation"
  | "subspace"
  | "evidence"
  | "design"
  | "cartPole"
  | "sixo"
  | "annealing"
  | "quantum"
  | "filtering";

export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly kind: WorkloadKind;
  /** What is counted; rates are units per second. */
  readonly unit: string;
  /** Units in one outer update (W5: in one gradient). */
  readonly unitsPerUpdate: number;
  /** Useful floating-point operations per unit; undefined where transcendental functions dominate. */
  readonly flopsPerUnit?: number;
  /** Width of the hidden layer that the variants differ in. */
  readonly hidden: number;
  /** W1: how the matrix enters the program. */
  readonly matrix?: "constant" | "full" | "state";
  /** W6: how the outer gradient is made. */
  readonly hypergradient?: "unroll" | "neumann";
  /** Updates after which a contestant starts again, before numbers grow large or the loop becomes chaotic. */
  readonly restartEvery: number;
}

const particles = 32;

const influence = {
  kind: "influence",
  unit: "PES updates",
  unitsPerUpdate: 1,
  hidden: 0,
  restartEvery: 2000,
} as const;
const mlp = {
  kind: "mlp",
  unit: "particle steps",
  unitsPerUpdate: 10 * particles,
  restartEvery: 100,
} as const;
const learned = {
  kind: "learnedOptimizer",
  unit: "particle steps",
  unitsPerUpdate: 20 * 16,
  restartEvery: 100,
} as const;

const distillation = {
  kind: "distillation",
  unit: "outer steps",
  unitsPerUpdate: 1,
  hidden: 64,
  restartEvery: 2000,
} as const;

export const workloads: readonly Workload[] = [
  // 45 of 529 entries of the matrix are not 0.
  {
    ...influence,
    name: "W1",
    title: "influence balancing, known matrix",
    matrix: "constant",
    flopsPerUnit: 2 * 45 * 2000,
  },
  {
    ...influence,
    name: "W1-full",
    title: "influence balancing, shared matrix without zeros",
    matrix: "full",
    flopsPerUnit: 2 * 529 * 2000,
  },
  // The engine sees that no step changes it: a constant as in W1, zeros and all.
  {
    ...influence,
    name: "W1-dense",
    title: "influence balancing, matrix in the state",
    matrix: "state",
    flopsPerUnit: 2 * 45 * 2000,
  },
  {
    name: "W2",
    title: "toy 2-D regression",
    kind: "toy",
    unit: "outer updates",
    unitsPerUpdate: 1,
    hidden: 0,
    restartEvery: 500,
  },
  { ...mlp, name: "W3", title: "MLP hyperparameters, 784-32-10", hidden: 32, flopsPerUnit: 3.27e6 },
  { ...mlp, name: "W3-H100", title: "MLP hyperparameters, 784-100-10", hidden: 100, flopsPerUnit: 10.2e6 },
  { ...learned, name: "W4", title: "learned optimizer, 32 hidden", hidden: 32, flopsPerUnit: 6.8e6 },
  { ...learned, name: "W4-H4", title: "learned optimizer, 4 hidden", hidden: 4, flopsPerUnit: 0.59e6 },
  {
    name: "W5",
    title: "BPTT through an LSTM, 128 units, 100 steps",
    kind: "lstm",
    unit: "gradients",
    unitsPerUpdate: 1,
    hidden: 128,
    flopsPerUnit: 1.3e9,
    restartEvery: 100,
  },
  {
    ...distillation,
    name: "W6",
    title: "distillation, 196-64-10, one inner step unrolled",
    hypergradient: "unroll",
  },
  {
    ...distillation,
    name: "W6-neumann",
    title: "distillation, 196-64-10, Neumann series of 20 terms",
    hypergradient: "neumann",
  },
  {
    name: "W7",
    title: "principal subspace by LISSA, 784 rows, d = 16",
    kind: "subspace",
    unit: "outer updates",
    unitsPerUpdate: 1,
    hidden: 0,
    restartEvery: 10_000,
  },
  {
    name: "W8",
    title: "evidence of an averaged network, 784-100-10, 312 images, 9 copies",
    kind: "evidence",
    unit: "evidence gradients",
    unitsPerUpdate: 1,
    hidden: 100,
    restartEvery: 50,
  },
  {
    name: "W9",
    title: "design and policy, 64 trajectories of 100 steps, a policy of 3-64-5",
    kind: "design",
    unit: "outer steps",
    unitsPerUpdate: 1,
    hidden: 64,
    restartEvery: 500,
  },
  {
    name: "W10",
    title: "CartPole, 1000 episodes side by side, policy of 64 units",
    kind: "cartPole",
    unit: "environment steps",
    unitsPerUpdate: 1000 * 100,
    hidden: 64,
    restartEvery: 1,
  },
  {
    name: "W11",
    title:
      "SIXO bound and gradient, volatility of 22 series, 64 particles, 119 steps, a twist of 32 and 128 units",
    kind: "sixo",
    unit: "outer steps",
    unitsPerUpdate: 1,
    hidden: 128,
    restartEvery: 500,
  },
  {
    name: "W12",
    title: "annealed importance sampling, 1000 chains, 10 levels of HMC, q normal",
    kind: "annealing",
    unit: "batches of chains",
    unitsPerUpdate: 1,
    hidden: 0,
    restartEvery: 1,
  },
  {
    name: "W12-flow",
    title: "the same from a RealNVP of eight couplings, 32-32",
    kind: "annealing",
    unit: "batches of chains",
    unitsPerUpdate: 1,
    hidden: 32,
    restartEvery: 1,
  },
  {
    name: "W13",
    title: "natural gradient of a thermal state, 4 qubits, 43 parameters",
    kind: "quantum",
    unit: "outer steps",
    unitsPerUpdate: 1,
    hidden: 0,
    restartEvery: 200,
  },
  {
    name: "W14",
    title: "online filtering of a chaotic network of 5 units, 500 steps of Adam, 250 states in a regression",
    kind: "filtering",
    unit: "observations",
    unitsPerUpdate: 1,
    hidden: 100,
    restartEvery: 20,
  },
];

/** The workload of that name, or a sentence for the user. */
export function workloadNamed(name: string): Workload {
  const found = workloads.find((workload) => workload.name.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  throw new Error(
    `bench: no workload "${name}". There are ${workloads.map((workload) => workload.name).join(", ")}.`,
  );
}
