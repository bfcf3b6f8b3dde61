/** Who takes the outer steps of a run: this process, or others for it. */
import type { Setup, StepRecord } from "./experiment.ts";
import type { RunManifest } from "./store.ts";
import type { TrainState } from "./trainSteps.ts";

export interface Stepper {
  /** Outer steps done. */
  readonly step: number;
  /** Takes from 1 to `most` steps, with the bits of `trainSteps`; none only where it was told to stop. */
  take(most: number): readonly StepRecord[] | Promise<readonly StepRecord[]>;
  /** The state after the steps taken; of one that was told to stop and cannot be had any more, an earlier one. */
  state(): TrainState | Promise<TrainState>;
  /** After the last step. */
  close(): void | Promise<void>;
}

export interface StepperStart {
  readonly setup: Setup;
  readonly state: TrainState;
  readonly manifest: RunManifest;
  readonly signal: AbortSignal | undefined;
  /** What a person may want to know. */
  onMessage(message: string): void;
}

export type CreateStepper = (start: StepperStart) => Promise<Stepper>;
