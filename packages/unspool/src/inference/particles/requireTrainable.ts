/** What training of a twist needs of a model and of a twist. */
import { np, tree } from "../../array/index.ts";
import type { Distribution } from "../../distributions/index.ts";
import { OptionError } from "../../errors.ts";
import type { StateSpaceModel } from "../stateSpace/stateSpaceModel.ts";
import { requireFunctions } from "./particleBoundOptions.ts";

/** Throws `OptionError` for a twist that learns nothing and for a model that cannot be simulated. */
export function requireTrainable(where: string, { model, twist }: { model: unknown; twist?: unknown }): void {
  const parts = ["initial", "transition", "emission"];
  requireFunctions(where, "model", model, parts, "a state-space model whose distributions can be sampled");
  requireFunctions(where, "twist", twist, ["init", "logTwist"], "a twist");
  const { isTrained, name } = twist as { isTrained?: boolean; name?: string };
  if (isTrained === true) return;
  const hint = "Fixed twists and quadrature have nothing to learn.";
  throw new OptionError(where, "twist", name, "one with parameters, as quadraticMlpTwist", hint);
}

/** Throws `OptionError` where a distribution of the model has no draws. */
export function requireSamplers<Theta>(where: string, model: StateSpaceModel<Theta>, theta: Theta): void {
  const at = tree.tensors(theta) as Theta;
  const [x, t] = [np.zeros([model.stateSize], { dtype: tree.floatType(at) }), tree.scalar(1, "int32")];
  const parts = {
    initial: () => model.initial(at),
    transition: () => model.transition(at, x, t),
    emission: () => model.emission(at, x, t),
  };
  for (const [part, make] of Object.entries(parts)) {
    const { sample, name } = make() as Partial<Distribution>;
    if (typeof sample === "function") continue;
    const hint = `Density ratios are learned from simulated trajectories of "${model.name}".`;
    const given = `${part}: ${name}`;
    throw new OptionError(where, "model", given, "one whose distributions have a function sample", hint);
  }
}
