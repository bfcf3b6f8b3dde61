/** The method of the streaming baselines: one outer step is a batch of whole columns and one update, compiled together. */
import { type Key, Tensor, type Tree, np, random } from "../../array/index.ts";
import { OptionError, ShapeError, requireKnownOptions, requireRecord } from "../../errors.ts";
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
  const givenRule: unknown = rule;
  if (
    typeof givenRule !== "object" ||
    givenRule === null ||
    !("update" in givenRule && "options" in givenRule)
  ) {
    const hint =
      typeof givenRule === "function"
        ? `Call it: ${rule.name || "oja"}().`
        : "Write streamingDescent(oja(), { columns }).";
    throw new OptionError(where, "the first argument", givenRule, "a streaming rule", hint);
  }
  requireRecord(where, options, ["columns"]);
  requireKnownOptions(where, options, ["columns"]);
  const { columns } = options;
  if (typeof columns !== "function")
    throw new OptionError(where, "columns", columns, "a function of a key that draws whole columns [n, S]");
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
    init(theta) {
      const components: unknown = (theta as Partial<StreamingTheta> | undefined)?.components;
      if (!Tensor.is(components)) {
        const hint = "Rows are components: initTable(key, k, S). Transposed they are features [S, k].";
        throw new OptionError(where, "theta", theta, "{ components: [k, S] }", hint);
      }
      requireLengths(where, components, columns(random.key(0)));
      return rule.init(components);
    },
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

/** Throws `ShapeError` unless components [k, S] are as long as the columns [n, S]. */
function requireLengths(where: string, components: Tensor, batch: Tensor): void {
  const [k, S] = components.shape;
  if (components.ndim !== 2 || batch.ndim !== 2 || batch.shape[1] === S) return;
  const hint =
    batch.shape[1] === k
      ? "They are transposed: initTable(key, k, S) makes them."
      : "Columns are rows of what `columns` returns.";
  throw new ShapeError(where, `theta.components must be [k, ${batch.shape[1]}] for columns of ${batch.shape[1]} entries, got ${components.toString()}. ${hint}`); // prettier-ignore
}
