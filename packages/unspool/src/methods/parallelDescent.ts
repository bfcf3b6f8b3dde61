/**
 * Synchronous data parallelism with workers that compute at the same time: each thread takes the gradients of some parts of
 * the batch, and one optimizer makes a step of their mean (Chen, Pan, Monga, Bengio & Jozefowicz, arXiv 2016).
 *
 *     part p of B examples:   g_p = ∇ mean loss of its examples at theta
 *     theta ← optimizer.update(mean_p g_p, theta)
 *
 * The mean is taken in float64 and in an order that depends on the number of parts only: the bits are the same for any
 * number of threads. `dataParallel` simulates workers in one program, with what they send made shorter.
 */
import { type Key, type Tensor, lax, random, tree } from "../array/index.ts";
import { ShapeError, requireInteger, requireKnownOptions } from "../errors.ts";
import type { Objective, Optimizer } from "../optimizers/index.ts";
import type { ReverseProgram } from "../program/index.ts";
import { type Executor, compiled, defaultExecutor } from "../unroll/index.ts";
import { type AnyEstimator, type DescentState, descent } from "./descent.ts";
import type { Json } from "../json.ts";
import type { Method } from "./method.ts";
import { programFingerprint } from "./programFingerprint.ts";

export interface ParallelDescentOptions<Theta, Batch> {
  optimizer: Optimizer;
  /** The objective on a part of a batch: its loss is a mean over examples. */
  objective(part: Batch): Pick<Objective<Theta>, "loss">;
  /** Draws a batch from resident data: a tree of tensors with a leading axis of examples. Made of `np` functions. */
  data(key: Key): Batch;
  /** Parts of the batch, of which a thread takes four at a time; the number of examples must be a multiple. Default 16. */
  parts?: number;
  /** Default: the default executor, with the threads that the command was given. */
  executor?: Executor;
}

/**
 * One outer step is one step of training on a batch whose parts are shared by threads: `unspool run --threads 4`, or an
 * executor with as many. Four threads need 16 parts to have work each. The loss is that of the batch; metrics are those of
 * `descent`, with one inner step per outer one.
 *
 * @example
 * setup: ({ steps }) => ({
 *   theta,
 *   method: parallelDescent({ optimizer: adam(), objective, data: (key) => minibatch(train, key, 512) }),
 *   steps,
 * })
 */
export function parallelDescent<Theta, Batch>(
  options: ParallelDescentOptions<Theta, Batch>,
): Method<Theta, DescentState> {
  requireKnownOptions("parallelDescent", options, ["optimizer", "objective", "data", "parts", "executor"]);
  const { optimizer, objective, data, parts = 16 } = options;
  requireInteger("parallelDescent", "parts", parts, 1);
  const executor = options.executor ?? defaultExecutor();
  const draw = compiled("parallelDescent data", (key: Key) => partsOf(data(key), parts));
  const program: ReverseProgram<Theta, object, Batch, Batch> = {
    name: "parallelDescent",
    length: 1,
    begin: (_theta, _shared, part) => part,
    step(theta, _shared, carried) {
      // Data has no gradient.
      const part = tree.map((x: Tensor) => lax.stopGradient(x) as Tensor, carried);
      return { carry: carried, loss: objective(part).loss(theta) };
    },
  };
  const estimator: AnyEstimator<Theta> = {
    name: "parallelDescent",
    init: () => ({}),
    estimate(theta, state, key) {
      const { losses, gradient } = executor.reverse(
        program,
        "all",
        theta,
        {},
        draw(random.foldIn(key, "batch")),
      );
      const loss = Array.from(losses.data, Number).reduce((sum, one) => sum + one, 0) / parts;
      return { loss, gradient, state, metrics: { innerSteps: 1 } };
    },
  };
  const method = descent(estimator, optimizer);
  return {
    ...method,
    name: "parallelDescent",
    recipe: (theta, state) => ({
      ...method.recipe(theta, state),
      objective: { parts, ...fingerprint(options, theta, draw) },
    }),
  };
}

/** The loss of a part as a program, with the numbers in it. */
function fingerprint<Theta, Batch>(
  { objective }: ParallelDescentOptions<Theta, Batch>,
  theta: Theta,
  draw: (key: Key) => Batch,
): Record<string, Json> {
  try {
    const part = tree.map((leaf: Tensor) => leaf.slice(0), draw(random.key(0)));
    const loss = (at: Theta, of: Batch): Tensor => objective(of).loss(at);
    const { program, numbers } = programFingerprint("objective", loss, [theta, part]);
    return { program, numbers };
  } catch {
    // What cannot be traced will say so when the run takes its first step.
    return {};
  }
}

/** [parts, examples of a part, …] */
function partsOf<Batch>(batch: Batch, parts: number): Batch {
  return tree.mapWithPath((path, leaf) => {
    const [examples, ...shape] = leaf.shape;
    if (examples === undefined || examples === 0 || examples % parts !== 0) {
      const where = path === "" ? "the batch" : `the batch at "${path}"`;
      const text = `${where} is ${leaf.toString()}; its leading axis must be a multiple of ${parts} parts.`;
      throw new ShapeError("parallelDescent", text, { path });
    }
    return leaf.reshape([parts, examples / parts, ...shape]);
  }, batch);
}
