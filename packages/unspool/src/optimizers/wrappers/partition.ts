/**
 * Different optimizers for different leaves of theta, a common practice: the leaves of each label are moved by an
 * optimizer of their own, as if they were all of theta.
 *
 *     theta_l ← optimizers[l].update(g_l, theta_l)   for each label l;   of the label "inner": inner.update
 */
import { type Tensor, type Tree, np, tree } from "../../array/index.ts";
import { OptionError, requireOneOf, requireRecord } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import { advance, counter, isFloatLeaf, requireGradient, thetaEntries } from "../leaves.ts";
import type { Optimizer } from "../optimizer.ts";
import { type LeafLabels, innerLabel, labelPredicate, requireLabels } from "./leafLabels.ts";
import { requireOptimizer } from "./wrapping.ts";

export interface PartitionOptions {
  /** Optimizers by label. Default: none, so that all leaves are the inner one's. */
  optimizers?: Readonly<Record<string, Optimizer>>;
  /**
   * The label of each leaf: a function of path and leaf, or a tree of labels like theta, of which a label stands for all
   * that is below it and what has none is the inner optimizer's. Default: "inner", for all.
   */
  labels?: LeafLabels;
}

export type PartitionState = {
  step: Tensor;
  /** The state of each optimizer that has leaves, by label; its trees are records with the paths of its leaves as names. */
  inner: Readonly<Record<string, Tree>>;
};

export const partitionDefaults: Required<PartitionOptions> = { optimizers: {}, labels: () => innerLabel };

/** Leaves by their path in theta. */
type Leaves = Record<string, Tensor>;

/**
 * An optimizer for each group of leaves. Norms over "all of theta" are over the leaves of a label. Wrap it in `masked` to
 * freeze leaves. Cost: that of the optimizers on their leaves.
 *
 * @example
 * const optimizer = partition(adam(), {
 *   optimizers: { slow: sgd({ learningRate: 0.001 }), matrices: lion() },
 *   labels: (path, leaf) => (path === "scale" ? "slow" : leaf.ndim === 2 ? "matrices" : "inner"),
 * });
 */
export function partition(inner: Optimizer, options: PartitionOptions = {}): Optimizer<PartitionState> {
  requireOptimizer("partition", inner);
  const { optimizers, labels } = withDefaults("partition", options, partitionDefaults);
  const members = requireMembers(inner, optimizers);
  const labelOf = labelPredicate("partition", labels);

  /** Floating-point leaves of `values` by the label of their place in theta; others keep their value. */
  const split = (theta: unknown, values: unknown): Record<string, Leaves> => {
    const parts: Record<string, Leaves> = {};
    tree.mapWithPath(
      (path, leaf, value) => {
        if (isFloatLeaf(leaf)) (parts[known(members, path, labelOf(path, leaf))] ??= {})[path] = value!;
        return leaf;
      },
      theta,
      values,
    );
    return parts;
  };
  const merge = <Theta>(theta: Theta, parts: Iterable<Leaves>): Theta => {
    const all: Leaves = Object.assign({}, ...parts) as Leaves;
    return tree.mapWithPath((path, leaf) => (Object.hasOwn(all, path) ? all[path]! : leaf), theta);
  };
  /** `fn` for every label that has leaves. */
  const each = <T>(parts: Record<string, Leaves>, fn: (member: Optimizer, label: string) => T) =>
    Object.keys(parts).map((label) => [label, fn(members[label]!, label)] as const);
  const ofAll = Object.values(members);

  return {
    name: `partition(${inner.name}${Object.entries(optimizers)
      .map(([label, { name }]) => `, ${label}: ${name}`)
      .join("")})`,
    ...(ofAll.some(({ usesLoss }) => usesLoss) && { usesLoss: true }),
    ...(ofAll.some(({ metrics }) => metrics) && {
      metrics: (state: PartitionState) =>
        Object.fromEntries(
          Object.entries(state.inner).flatMap(([label, own]) =>
            Object.entries(members[label]!.metrics?.(own) ?? {}).map(
              ([name, value]) => [`${label}.${name}`, value] as const,
            ),
          ),
        ),
    }),
    ...(ofAll.every(({ secondMoment }) => secondMoment) && {
      secondMoment: <Theta>(state: PartitionState, theta: Theta) => {
        const parts = split(theta, theta);
        const made = each(parts, (member, label) => member.secondMoment!(state.inner[label]!, parts[label]!));
        return merge(tree.map(np.zerosLike, theta), made.map(([, leaves]) => leaves)); // prettier-ignore
      },
    }),
    ...(ofAll.some(({ evaluationTheta }) => evaluationTheta) && {
      evaluationTheta: <Theta>(state: PartitionState, theta: Theta) => {
        const parts = split(theta, theta);
        const made = each(
          parts,
          (member, label) => member.evaluationTheta?.(state.inner[label]!, parts[label]!) ?? parts[label]!,
        );
        return merge(theta, made.map(([, leaves]) => leaves)); // prettier-ignore
      },
    }),
    ...(ofAll.some(({ moveTo }) => moveTo) && {
      moveTo: <Theta>(state: PartitionState, theta: Theta) => {
        const parts = split(theta, theta);
        const moved = each(
          parts,
          (member, label) => member.moveTo?.(state.inner[label]!, parts[label]!) ?? state.inner[label]!,
        );
        return { ...state, inner: Object.fromEntries(moved) };
      },
    }),
    init(theta) {
      thetaEntries("partition", theta);
      requireLabels("partition", labels, theta);
      const parts = split(theta, theta);
      const inits = each(parts, (member, label) => member.init(parts[label]!));
      return { step: counter(), inner: Object.fromEntries(inits) };
    },
    update(gradient, state, theta, observed) {
      requireGradient("partition", theta, gradient, state);
      const [thetas, gradients] = [split(theta, theta), split(theta, gradient)];
      const moved = each(thetas, (member, label) =>
        member.update(gradients[label]!, state.inner[label]!, thetas[label]!, observed),
      );
      return {
        theta: merge(theta, moved.map(([, next]) => next.theta)), // prettier-ignore
        state: {
          step: advance(state.step),
          inner: Object.fromEntries(moved.map(([label, next]) => [label, next.state])),
        },
      };
    },
  };
}

/** All optimizers by label. Throws `OptionError` for what is none, and for the label of the inner one. */
function requireMembers(
  inner: Optimizer,
  optimizers: Readonly<Record<string, Optimizer>>,
): Record<string, Optimizer> {
  requireRecord("partition: optimizers", optimizers, ["matrices"]);
  if (Object.hasOwn(optimizers, innerLabel)) {
    throw new OptionError(
      "partition",
      "a label of optimizers",
      innerLabel,
      "another name",
      "That label is the first argument's.",
    );
  }
  for (const [label, optimizer] of Object.entries(optimizers))
    requireOptimizer("partition", optimizer, label);
  return { [innerLabel]: inner, ...optimizers };
}

function known(members: Record<string, Optimizer>, path: string, label: string): string {
  const place = path === "" ? "the label of theta" : `the label of "${path}"`;
  requireOneOf("partition", place, label, Object.keys(members));
  return label;
}
