/** Which parameters K-FAC treats how, and whether a network is the chain that the tridiagonal structure needs. */
import { type Tensor, type TracedBody, np, traceProgram, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { isFloatLeaf } from "../leaves.ts";
import type { NetworkView } from "../objective/objective.ts";
import type { KfacRule } from "./kfacOptions.ts";
import { type Registration, registerLayers } from "./layerBlocks.ts";
import { probesFor, recordingLayers } from "./layerRecorder.ts";

export interface ParameterReport {
  readonly path: string;
  readonly shape: readonly number[];
  /** "kronecker": in a block; "diagonal", "sgd": in no layer, by the option `generic`; "fixed": not a float. */
  readonly treatment: "kronecker" | "diagonal" | "sgd" | "fixed";
  readonly block: string | undefined;
  readonly why: string;
}

export interface RegistrationReport {
  readonly parameters: readonly ParameterReport[];
  /** The same for a person. */
  readonly table: string;
}

/** Blocks and all parameters of a network. */
export function registrationOf<Theta>(network: NetworkView<Theta>, theta: Theta): Registration {
  const { layers, uses } = recordingLayers();
  network.outputs(theta, layers);
  return registerLayers(theta, uses);
}

/** Every parameter with its treatment. Throws `OptionError` for one that has none, or a network that is no chain. */
export function reportOn<Theta>(
  rule: KfacRule,
  network: NetworkView<Theta>,
  theta: Theta,
  { blocks, parameters }: Registration,
): RegistrationReport {
  const leaves = new Map(tree.entries(theta));
  const reports = parameters.map(({ path, block, why }): ParameterReport => {
    const leaf = leaves.get(path)!;
    const common = { path, shape: leaf.shape, block, why };
    if (block !== undefined) return { ...common, treatment: "kronecker" };
    if (!isFloatLeaf(leaf)) return { ...common, treatment: "fixed" };
    if (rule.generic !== "error") return { ...common, treatment: rule.generic };
    const hint = `Parameter "${path}" is in no block: ${why}.`;
    throw new OptionError("kfac", "generic", rule.generic, '"diagonal" or "sgd" for this network', hint);
  });
  if (rule.structure === "tridiagonal") requireChain(network, theta, blocks);
  return { parameters: reports, table: tableOf(reports) };
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
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd()).join("\n"); // prettier-ignore
}

const articled = {
  convolution: "a convolution",
  embedding: "an embedding",
  scale: "a scale and shift",
  own: "a layer of one's own",
} as const;

/** Throws `OptionError` naming the first layer that is not one link of a chain of dense layers. */
function requireChain<Theta>(
  network: NetworkView<Theta>,
  theta: Theta,
  blocks: Registration["blocks"],
): void {
  const fail = (name: string, problem: string): never => {
    const allowed = '"block" for this network';
    throw new OptionError("kfac", "structure", "tridiagonal", allowed, `Layer "${name}" ${problem}.`);
  };
  for (const { name, kind, uses, positions } of blocks) {
    if (kind !== "dense") fail(name, `is ${articled[kind]}`);
    if (uses.length > 1) fail(name, `is used ${uses.length} times`);
    if (positions > 1) fail(name, `is applied at ${positions} positions`);
  }
  blocks.forEach(({ name, uses }) => {
    if (passesBy(network, theta, uses[0]!))
      fail(name, "is not the only way from the layers before it to those after it (a skip or a branch)");
  });
}

/** Whether something of the layers before use `cut` reaches the outputs without going through that layer. */
function passesBy<Theta>(network: NetworkView<Theta>, theta: Theta, cut: number): boolean {
  const plain = recordingLayers();
  network.outputs(theta, plain.layers);
  const probes = probesFor(plain.uses, tree.floatType(theta));
  const withCut = (added: readonly Tensor[]): Tensor => {
    const { layers, uses } = recordingLayers(added);
    return network.outputs(theta, {
      ...layers,
      dense(layer, x) {
        const isCut = uses.length === cut;
        const y = layers.dense(layer, x);
        return isCut ? np.zeros([...y.shape], { dtype: tree.floatType(y) }) : y;
      },
    });
  };
  const { body } = traceProgram("chain", withCut as (...args: never[]) => unknown, [probes]);
  return reaches(body, new Set(body.inputs.slice(-probes.length).slice(0, cut)));
}

/** Whether results depend on the values with these ids. */
function reaches(body: TracedBody, from: ReadonlySet<number>): boolean {
  const reached = new Set(from);
  const isReached = (atom: TracedBody["outputs"][number]): boolean => "id" in atom && reached.has(atom.id);
  for (const { inputs, outputs } of body.equations)
    if (inputs.some(isReached)) for (const { id } of outputs) reached.add(id);
  return body.outputs.some(isReached);
}
