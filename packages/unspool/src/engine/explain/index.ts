/** What a compiled program is and what it costs. */
export { explainProgram } from "./program.ts";
export type { ProgramExplanation, SectionExplanation } from "./program.ts";
export type { MemoryPart, SectionOccasion } from "./parts.ts";
export type { KernelExplanation, LevelName } from "./kernels.ts";
export type { Work } from "./work.ts";
export { measureProgram } from "./measure.ts";
export type { ProgramMeasurement, TimedProgram } from "./measure.ts";
