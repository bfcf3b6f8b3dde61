/** What an evidence cannot be computed for, told before anything is. */
import { type Tensor, isTracing, np, plainLayers, tree } from "../array/index.ts";
import { NonFiniteError, OptionError, ShapeError } from "../errors.ts";
import { type OutputTaps, type Registration, outputTaps, useOutsideLayers } from "../optimizers/index.ts";
import type { LayeredNetwork } from "./averagedTaps.ts";
import { requireData } from "./evidenceInputs.ts";
import type { EvidenceSettings } from "./evidenceSettings.ts";
import type { EvidenceData } from "./laplaceEvidence.ts";

/** Parameters up to which the full matrix is made: 32 MB in float64. */
const mostFull = 2000;

/** Throws for everything that can be told before the first fit. */
export function requireEvidence<Theta>(
  where: string,
  { structure, network, augmentation, likelihood }: EvidenceSettings<Theta>,
  theta: Theta,
  data: EvidenceData,
): void {
  requireData(where, data);
  const { inputs, targets } = data;
  if (structure === "full") requireSmall(where, theta);
  augmentation.requireInputs?.(inputs);
  const { registration, outputs } = layersOf(network, theta, inputs);
  requireLayers(where, network, registration);
  requireOnlyLayers(where, network, theta, inputs);
  requireExampleWise(where, network, theta, inputs);
  // Looks at the targets: labels of no class, shapes that would broadcast.
  likelihood.loss(np.zeros([inputs.shape[0]!, outputs.shape[1]!], { dtype: outputs.dtype }), targets);
}

/** The layers of a network, and its outputs for the first example. */
export function layersOf<Theta>(network: LayeredNetwork<Theta>, theta: Theta, inputs: Tensor): OutputTaps {
  return outputTaps((at: Theta, layers) => network(at, inputs.slice([0, 1]), layers), theta);
}

/** Throws `OptionError` for a leaf of theta that belongs to no layer: it has no curvature here. */
function requireLayers(where: string, network: unknown, { parameters, blocks }: Registration): void {
  const other = blocks.find(({ kind }) => kind !== "dense" && kind !== "convolution");
  if (other !== undefined) {
    const allowed = `one of dense layers and convolutions; "${other.name}" is in a layer of another kind`;
    const hint = "Embeddings, scales and shifts and layers of one's own have no rule for the evidence.";
    throw new OptionError(where, "network", network, allowed, hint);
  }
  const left = parameters.find(({ block }) => block === undefined);
  if (left === undefined) return;
  throw new OptionError(
    where,
    "network",
    network,
    `one all of whose parameters belong to layers that can be seen; "${left.path}" does not (${left.why})`,
    "Compute dense layers and convolutions by the `layers` that the network is given; other parameters, as those of " +
      "normalisations, have no rule.",
  );
}

/**
 * Throws `OptionError` for a leaf of theta that is used outside of its layer too: the curvature of that use is not seen.
 * Outside of traces.
 */
function requireOnlyLayers<Theta>(
  where: string,
  network: LayeredNetwork<Theta>,
  theta: Theta,
  inputs: Tensor,
): void {
  const path = useOutsideLayers((at: Theta, layers) => network(at, inputs.slice([0, 1]), layers), theta);
  if (path === undefined) return;
  throw new OptionError(
    where,
    "network",
    network,
    `one that uses its parameters in layers only; "${path}" is in a layer and is used outside of one too`,
    "The evidence would take that use for a constant. Give it a parameter and a layer of its own, or, where it is meant " +
      "to be a constant, use lax.stopGradient.",
  );
}

/**
 * Throws `OptionError` for a network whose output for an example depends on the others in the batch, as with batch
 * normalisation: there is no curvature of one example then. Looks at two examples, outside of traces.
 */
function requireExampleWise<Theta>(
  where: string,
  network: LayeredNetwork<Theta>,
  theta: Theta,
  inputs: Tensor,
): void {
  if (isTracing() || inputs.shape[0]! < 2) return;
  const both = inputs.slice([0, 2]);
  const alone = network(theta, both.slice([0, 1]), plainLayers);
  const beside = network(theta, both, plainLayers).slice([0, 1]);
  const size = Math.max(...Array.from(beside.data, Math.abs), 1e-3);
  const error = Math.max(...Array.from(alone.data, (x, i) => Math.abs(x - beside.data[i]!)));
  if (!(error > 1e-4 * size)) return;
  throw new OptionError(
    where,
    "network",
    network,
    "one that treats examples one by one; this one's output for an example changes with the others in the batch, as with " +
      "batch normalisation",
    "Leave normalisation over the batch out, or use its running statistics (layer normalisation has no rule yet).",
  );
}

/** Throws `ShapeError` for a full matrix that is too large. */
function requireSmall(where: string, theta: unknown): void {
  const size = tree.size(theta);
  if (size <= mostFull) return;
  throw new ShapeError(
    where,
    `structure "full" makes a matrix of parameters by parameters, which is for up to ${mostFull}, got ${size} of them. ` +
      'Use structure: "kron".',
  );
}

/** Throws `NonFiniteError` that names the term of the evidence that is not finite. */
export function requireFiniteTerms(where: string, terms: Readonly<Record<string, Tensor>>): void {
  for (const [name, term] of Object.entries(terms)) {
    if (term.isTraced || Number.isFinite(term.item())) continue;
    throw new NonFiniteError(
      where,
      `the ${words[name] ?? name} of the evidence is ${term.item()}. Lower the learning rates, or start from a larger prior precision.`,
      { quantity: name },
    );
  }
}

const words: Readonly<Record<string, string>> = {
  logLikelihood: "log-likelihood",
  logDetRatio: "log determinant of the posterior precision",
  logDetPrior: "log determinant of the prior precision",
  scatter: "scatter (squared parameters times their prior precision)",
};
