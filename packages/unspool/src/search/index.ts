/** Search methods: asked for candidates and told their losses, without a gradient. */
export type { Search } from "./search.ts";
export type { Evaluate, CandidateLosses } from "./evaluate.ts";
export type { Box } from "./box.ts";
export type { SearchOptions, SigmaOptions } from "./options.ts";
export type { VectorSearchState } from "./vectorSearch.ts";
export { lossOfCandidates } from "./lossOfCandidates.ts";
export { unrollCandidates } from "./unrollCandidates.ts";
export type { UnrollCandidatesOptions } from "./unrollCandidates.ts";
export { createSearch, findSearch, searchAliases, searchEntry, searchNames, searches } from "./registry.ts";
export type { CommonSearchOptions, SearchEntry, SearchName } from "./registry.ts";
export { suitsSize } from "./traits.ts";
export type { SearchTraits } from "./traits.ts";
export { cmaEs } from "./cmaEs.ts";
export type { CmaEsOptions, CmaEsState } from "./cmaEs.ts";
export { openaiEs } from "./openaiEs.ts";
export type { OpenaiEsOptions, OpenaiEsState, OptimizerChoice } from "./openaiEs.ts";
export { randomSearch } from "./randomSearch.ts";
export type { RandomSearchOptions, RandomSearchState } from "./randomSearch.ts";
