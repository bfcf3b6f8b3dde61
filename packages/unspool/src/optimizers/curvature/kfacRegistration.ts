/** Which parameters K-FAC treats how, and whether a network is the chain that the tridiagonal structure needs. */
import { type Tensor, type TracedBody, np, traceProgram, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import type { NetworkView } from "../objective/objective.ts";
import type { KfacRule } from "./kfacOptions.ts";
import type { Registration } from "./layerBlocks.ts";
import { probesFor, recordingLayers } from "./layerRecorder.ts";
import { type RegistrationReport, registrationOf, reportOf } from "./registrationReport.ts";

/**
 * Every parameter with its treatment. Throws `OptionError` for one that has none, for a network that is no chain where the
 * structure is tridiagonal, and for a parameter that is used outside of its layer where inverses are applied to rows.
 */
export function reportOn<Theta>(
  rule: KfacRule,
  network: NetworkView<Theta>,
  theta: Theta,
): RegistrationReport {
  const report = reportOf("kfac", network, theta, rule.generic);
  if (rule.structure === "tridiagonal") requireChain(network, theta, registrationOf(network, theta).blocks);
  if (rule.lowRank) requireOnlyLayers(report);
  return report;
}

/** The gradient of a block is not the product of its rows where its parameters are used outside of layers too. */
function requireOnlyLayers({ parameters }: RegistrationReport): void {
  const tied = parameters.find(({ isUsedOutside }) => isUsedOutside);
  if (tied === undefined) return;
  const hint = `Parameter "${tied.path}" is in a layer and is used outside of one too.`;
  throw new OptionError("kfac", "lowRank", true, "false for this network", hint);
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
