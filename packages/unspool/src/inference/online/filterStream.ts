/**
 * Filtering and learning along a stream without an end: one observation in, one belief out, the memory constant. What goes on
 * from one observation to the next is a snapshot, plain data, from which the stream goes on to the bit.
 */
import { type Key, Tensor, type Tree, random, tree } from "../../array/index.ts";
import { OptionError, requireKnownOptions } from "../../errors.ts";
import { requireFiniteValues } from "../../methods/index.ts";
import type { Optimizer } from "../../optimizers/index.ts";
import { compiled } from "../../unroll/index.ts";
import type { FilterStep, OnlineFilter } from "./onlineFilter.ts";
import { requireLearning } from "./requireLearning.ts";

/** All that goes on: tensors, numbers and strings. `encodeState` and `decodeState` keep it; JSON loses the tensors. */
export interface FilterSnapshot<Theta = unknown, State = unknown> {
  /** The filter, by its name and options. */
  madeBy: string;
  /** Observations that it has seen. */
  seen: number;
  theta: Theta;
  filter: State;
  /** Of the optimizer; null where theta is not learned. */
  optimizer: Tree | null;
  /** Of the stream; the key of observation t is `foldIn(key, t)`. */
  key: Key;
}

export interface FilterStreamOptions<Theta, State> {
  /** What theta is at the first observation. Not with `resume`. */
  theta?: Theta;
  /** Of the random numbers. Not with `resume`. Default `random.key(0)`. */
  key?: Key;
  /** Learns theta by the gradient of a filter that `learns`; without one theta stays. */
  optimizer?: Optimizer;
  /** Where an earlier stream was left. */
  resume?: FilterSnapshot<Theta, State>;
}

/** An observation, seen. */
export interface Filtered<Theta, State> extends Omit<FilterStep<Theta, State>, "state"> {
  /** Its number, from 0. */
  t: number;
  /** After it. */
  theta: Theta;
  /** After it: keep it, and a later stream goes on from here. */
  snapshot: FilterSnapshot<Theta, State>;
}

const where = "filterStream";

/** Anything that `for await` or `for` can walk over: y [dy], or null where nothing was observed. */
export type ObservationSource =
  AsyncIterable<Tensor | readonly number[] | null> | Iterable<Tensor | readonly number[] | null>;

/**
 * Filters a source as its observations come. Reads one only when the last was used, and leaves the source where it is when the
 * caller stops. An observation may be numbers, a tensor [dy], or null.
 *
 * Throws `OptionError` for options that do not fit, for an optimizer beside a filter that does not learn, and for a snapshot of
 * another filter (one with other options is one), and what the filter throws.
 *
 * @example
 * for await (const { mean, sd, theta, snapshot } of filterStream(filter, sensor, { theta, optimizer: adam() })) {
 *   if (isTimeToSave()) keep(snapshot);
 * }
 */
export async function* filterStream<Theta, State>(
  filter: OnlineFilter<Theta, State>,
  source: ObservationSource,
  options: FilterStreamOptions<Theta, State> = {},
): AsyncGenerator<Filtered<Theta, State>, void, undefined> {
  requireSource(source);
  const step = streamStep(filter, options.optimizer);
  let snapshot = firstSnapshot(filter, options);
  for await (const y of source) {
    const made = step(snapshot, asObservation(snapshot.seen, y));
    snapshot = made.snapshot;
    yield made;
  }
}

/** Where a stream begins. Throws `OptionError` unless either `theta` or a fitting `resume` is given. */
export function firstSnapshot<Theta, State>(
  filter: OnlineFilter<Theta, State>,
  options: FilterStreamOptions<Theta, State>,
): FilterSnapshot<Theta, State> {
  requireKnownOptions(where, options, ["theta", "key", "optimizer", "resume"]);
  const { theta, key = random.key(0), optimizer, resume } = options;
  if (resume !== undefined) {
    const given = theta !== undefined ? "theta" : options.key === undefined ? undefined : "key";
    if (given !== undefined) throw new OptionError(where, given, options[given], "left out with resume");
    requireSnapshot(resume, nameOf(filter));
    if ((resume.optimizer === null) === (optimizer !== undefined)) {
      const hint = "Go on with the optimizer that the snapshot was made with.";
      const allowed = resume.optimizer === null ? "left out, as before" : "given, as before";
      throw new OptionError(where, "optimizer", optimizer?.name, allowed, hint);
    }
    return resume;
  }
  if (theta === undefined) throw new OptionError(where, "theta", theta, "given, or resume");
  const start = tree.tensors(theta) as Theta;
  return {
    madeBy: nameOf(filter),
    seen: 0,
    theta: start,
    filter: filter.init(start, random.foldIn(key, "init")),
    optimizer: optimizer === undefined ? null : optimizer.init(start),
    key,
  };
}

/** What has to be the same of two filters for one to go on where the other was left. */
const nameOf = ({ name, describe }: Pick<OnlineFilter, "name" | "describe">): string =>
  JSON.stringify({ name, ...describe });

/** Throws `OptionError` for what is no snapshot, or one of another filter, and `ShapeError` for one that JSON has emptied. */
function requireSnapshot(resume: FilterSnapshot, name: string): void {
  const allowed = "a snapshot that filterStream has given";
  if (typeof resume?.madeBy !== "string" || !Number.isInteger(resume.seen))
    throw new OptionError(where, "resume", resume, allowed);
  if (resume.madeBy !== name)
    throw new OptionError(where, "resume", resume.madeBy, `a snapshot of the filter that goes on, ${name}`);
  // Finds tensors without elements.
  const visit = (node: unknown): void => {
    if (typeof node === "object" && node !== null && !Tensor.is(node)) Object.values(node).forEach(visit);
  };
  visit(resume);
}

/** One observation of a stream, as a pure function. */
export function streamStep<Theta, State>(
  filter: OnlineFilter<Theta, State>,
  optimizer?: Optimizer,
): (snapshot: FilterSnapshot<Theta, State>, y: Tensor | null) => Filtered<Theta, State> {
  if (typeof filter?.step !== "function") throw new OptionError(where, "filter", filter, "an online filter");
  requireLearning(where, filter, optimizer);
  const madeBy = nameOf(filter);
  const update = thetaUpdate<Theta>(optimizer);
  return ({ seen: t, theta, filter: state, optimizer: moments, key }, y) => {
    const { state: filtered, ...told } = filter.step(theta, state, y, random.foldIn(key, t));
    const next = update(told.gradient, moments, theta);
    return {
      ...told,
      t,
      theta: next.theta,
      snapshot: { madeBy, seen: t + 1, theta: next.theta, filter: filtered, optimizer: next.state, key },
    };
  };
}

type ThetaUpdate<Theta> = (
  gradient: Theta | undefined,
  state: Tree | null,
  theta: Theta,
) => { theta: Theta; state: Tree | null };

/** A step of the optimizer where there is one, and a gradient. Throws `NonFiniteError` for a theta that is not finite. */
export function thetaUpdate<Theta>(optimizer: Optimizer | undefined): ThetaUpdate<Theta> {
  if (optimizer === undefined) return (_gradient, state, theta) => ({ theta, state });
  const update = compiled("filter.theta", (gradient: unknown, state: Tree, theta: unknown) =>
    optimizer.update(gradient, state, theta),
  );
  return (gradient, state, theta) => {
    if (gradient === undefined || state === null) return { theta, state };
    const next = update(gradient, state, theta);
    requireFiniteValues(where, "theta", next.theta);
    return { theta: next.theta as Theta, state: next.state };
  };
}

function requireSource(source: ObservationSource): void {
  const given = source as Partial<AsyncIterable<unknown> & Iterable<unknown>> | null | undefined;
  if (typeof (given?.[Symbol.asyncIterator] ?? given?.[Symbol.iterator]) === "function") return;
  const allowed = "an iterable of observations: an array, a generator, a stream";
  throw new OptionError(where, "source", source, allowed);
}

function asObservation(t: number, y: Tensor | readonly number[] | null): Tensor | null {
  if (y === null) return null;
  if (typeof y !== "object") {
    const allowed = "numbers, a tensor [dy], or null where nothing was observed";
    throw new OptionError(where, `observation ${t}`, y, allowed);
  }
  return tree.tensors(Array.isArray(y) ? Float64Array.from(y) : y) as Tensor;
}
