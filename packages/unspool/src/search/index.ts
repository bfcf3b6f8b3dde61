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
export { ars } from "./ars.ts";
export type { ArsOptions, ArsState } from "./ars.ts";
export { bayesianOptimization } from "./bayesianOptimization.ts";
export type { BayesianOptimizationOptions, BayesianOptimizationState } from "./bayesianOptimization.ts";
export { bipopCmaEs } from "./bipopCmaEs.ts";
export type { BipopCmaEsOptions } from "./bipopCmaEs.ts";
export { cmaEs } from "./cmaEs.ts";
export type { CmaEsOptions, CmaEsState } from "./cmaEs.ts";
export { differentialEvolution } from "./differentialEvolution.ts";
export type { DifferentialEvolutionOptions, DifferentialEvolutionState } from "./differentialEvolution.ts";
export { ipopCmaEs } from "./ipopCmaEs.ts";
export type { IpopCmaEsOptions } from "./ipopCmaEs.ts";
export { nelderMead } from "./nelderMead.ts";
export type { NelderMeadOptions, NelderMeadState } from "./nelderMead.ts";
export { openaiEs } from "./openaiEs.ts";
export type { OpenaiEsOptions, OpenaiEsState } from "./openaiEs.ts";
export { particleSwarm } from "./particleSwarm.ts";
export type { ParticleSwarmOptions, ParticleSwarmState } from "./particleSwarm.ts";
export { pgpe } from "./pgpe.ts";
export type { PgpeOptions, PgpeState } from "./pgpe.ts";
export { quasiRandomSearch } from "./quasiRandomSearch.ts";
export type { QuasiRandomSearchOptions, QuasiRandomSearchState } from "./quasiRandomSearch.ts";
export { randomSearch } from "./randomSearch.ts";
export type { RandomSearchOptions, RandomSearchState } from "./randomSearch.ts";
export { sepCmaEs } from "./sepCmaEs.ts";
export type { SepCmaEsOptions, SepCmaEsState } from "./sepCmaEs.ts";
export { simulatedAnnealing } from "./simulatedAnnealing.ts";
export type { SimulatedAnnealingOptions, SimulatedAnnealingState } from "./simulatedAnnealing.ts";
export { snes } from "./snes.ts";
export type { SnesOptions, SnesState } from "./snes.ts";
export { xnes } from "./xnes.ts";
export type { XnesOptions, XnesState } from "./xnes.ts";
export type { CmaRun, RestartOptions, RestartState } from "./cmaRestarts.ts";
export type { OptimizerChoice } from "./optimizerChoice.ts";
export { choiceBits, choose, list, mask, oneOf } from "./hybrid/choiceSpace.ts";
export type { Decision, ChoiceSpace } from "./hybrid/choiceSpace.ts";
export { hybridSpace } from "./hybrid/hybridSpace.ts";
export type { HybridPoint, HybridSpace, HybridSpaceOptions } from "./hybrid/hybridSpace.ts";
export { esEnas } from "./hybrid/esEnas.ts";
export type { EsEnasState } from "./hybrid/esEnas.ts";
export type { EsEnasOptions } from "./hybrid/esEnasOptions.ts";
export { hybridEvolution } from "./hybrid/hybridEvolution.ts";
export type { HybridEvolutionOptions, HybridEvolutionState } from "./hybrid/hybridEvolution.ts";
export { hybridLosses } from "./hybrid/hybridLosses.ts";
export type { HybridLoss, HybridLossesOptions } from "./hybrid/hybridLosses.ts";
export { softConstraint } from "./hybrid/softConstraint.ts";
export type { SoftConstraint, SoftConstraintOptions } from "./hybrid/softConstraint.ts";
export { ensembles } from "./hybrid/ensembles/registry.ts";
export type { Directions, EnsembleEntry, EnsembleName } from "./hybrid/ensembles/registry.ts";
export { esGradients } from "./hybrid/gradients/registry.ts";
export type { EsGradientEntry, EsGradientName } from "./hybrid/gradients/registry.ts";
export type {
  EsGradient,
  EsGradientOptions,
  EsGradientStep,
  Evaluations,
} from "./hybrid/gradients/esGradient.ts";
export { controllers } from "./hybrid/controllers/registry.ts";
export type { ControllerEntry, ControllerName } from "./hybrid/controllers/registry.ts";
export type { Controller, Members } from "./hybrid/controllers/controller.ts";
export { hillClimb } from "./hybrid/controllers/hillClimb.ts";
export { neat } from "./hybrid/controllers/neat.ts";
export type { NeatOptions, NeatState } from "./hybrid/controllers/neat.ts";
export { nsga2 } from "./hybrid/controllers/nsga2.ts";
export type { Nsga2Options, Nsga2State } from "./hybrid/controllers/nsga2.ts";
export { policyGradient } from "./hybrid/controllers/policyGradient.ts";
export type { PolicyGradientOptions, PolicyGradientState } from "./hybrid/controllers/policyGradient.ts";
export { randomController } from "./hybrid/controllers/randomController.ts";
export { regularizedEvolution } from "./hybrid/controllers/regularizedEvolution.ts";
export type {
  RegularizedEvolutionOptions,
  RegularizedEvolutionState,
} from "./hybrid/controllers/regularizedEvolution.ts";
export { circulantPolicy } from "./policies/circulantPolicy.ts";
export type { ChoicePolicy, LayerSizes, OutputKind } from "./policies/choicePolicy.ts";
export { edgePruned } from "./policies/edgePruned.ts";
export type { EdgePrunedOptions, EdgePrunedPolicy } from "./policies/edgePruned.ts";
export type { FixedPolicyOptions } from "./policies/fixedPolicy.ts";
export { maskedPolicy } from "./policies/maskedPolicy.ts";
export type { MaskedPolicyOptions } from "./policies/maskedPolicy.ts";
export { mlpPolicy } from "./policies/mlpPolicy.ts";
export type { NetworkDrawing } from "./policies/networkDrawing.ts";
export type { NetworkEdge } from "./policies/nodes.ts";
export { toeplitzPolicy } from "./policies/toeplitzPolicy.ts";
export { weightShared, weightSharedBits } from "./policies/weightShared.ts";
export type { WeightSharedOptions } from "./policies/weightShared.ts";
