/** How far the cells of a study are that go through a queue, taken together: told every two seconds while it changes. */

export interface QueueProgress {
  /** Cells in the queue that no worker has. */
  waiting: number;
  /** Cells that workers have. */
  running: number;
  /** Outer steps a second of all of them, since it was told last. */
  stepsPerSecond: number;
}

export interface ProgressMeter {
  /** A cell is where it is; undefined where it has left. */
  place(cell: string, where: keyof Pick<QueueProgress, "waiting" | "running"> | undefined): void;
  /** A cell is at an outer step. */
  step(cell: string, step: number): void;
  end(): void;
}

const everyMs = 2000;

export function progressMeter(
  tell: (told: QueueProgress) => void,
  periodMs: number = everyMs,
): ProgressMeter {
  const places = new Map<string, "waiting" | "running">();
  const steps = new Map<string, number>();
  let made = 0;
  let since = performance.now();
  let last = "";
  const look = (): void => {
    const now = performance.now();
    const stepsPerSecond = Math.round((made * 10_000) / Math.max(1, now - since)) / 10;
    made = 0;
    since = now;
    const of = (wanted: string): number => [...places.values()].filter((place) => place === wanted).length;
    const told = { waiting: of("waiting"), running: of("running"), stepsPerSecond };
    const text = JSON.stringify(told);
    if (text !== last) tell(told);
    last = text;
  };
  const timer = setInterval(look, periodMs);
  timer.unref();
  return {
    place(cell, where) {
      if (where === undefined) places.delete(cell);
      else places.set(cell, where);
    },
    step(cell, step) {
      // Where another worker goes on from an older checkpoint, steps are made again: they count once.
      const known = steps.get(cell);
      if (known !== undefined && step > known) made += step - known;
      steps.set(cell, Math.max(known ?? 0, step));
    },
    end: () => clearInterval(timer),
  };
}
