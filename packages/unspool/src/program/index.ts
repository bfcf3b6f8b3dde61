/** The seam between what a method computes and the machine that computes it: types only, declared once for both. */
export type { ForwardProgram, ForwardResult, Member } from "./forwardProgram.ts";
export type { OuterProgram, OuterResult, UnitChange } from "./outerProgram.ts";
export type { CheckpointAction, ReverseFunctions, ReverseProgram, ReverseResult } from "./reverseProgram.ts";
