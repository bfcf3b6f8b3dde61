/**
 * The lives of learning agents as a program of an executor: one unit is one lifetime, which carries tangents of its
 * agent and of c along every coordinate of eta (forward mode: no trajectory is stored).
 */
import { type Key, type Tensor, jvp, np, random, tree, vmap } from "../../array/index.ts";
import { thetaBasis } from "../../estimators/index.ts";
import { type Clock, type ForwardProgram, splitFloats } from "../../unroll/index.ts";
import { type ErasedTask, firstAgent, inTypeOf, worldOf } from "../environments/learningTask.ts";
import { type Observation, type SurrogateChoice, observe, surrogateTerms } from "./surrogate.ts";

/** What all lifetimes share. Scalars are tensors, so that one program serves all their values. */
export interface LifetimeShared {
  eta: unknown;
  key: Key;
  /** lambda. */
  coefficient: Tensor;
  /** m. */
  metaDiscount: Tensor;
  /** int32: updates of a window. */
  window: Tensor;
  /** Whatever the baseline wants to know. */
  baseline: Tensor;
  /** The table of an enumeration. */
  table?: { data: unknown; logChance: Tensor; world: unknown };
}

/** A lifetime before a window: sampled (index, and a clock if it goes on between windows) or enumerated. */
export interface LifetimeUnit {
  lifetime?: Tensor;
  clock?: Clock;
  agent?: unknown;
  /** Sum over earlier updates of mean returns, [H]. */
  past?: Tensor;
  /** Enumerated: rows of the table, int32 [T], and the first update of the window. */
  sequence?: Tensor;
  start?: Tensor;
}

/** At one update, for functions that give baselines. Tensors may be traced. */
export interface BaselineContext {
  eta: unknown;
  agent: unknown;
  data: unknown;
  /** int32. */
  t: Tensor;
  /** Mean return of the updates before this one, [H]; 0 at the first. */
  pastReturns: Tensor;
  observation: Observation;
  /** Row of this update in the window, int32. */
  k: Tensor;
  shared: LifetimeShared;
}

export interface LifetimeSettings {
  task: ErasedTask;
  choice: SurrogateChoice;
  /** Steps of the program: T, or the length of a contiguous window. */
  length: number;
  /** Derivatives are taken in a window of the lifetime only. */
  isWindowed: boolean;
  objective: "mean" | "last";
  /** b of the surrogate: scalar, [H] or [B, H]. */
  baseline(context: BaselineContext): Tensor;
}

type Constant = { key: Key; world: unknown; start: Tensor; sequence?: Tensor };

interface Carry {
  t: Tensor;
  agent: unknown;
  /** Leading axis |eta|. `agent`: floating-point leaves. `score`: of c. */
  tangents: { agent: Tensor[]; score: Tensor };
  /** float64 [|eta|]: gradient of sum_i S_i. */
  gradient: Tensor;
  /** float64: sum of the returns that count. */
  objective: Tensor;
  past: Tensor;
  /** float64: log-probability of everything that happened. */
  logProb: Tensor;
  /** Of this update, [H]. */
  returns: Tensor;
}

export type LifetimeProgram = ForwardProgram<
  LifetimeShared,
  LifetimeUnit,
  object,
  Constant,
  Carry,
  { gradient: Tensor; objective: Tensor; returns: Tensor },
  { gradient: Tensor; objective: Tensor; score: Tensor; logProb: Tensor }
>;

const int = (value: number): Tensor => tree.scalar(value, "int32");
const wide = (x: Tensor): Tensor => x.astype("float64");

/** Lifetimes with their meta-gradients. */
export function lifetimeProgram(settings: LifetimeSettings): LifetimeProgram {
  const { task, length } = settings;
  return {
    name: `metaGradient:${task.name}`,
    length,
    begin: (shared, unit) => begin(settings, shared, unit),
    step(shared, constant, carry, k) {
      const { eta } = shared;
      const { t, agent } = carry;
      const { data, logChance } = happen(task, shared, constant, agent, t);
      const observation = observe(task, data);
      const pastReturns = carry.past.div(np.maximum(t, int(1)).astype(carry.past.dtype) as Tensor);
      const b = settings.baseline({ eta, agent, data, t, pastReturns, observation, k, shared });
      const centred = observation.returns.sub(b);
      const at = (ofEta: unknown, ofAgent: unknown) =>
        surrogateTerms(task, settings.choice, { eta: ofEta, agent: ofAgent, data, t }, observation, centred);
      const next = at(eta, agent);
      const isLast = t.equal(task.updates - 1);
      const moved = tangentsOf(settings, shared, constant, carry, at);
      const correction = moved.incoming.mul(shared.coefficient.mul(centred.mean(0).slice(0)));
      const gained = wide(moved.direct.add(correction));
      const isCounted = settings.objective === "last" ? wide(isLast) : np.ones([], { dtype: "float64" });
      return {
        t: t.add(1),
        agent: next.agent,
        tangents: {
          agent: moved.agent,
          score: moved.incoming.add(moved.score).mul(shared.metaDiscount),
        },
        gradient: carry.gradient.add(gained.mul(isCounted.mul(moved.mask))),
        objective: carry.objective.add(wide(observation.mean.slice(0)).mul(isCounted)),
        past: carry.past.add(observation.mean),
        logProb: carry.logProb.add(wide(next.logProb)).add(logChance),
        returns: observation.mean,
      };
    },
    finish(_shared, unit, members) {
      const { t, agent, tangents, gradient, objective, past, logProb } = members[0]!.carry;
      const going = unit.clock === undefined ? unit : { ...unit, clock: { ...unit.clock, t }, agent, past };
      return {
        unit: going,
        mean: { gradient, objective, returns: wide(past) },
        each: { gradient, objective, score: wide(tangents.score), logProb },
      };
    },
  };
}

/** The same lifetimes without derivatives, for their returns: [length] records of [H]. */
export function lifetimeReturns(settings: LifetimeSettings): LifetimeProgram {
  const { task, choice } = settings;
  const program = lifetimeProgram(settings);
  return {
    ...program,
    name: `returns:${task.name}`,
    step(shared, constant, carry) {
      const { t, agent } = carry;
      const { data } = happen(task, shared, constant, agent, t);
      const observation = observe(task, data);
      const at = { eta: shared.eta, agent, data, t };
      const next = surrogateTerms(task, choice, at, observation, observation.returns);
      return { ...carry, t: t.add(1), agent: next.agent, returns: observation.mean };
    },
    record: ({ returns }) => ({ returns }),
  };
}

function begin({ task, length, isWindowed }: LifetimeSettings, shared: LifetimeShared, unit: LifetimeUnit) {
  const { eta, table } = shared;
  const dtype = tree.floatType(eta);
  const key = unit.clock?.key ?? random.foldIn(shared.key, unit.lifetime ?? 0);
  const world = table?.world ?? worldOf(task, eta, random.foldIn(key, "world"));
  const fresh = firstAgent(task, eta, world);
  const start = (of: unknown) => splitFloats(firstAgent(task, of, world)).floats;
  const along = vmap((direction: unknown) => jvp(start, [eta], [direction])[1])(thetaBasis(eta));
  const [count, none] = [tree.size(eta), np.zeros([task.actions], { dtype })];
  const t = unit.clock?.t ?? int(0);
  const isFresh = t.equal(0);
  const either = (first: unknown, later: unknown) => tree.select(isFresh, first, later);
  const isGoing = unit.clock !== undefined;
  const carry: Carry = {
    t,
    agent: isGoing ? either(fresh, unit.agent) : fresh,
    tangents: {
      agent: isGoing
        ? (along.map((x) => np.where(isFresh, x, np.zeros(x.shape, { dtype }))) as Tensor[])
        : along,
      score: np.zeros([count], { dtype }),
    },
    gradient: np.zeros([count], { dtype: "float64" }),
    objective: np.zeros([], { dtype: "float64" }),
    past: isGoing ? (either(none, unit.past) as Tensor) : none,
    logProb: np.zeros([], { dtype: "float64" }),
    returns: none,
  };
  const constant: Constant = {
    key,
    world,
    start: unit.start ?? (isWindowed ? windowStart(key, length, shared.window) : int(0)),
    ...(unit.sequence === undefined ? {} : { sequence: unit.sequence }),
  };
  return { members: [{ constant, carry }], kept: {} };
}

/** First update of a window of `window` updates, uniform over 0 … length - window. */
function windowStart(key: Key, length: number, window: Tensor): Tensor {
  const places = int(length + 1).sub(window);
  const draw = random.uniform(random.foldIn(key, "window")).mul(places.astype("float32"));
  return np.minimum(np.floor(draw).astype("int32"), places.sub(1)) as Tensor;
}

/** The data of update t: sampled, or the row that the enumeration names. */
function happen(
  task: ErasedTask,
  { eta, table }: LifetimeShared,
  { key, world, sequence }: Constant,
  agent: unknown,
  t: Tensor,
): { data: unknown; logChance: Tensor } {
  if (table === undefined || sequence === undefined) {
    const drawn = task.sample(eta, agent, world, random.foldIn(random.foldIn(key, "updates"), t));
    return { data: inTypeOf(eta, drawn), logChance: np.zeros([], { dtype: "float64" }) };
  }
  const row = sequence.slice(t);
  return {
    data: tree.map((leaf: Tensor) => leaf.slice(row), table.data),
    logChance: table.logChance.slice(row),
  };
}

interface Moved {
  agent: Tensor[];
  direct: Tensor;
  score: Tensor;
  /** Tangent of c before this update. */
  incoming: Tensor;
  /** float64: 1 in the window, 0 outside. */
  mask: Tensor;
}

/** Derivatives of one update along all coordinates of eta; outside of the window nothing depends on eta. */
function tangentsOf(
  { isWindowed }: LifetimeSettings,
  { eta, window }: LifetimeShared,
  { start }: Constant,
  { t, agent, tangents }: Carry,
  at: (eta: unknown, agent: unknown) => ReturnType<typeof surrogateTerms>,
): Moved {
  const { floats, rebuild } = splitFloats(agent);
  const isInside = t.greaterEqual(start).mul(t.less(start.add(window)));
  const inside = (x: Tensor): Tensor => (isWindowed ? x.mul(isInside.astype(x.dtype)) : x);
  const terms = (ofEta: unknown, moved: Tensor[]): [Tensor[], Tensor, Tensor] => {
    const { agent: next, direct, score } = at(ofEta, rebuild(moved));
    return [splitFloats(next).floats, direct, score];
  };
  const along = (direction: unknown, moved: Tensor[]) => jvp(terms, [eta, floats], [direction, moved])[1];
  const directions = tree.map(inside, thetaBasis(eta));
  const [next, direct, score] = vmap(along)(directions, tangents.agent.map(inside));
  return {
    agent: next,
    direct,
    score,
    incoming: inside(tangents.score),
    mask: isWindowed ? isInside.astype("float64") : np.ones([], { dtype: "float64" }),
  };
}
