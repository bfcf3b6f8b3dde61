/** The method of the streaming baselines: one outer step is a batch of whole columns and one update, compiled together. */
import { type Key, type Tensor, type Tree, np, random } from "../../array/index.ts";
import { requireKnownOptions } from "../../errors.ts";
import { type Method, requireFiniteValues } from "../../methods/index.ts";
import { allFinite } from "../../optimizers/index.ts";
import { compiled } from "../../unroll/index.ts";
import type { StreamingRule } from "./streamingRule.ts";

export interface StreamingDescentOptions {
  /** Draws whole columns [n, S], one a row; made of `np` functions. */
  columns(key: Key): Tensor;
}

/** Components of a rule, rows of V [k, S]. Transposed they are features, as `subspaceDistance` takes them. */
export interface StreamingTheta {
  components: Tensor;
}

/**
 * Moves components by a streaming rule. A step has no loss; `innerSteps` counts columns.
 *
 * @example
 * const { columns } = pixelMatrix(images);
 * streamingDescent(oja({ learningRate: 0.01 }), {
 *   columns: (key) => columns(random.randint(key, [128], 0, 60_000)),
 * });
 */
export function streamingDescent<State extends Tree>(
  rule: StreamingRule<State>,
  options: StreamingDescentOptions,
): Method<StreamingTheta, State> {
  const where = "streamingDescent";
  requireKnownOptions(where, options, ["columns"]);
  const { columns } = options;
  const once = compiled(where, ({ components: v }: StreamingTheta, state: State, key: Key) => {
    const batch = columns(random.foldIn(key, "columns")).astype(v.dtype);
    const next = rule.update(v, batch, state);
    const isFinite = np.logicalAnd(allFinite(next.components), allFinite(next.state)) as Tensor;
    return { ...next, isFinite };
  });
  /** Columns of a batch, which its shape says. */
  let count: number | undefined;
  return {
    name: where,
    recipe: () => ({ rule: { name: rule.name, ...rule.options } }),
    init: ({ components }) => rule.init(components),
    step(theta, given, key) {
      count ??= columns(random.key(0)).shape[0]!;
      const { components, state, isFinite } = once(theta, given, key);
      if (isFinite.item() !== 1) {
        requireFiniteValues(where, "components", components);
        requireFiniteValues(where, "state", state);
      }
      return { theta: { components }, state, loss: null, metrics: { innerSteps: count } };
    },
  };
}
