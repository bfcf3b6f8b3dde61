/**
 * Learning from the past: an agent that keeps its batches, and whose updates take one of them at random with importance
 * ratios for what it has become since.
 *
 *     k ~ uniform{batches kept, that of update i among them},   rho_{b,h} = pi_i(a_{b,h} | s_{b,h}) / pi_k(a_{b,h} | s_{b,h})
 *     agent_{i+1} = agent_i + rate(eta) · 1/B sum_b sum_h rho_{b,h} w_{b,h} grad log pi_i(a_{b,h} | s_{b,h})
 *
 * The objective is that of the task itself: the return of the batches that the agent draws. Its exact meta-gradient
 * differentiates the ratios too, the behaviour's log-probability included, which depends on eta through the agent of
 * then: so with the full sampling correction `metaGradient` stays unbiased. The off-policy learners of Vuorio, Beck, Whiteson,
 * Foerster, Farquhar, arXiv 2209.11303, whose released code scores replayed batches instead.
 */
import { type Key, type Tensor, np, random, tree } from "../../array/index.ts";
import { requireInteger, requireKnownOptions, requireOneOf } from "../../errors.ts";
import { type Enumeration, type LearningTask, returnsToGo } from "../environments/learningTask.ts";
import { stop } from "./hessianWeights.ts";

export interface ReplayOptions {
  /** Batches that are kept; older ones are overwritten. Default: all of a lifetime. */
  capacity?: number;
  /**
   * "exact" (default): ratios, differentiated. "stopped": ratios as constants, a biased meta-gradient that many
   * implementations have. "none": batches are taken as if the agent of now had drawn them.
   */
  ratios?: "exact" | "stopped" | "none";
}

/** The learner, and what it keeps. */
export interface ReplayAgent<Agent, Data> {
  learner: Agent;
  /** Batches, leaves [capacity, …]; zeros where none is kept yet. */
  kept: Data;
  /** log pi of their actions when they were drawn, [capacity, B, H]. */
  behaviour: Tensor;
  /** int32: batches drawn before this update. */
  drawn: Tensor;
}

/** A new batch, and the number in [0, 1) that chooses among those kept. */
export interface ReplayData<Data> {
  fresh: Data;
  draw: Tensor;
}

/** More draws than this are not enumerated. */
const mostDraws = 60;

/**
 * `task` with a replay buffer. Enumerable where the task is and capacity is at most 6. Cost: memory of `capacity` batches per
 * lifetime and direction of eta; three log-probabilities per update instead of one.
 *
 * @example
 * const estimator = metaGradient(replayedTask(bandit(), { capacity: 10 }), { lifetimes: 1000 });
 */
export function replayedTask<Eta, Agent, World, Data>(
  task: LearningTask<Eta, Agent, World, Data>,
  options: ReplayOptions = {},
): LearningTask<Eta, ReplayAgent<Agent, Data>, World, ReplayData<Data>> {
  requireKnownOptions("replayedTask", options, ["capacity", "ratios"]);
  const { capacity = task.updates, ratios = "exact" } = options;
  requireInteger("replayedTask", "capacity", capacity, 1);
  requireOneOf("replayedTask", "ratios", ratios, ["exact", "stopped", "none"]);
  const { batch, actions, discount } = task;
  type Own = ReplayAgent<Agent, Data>;

  /** What is kept once the new batch is. */
  function store(eta: Eta, { learner, kept, behaviour, drawn }: Own, fresh: Data) {
    const slot = np.arange(capacity).equal(drawn.mod(capacity));
    const put = (all: Tensor, one: Tensor): Tensor =>
      np.where(slot.reshape([capacity, ...one.shape.map(() => 1)]), one.reshape([1, ...one.shape]), all);
    return {
      kept: tree.map(put, kept, fresh),
      behaviour: put(behaviour, task.logProbs(eta, learner, fresh)),
    };
  }

  /** The batch that the update takes, and the ratios of its actions. */
  function replay(eta: Eta, agent: Own, { fresh, draw }: ReplayData<Data>) {
    const { kept, behaviour } = store(eta, agent, fresh);
    const filled = np.minimum(agent.drawn.add(1), tree.scalar(capacity, "int32"));
    const index = np.floor(draw.mul(filled.astype(draw.dtype))).astype("int32");
    const pick = (all: Tensor): Tensor => np.take(all, index, 0);
    const data: Data = tree.map(pick, kept);
    const now = task.logProbs(eta, agent.learner, data);
    if (ratios === "none") return { data, now, ratio: np.onesLike(now) };
    const ratio = np.exp(now.sub(pick(behaviour)));
    return { data, now, ratio: ratios === "stopped" ? stop(ratio) : ratio };
  }

  const weightsOf = (eta: Eta, learner: Agent, data: Data): Tensor => {
    if (task.advantages !== undefined) return task.advantages(eta, learner, data);
    const factors = Array.from({ length: actions }, (_, h) => discount ** h);
    const returns = returnsToGo(task.rewards(data), discount);
    return returns.mul(np.array(factors, { dtype: returns.dtype }));
  };

  return {
    name: `replayed ${task.name}`,
    updates: task.updates,
    batch,
    actions,
    discount,
    world: (key) => task.world(key),
    init(eta, world) {
      const learner = task.init(eta, world);
      // For its shapes alone.
      const example: Data = task.sample(eta, learner, world, random.key(0));
      const empty = (leaf: Tensor): Tensor => np.zeros([capacity, ...leaf.shape], { dtype: leaf.dtype });
      return {
        learner,
        kept: tree.map(empty, example),
        behaviour: np.zeros([capacity, batch, actions], { dtype: tree.floatType(eta) }),
        drawn: tree.scalar(0, "int32"),
      };
    },
    sample: (eta, { learner }, world, key: Key) => ({
      fresh: task.sample(eta, learner, world, random.foldIn(key, "fresh")),
      draw: random.uniform(random.foldIn(key, "replay"), [], { dtype: tree.floatType(eta) }),
    }),
    logProbs: (eta, { learner }, { fresh }) => task.logProbs(eta, learner, fresh),
    rewards: ({ fresh }) => task.rewards(fresh),
    learnedFrom(eta, agent, data) {
      const taken = replay(eta, agent, data);
      return { logProbs: taken.now, rewards: task.rewards(taken.data) };
    },
    advantages: (eta, agent, data) => weightsOf(eta, agent.learner, replay(eta, agent, data).data),
    ...(task.values && {
      values: ({ learner }: Own, { fresh }: ReplayData<Data>) => task.values!(learner, fresh),
    }),
    learn(eta, agent, given, weights, t) {
      const { data, ratio } = replay(eta, agent, given);
      return {
        learner: task.learn(eta, agent.learner, data, weights.mul(ratio), t),
        ...store(eta, agent, given.fresh),
        drawn: agent.drawn.add(1),
      };
    },
    ...(task.enumerate !== undefined &&
      capacity <= 6 && {
        enumerate: (world: World) => withDraws(task.enumerate!(world), drawsFor(capacity)),
      }),
  };
}

/** So many equally likely draws choose uniformly among 1, 2, … and `capacity` batches: their least common multiple. */
function drawsFor(capacity: number): number {
  let count = 1;
  while (count < mostDraws && Array.from({ length: capacity }, (_, k) => k + 1).some((k) => count % k !== 0))
    count++;
  return count;
}

/** Every batch with every draw. */
function withDraws<Data>(
  { data, logChance }: Enumeration<Data>,
  draws: number,
): Enumeration<ReplayData<Data>> {
  const rows = logChance.length;
  const all = Array.from({ length: rows * draws }, (_, i) => i);
  const row = np.array(Int32Array.from(all, (i) => i % rows));
  const draw = Float64Array.from(all, (i) => (Math.floor(i / rows) + 0.5) / draws);
  return {
    data: { fresh: tree.map((leaf: Tensor) => np.take(leaf, row, 0), data), draw: np.array(draw) },
    logChance: all.map((i) => logChance[i % rows]! - Math.log(draws)),
  };
}
