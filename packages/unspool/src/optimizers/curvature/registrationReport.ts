/**
 * What curvature methods make of a network: which parameters are in which block, and which are in none. Read off the layers
 * that the network computes; nothing is guessed from names or shapes.
 */
import { type Tensor, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { isFloatLeaf } from "../leaves.ts";
import type { NetworkView } from "../objective/objective.ts";
import { type LayerBlock, type Registration, registerLayers } from "./layerBlocks.ts";
import { type LayerKind, recordingLayers } from "./layerRecorder.ts";
import { textTable } from "./textTable.ts";
import { usesOutsideLayers } from "./useOutsideLayers.ts";

/** What becomes of parameters in no block. */
export type Loose = "error" | "diagonal" | "sgd";

/** What becomes of one leaf of theta. */
export interface ParameterReport {
  readonly path: string;
  readonly shape: readonly number[];
  /**
   * "kronecker": in a block that is a product of two factors; "gradients": in one of second moments of gradients; "diagonal",
   * "sgd": in no layer, by the option `generic`; "fixed": not a float.
   */
  readonly treatment: "kronecker" | "gradients" | "diagonal" | "sgd" | "fixed";
  readonly block: string | undefined;
  /** Whether the network uses it outside of the layer too: the block does not see that use, the gradient does. */
  readonly isUsedOutside: boolean;
  readonly why: string;
}

/** One block of the approximate Fisher information. */
export interface BlockReport {
  /** Path of its weights. */
  readonly name: string;
  readonly kind: LayerKind;
  /** Paths of its parameters. */
  readonly parameters: readonly string[];
  /** How many numbers they are. */
  readonly size: number;
  /** Rows of its two factors; 1 and `size` for a block of gradients. */
  readonly inputs: number;
  readonly outputs: number;
  /** Times that the network computes the layer, and positions of one example, over all of them. */
  readonly uses: number;
  readonly positions: number;
}

/** What a curvature method makes of a network. */
export interface RegistrationReport {
  /** Every leaf of theta. */
  readonly parameters: readonly ParameterReport[];
  /** In the order in which the network computes them. */
  readonly blocks: readonly BlockReport[];
  /** The parameters for a person, one a line. */
  readonly table: string;
}

/** Blocks and all parameters of a network. */
export function registrationOf<Theta>(network: NetworkView<Theta>, theta: Theta): Registration {
  const { layers, uses } = recordingLayers();
  network.outputs(theta, layers);
  return registerLayers(theta, uses);
}

/**
 * Every parameter of theta with its treatment, and the blocks, for the network of an objective.
 *
 * @throws OptionError that names a parameter in no block, where `loose` is "error".
 */
export function reportOf<Theta>(
  where: string,
  network: NetworkView<Theta>,
  theta: Theta,
  loose: Loose,
): RegistrationReport {
  const registration = registrationOf(network, theta);
  const leaves = new Map(tree.entries(theta));
  const outside = usesOutsideLayers((at: Theta, layers) => network.outputs(at, layers), theta);
  const byName = new Map(registration.blocks.map((block) => [block.name, block]));
  const parameters = registration.parameters.map(({ path, block, why }): ParameterReport => {
    const leaf = leaves.get(path)!;
    const isUsedOutside = block !== undefined && outside.includes(path);
    const also = isUsedOutside ? "; used outside of layers too, which the block does not see" : "";
    const common = { path, shape: leaf.shape, block, isUsedOutside, why: `${why}${also}` };
    if (block !== undefined)
      return { ...common, treatment: byName.get(block)!.form === "matrix" ? "kronecker" : "gradients" };
    return { ...common, treatment: looseTreatment(where, leaf, path, why, loose) };
  });
  const blocks = registration.blocks.map((block) => blockReport(block, leaves));
  return { parameters, blocks, table: tableOf(parameters) };
}

function looseTreatment(
  where: string,
  leaf: Tensor,
  path: string,
  why: string,
  loose: Loose,
): "fixed" | "diagonal" | "sgd" {
  if (!isFloatLeaf(leaf)) return "fixed";
  if (loose !== "error") return loose;
  const hint = `Parameter "${path}" is in no block: ${why}.`;
  throw new OptionError(where, "generic", loose, '"diagonal" or "sgd" for this network', hint);
}

function blockReport(block: LayerBlock, leaves: ReadonlyMap<string, Tensor>): BlockReport {
  const { name, kind, paths, biasPath, inputs, outputs, uses, positions } = block;
  const parameters = biasPath === undefined ? [...paths] : [...paths, biasPath];
  const size = parameters.reduce((sum, path) => sum + leaves.get(path)!.size, 0);
  return { name, kind, parameters, size, inputs, outputs, uses: uses.length, positions };
}

function tableOf(reports: readonly ParameterReport[]): string {
  const rows = [
    ["parameter", "shape", "treatment", "block", "why"],
    ...reports.map(({ path, shape, treatment, block, why }) => [
      path,
      `[${shape.join(", ")}]`,
      treatment,
      block ?? "",
      why,
    ]),
  ];
  return textTable(rows);
}
