/**
 * Episodes of the swimmer inside a search over hybrid spaces: a method whose theta is a policy as it swims, its choice, its
 * weights and the mean and deviation by which it sees (the filter of ARS V2). Both members of a pair start alike.
 */
import {
  type ChoicePolicy,
  type EsEnasState,
  type HybridPoint,
  type Key,
  type Method,
  type RandomStream,
  type RunningMoments,
  type Search,
  type Tensor,
  addMoments,
  arsFilter,
  emptyMoments,
  filterOf,
  np,
  random,
  randomStream,
} from "unspool";
import { type Swimmer, type SwimmerState, observationOf, observations } from "../swimmer/swimmerProblem.ts";

export interface SwimmerPolicy {
  choice: Tensor;
  weights: Tensor;
  /** float64 [8] each, of the observations seen so far. */
  mean: Tensor;
  std: Tensor;
}

interface SearchState {
  search: EsEnasState;
  /** Of all observations so far: [count, mean, squares]. */
  moments: { count: number; mean: Tensor; squares: Tensor };
}

export interface SwimmerSearchOptions {
  swimmer: Swimmer;
  policy: ChoicePolicy;
  search: Search<HybridPoint, EsEnasState>;
  horizon: number;
}

export interface Episode {
  return: number;
  moments: RunningMoments;
}

/** One outer step: one episode of every candidate. */
export function swimmerSearch(options: SwimmerSearchOptions): Method<SwimmerPolicy, SearchState> {
  const { search, horizon, policy } = options;
  return {
    name: "swimmerSearch",
    recipe: () => ({ search: { name: search.name, ...search.recipe }, policy: policy.name, horizon }),
    init: ({ choice, weights }, key) => ({
      search: search.init({ choice, theta: weights }, key),
      moments: momentTensors(emptyMoments(observations)),
    }),
    step(theta, state, key) {
      const asked = search.ask(state.search, random.foldIn(key, "ask"));
      const { choice, theta: weights } = asked.candidates;
      const count = choice.shape[0]!;
      let moments = plainMoments(state.moments);
      const losses = Array.from({ length: count }, (_, i) => {
        const start = randomStream(random.foldIn(random.foldIn(key, "episode"), i >> 1).data);
        const at = { ...theta, choice: choice.slice(i), weights: weights.slice(i) };
        const episode = playEpisode(options, at, start);
        moments = addMoments(moments, episode.moments);
        return -episode.return;
      });
      const told = search.tell(asked.state, losses);
      const found = search.incumbent(told.state);
      const filter = filterOf(arsFilter(moments), { dtype: "float64" });
      return {
        theta: { choice: found.choice, weights: found.theta, mean: filter.mean, std: finite(filter.std) },
        state: { search: told.state, moments: momentTensors(moments) },
        loss: losses.reduce((sum, x) => sum + x / count, 0),
        metrics: { innerSteps: count * horizon, ...told.metrics },
      };
    },
  };
}

/** What has not moved gives 0 over Infinity; a theta has finite numbers. */
const finite = (std: Tensor): Tensor => np.minimum(std, 1e300) as Tensor;

export function playEpisode(
  { swimmer, policy, horizon }: Pick<SwimmerSearchOptions, "swimmer" | "policy" | "horizon">,
  { choice, weights, mean, std }: SwimmerPolicy,
  start: RandomStream,
  visit: (state: SwimmerState) => void = () => {},
): Episode {
  const state = swimmer.start(start);
  const [m, theta] = [Int32Array.from(choice.data), Float64Array.from(weights.data)];
  const sum = new Float64Array(observations);
  const squares = new Float64Array(observations);
  let total = 0;
  for (let t = 1; t <= horizon; t++) {
    const seen = observationOf(state);
    for (let j = 0; j < observations; j++) {
      const away = seen[j]! - sum[j]!;
      sum[j]! += away / t;
      squares[j]! += away * (seen[j]! - sum[j]!);
      seen[j] = (seen[j]! - mean.data[j]!) / std.data[j]!;
    }
    total += swimmer.move(policy.act(m, theta, seen), state);
    visit(state);
  }
  return { return: total, moments: { count: horizon, mean: [...sum], squares: [...squares] } };
}

const momentTensors = ({ count, mean, squares }: RunningMoments): SearchState["moments"] => ({
  count,
  mean: np.array([...mean], { dtype: "float64" }),
  squares: np.array([...squares], { dtype: "float64" }),
});

const plainMoments = ({ count, mean, squares }: SearchState["moments"]): RunningMoments => ({
  count,
  mean: Array.from(mean.data),
  squares: Array.from(squares.data),
});

/** A policy that starts from zeros, and sees as it is. */
export function startOf({ choice, theta }: HybridPoint): SwimmerPolicy {
  const each = (value: number) => np.full([observations], value, { dtype: "float64" });
  return { choice, weights: theta, mean: each(0), std: each(1) };
}

/** Returns of new episodes. */
export function returnsOf(
  options: Pick<SwimmerSearchOptions, "swimmer" | "policy" | "horizon">,
  at: SwimmerPolicy,
  key: Key,
  episodes: number,
): number[] {
  return Array.from(
    { length: episodes },
    (_, i) => playEpisode(options, at, randomStream(random.foldIn(key, i).data)).return,
  );
}
