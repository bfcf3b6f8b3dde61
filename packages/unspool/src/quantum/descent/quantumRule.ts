/** What moves the parameters of a state: it may ask the model for its metric or its divergence. */
import type { Tensor, Tensors, Tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import type { Json } from "../../methods/index.ts";
import type { Optimizer } from "../../optimizers/index.ts";
import type { QuantumModel } from "../models/quantumModel.ts";

/** What a rule may ask: the model, and in place of its probabilities the shares of bitstrings that were drawn. */
export interface Geometry<Theta> {
  model: QuantumModel<Theta>;
  frequencies?: Tensor | undefined;
}

export interface RuleUpdate<Theta> {
  theta: Theta;
  state: Tree;
  /** Scalars. */
  metrics: Record<string, Tensor>;
}

/** Made of `np` functions only, as optimizers are; its state is a tree of tensors. */
export interface QuantumRule {
  readonly name: string;
  /** Options, for the recipe of a run. */
  readonly recipe: Readonly<Record<string, Json>>;
  /** Throws `OptionError` for a model that it cannot move. */
  requireModel?(model: QuantumModel): void;
  init<Theta>(theta: Theta): Tree;
  update<Theta>(gradient: Theta, state: Tree, theta: Theta, geometry: Geometry<Theta>): RuleUpdate<Theta>;
}

/** An optimizer as a rule that asks nothing. */
export function plainRule(optimizer: Optimizer): QuantumRule {
  return {
    name: optimizer.name,
    recipe: {},
    init: (theta) => optimizer.init(theta),
    update(gradient, state, theta) {
      const next = optimizer.update(asTensors(gradient), state, theta);
      return { ...next, metrics: {} };
    },
  };
}

/** A gradient has theta's type, and its leaves are tensors. */
export const asTensors = <Theta>(gradient: Theta): Tensors<Theta> => gradient as Tensors<Theta>;

/** The rule that was given. Throws `OptionError` unless it is one, or an optimizer. */
export function requireRule(where: string, given: QuantumRule | Optimizer): QuantumRule {
  const both = given as Partial<QuantumRule & Optimizer>;
  if (typeof both?.update !== "function" || typeof both.init !== "function")
    throw new OptionError(where, "the second argument", given, "a rule or an optimizer", "Write qngd(), qpmd() or adam()."); // prettier-ignore
  return "recipe" in given ? given : plainRule(given);
}
